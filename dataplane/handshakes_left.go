package dataplane

import (
	"fmt"
	"maps"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

const (
	// handshakeTime is how long a client may take until its name is known. OpenVPN keeps what was begun
	// for the whole hand-window, 250 kB each, because the same time limits a login in a browser.
	handshakeTime = 30 * time.Second
	// handshakeTimeFull is handshakeTime in a worker that has no place for another client. A handshake takes
	// 0.1 s; one that was ended too early is begun again by the client's program.
	handshakeTimeFull = 2 * time.Second
	// answerTime is how long a client that was answered may take to hear it. Stock clients ask every 5 s, and OpenVPN
	// keeps one for 5 s more that it has told of a refusal.
	answerTime = 15 * time.Second
	// unnamed is the common name of a client whose handshake has not told it.
	unnamed = "UNDEF"
)

// handshake is a client in the list of a worker that is ended. One that is answered had completed its handshake.
type handshake struct {
	ovpn.StatusClient
	answered bool
}

// endHandshakes ends the handshakes that clients began and left: every host that has the endpoint's
// tls-crypt key can begin as many as there are places. It ends those clients too that were refused and do not ask for it.
func (ep *endpoint) endHandshakes(n worker.Event, listed worker.Listed) {
	limit := handshakeTime
	if listed.Full {
		limit = handshakeTimeFull
	}
	now := session.Uptime()
	here := map[session.Client]bool{}
	var left []handshake
	for _, c := range listed.Status.Clients {
		client := session.Client{Instance: n.Instance, CID: c.CID}
		here[client] = true
		if !ep.isUnnamed(client, c) || listed.Status.At.Sub(c.Since) < limit {
			continue
		}
		answered, asked := ep.state.asked[client]
		if !asked || now-answered >= answerTime {
			left = append(left, handshake{c, asked})
		}
	}
	// Not when a client disconnects: a list that was made before may be read after.
	maps.DeleteFunc(ep.state.asked, func(c session.Client, at time.Duration) bool {
		return c.Instance == n.Instance && !here[c] && now-at >= answerTime
	})
	if len(left) == 0 {
		return
	}
	if listed.Full {
		ep.log.Warn("a worker is full; handshakes that were begun and left are ended", "device", n.Worker.Device, "handshakes", len(left))
	}
	go ep.dropHandshakes(n, left, limit)
}

// noteAsked notes that the login of a client was asked for, or answered, now. It runs in the owner goroutine.
func (ep *endpoint) noteAsked(client session.Client) { ep.state.asked[client] = session.Uptime() }

// isUnnamed tells of a client in the list of a worker that its login was not asked for yet, or was refused. The name alone
// does not tell: OpenVPN has none for a client without a certificate.
func (ep *endpoint) isUnnamed(client session.Client, c ovpn.StatusClient) bool {
	_, in := ep.sessions.ByClient(client)
	return c.CommonName == unnamed && !c.Addr.IsValid() && c.Peer.IsValid() && !in && ep.state.waiting[client] == nil
}

func (ep *endpoint) dropHandshakes(n worker.Event, left []handshake, limit time.Duration) {
	for _, c := range left {
		if err := n.Conn.Drop(ep.ctx, c.Peer); err != nil {
			if ep.ctx.Err() == nil {
				ep.log.Warn("handshakes that were left cannot be ended", "device", n.Worker.Device, "err", err)
			}
			return
		}
		if c.In == 0 || c.answered {
			continue // a TCP connection that sent nothing, such as a probe of the port; or the refusal has its own report
		}
		ep.report(ovpn.TLSRefused{
			At: ep.now(), Peer: c.Peer, Code: vpn.CodeHandshakeFailed, Count: 1,
			Message: fmt.Sprintf("The client did not complete the TLS handshake within %d seconds.", int(limit/time.Second)),
		})
	}
}
