package dataplane

import (
	"fmt"
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
	// unnamed is the common name of a client whose handshake has not told it.
	unnamed = "UNDEF"
)

// endHandshakes ends the handshakes that clients began and left: every host that has the endpoint's
// tls-crypt key can begin as many as there are places.
func (ep *endpoint) endHandshakes(n worker.Event, listed worker.Listed) {
	limit := handshakeTime
	if listed.Full {
		limit = handshakeTimeFull
	}
	var left []ovpn.StatusClient
	for _, c := range listed.Status.Clients {
		if ep.isHandshake(n.Instance, c) && listed.Status.At.Sub(c.Since) >= limit {
			left = append(left, c)
		}
	}
	if len(left) == 0 {
		return
	}
	if listed.Full {
		ep.log.Warn("a worker is full; handshakes that were begun and left are ended", "device", n.Worker.Device, "handshakes", len(left))
	}
	go ep.dropHandshakes(n, left, limit)
}

// isHandshake tells of a client in the list of a worker that its login was not asked for yet.
func (ep *endpoint) isHandshake(instance string, c ovpn.StatusClient) bool {
	client := session.Client{Instance: instance, CID: c.CID}
	_, in := ep.sessions.ByClient(client)
	return c.CommonName == unnamed && !c.Addr.IsValid() && c.Peer.IsValid() && !in && ep.state.waiting[client] == nil
}

func (ep *endpoint) dropHandshakes(n worker.Event, left []ovpn.StatusClient, limit time.Duration) {
	for _, c := range left {
		if err := n.Conn.Drop(ep.ctx, c.Peer); err != nil {
			if ep.ctx.Err() == nil {
				ep.log.Warn("handshakes that were left cannot be ended", "device", n.Worker.Device, "err", err)
			}
			return
		}
		if c.In == 0 {
			continue // a TCP connection that sent nothing, such as a probe of the port
		}
		ep.report(ovpn.TLSRefused{
			At: ep.now(), Peer: c.Peer, Code: vpn.CodeHandshakeFailed, Count: 1,
			Message: fmt.Sprintf("The client did not complete the TLS handshake within %d seconds.", int(limit/time.Second)),
		})
	}
}
