package dataplane

import (
	"context"
	"crypto/rand"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// A login goes from OpenVPN's CLIENT:CONNECT to client-auth through five places: ovpn parses the
// notification, login_ask.go puts it to web, login_decide.go takes web's decision, login_admit.go
// opens the kernel for the session, login_answer.go tells OpenVPN.

// pending is a login that waits for web. It is in memory only: the next process asks the worker for
// its clients, and disconnects each that no session is known of, so that it logs in again at once.
type pending struct {
	request vpn.LoginRequest
	token   string
	named   bool // the client sent a user name
	client  client
	device  string
	conn    *ovpn.Conn
	kid     ovpn.KID
	timer   *time.Timer
}

// maxPending bounds the logins of an endpoint that wait at once. Web decides hundreds in a second;
// more wait only where web does not answer, or where a client with a certificate opens logins to
// exhaust memory.
const maxPending = 5000

// connect handles a client whose certificate was verified. A client that returns with a token of a
// session that we hold is let in again; every other login is put to web.
func (ep *endpoint) connect(ctx context.Context, l dialogue, ev ovpn.Connect) {
	if ev.Env.OffersToken() || ev.Env.SessionState() != ovpn.SessionInitial {
		if ev.Env.SessionState().Authenticated() && ep.resume(ctx, l, ev) {
			return
		}
		// A client forgets a token that is refused, and logs in again without it.
		ep.deny(ctx, l.conn, ev.CID, ev.KID, "token of no session", "Your VPN session is over. Connect again.")
		return
	}
	ep.ask(ctx, &pending{
		request: vpn.LoginRequest{
			ID: rand.Text(), Endpoint: ep.id, Device: ev.Env.Untrusted(), CommonName: ev.Env.CommonName(),
			Serial: ev.Env.Serial(), Fingerprint: ev.Env.Digest(), Issuer: ev.Env.IssuerDigest(), Platform: ev.Env.Platform(), Version: clientVersion(ev.Env),
			Deadline: ep.now().Add(decisionWait),
		},
		token: ev.Env.SessionID(), named: ev.Env.Username() != "", client: l.client(ev.CID), device: l.worker.device, conn: l.conn, kid: ev.KID,
	}, l)
}

func clientVersion(env ovpn.Env) string {
	if gui := env.GUIVersion(); gui != "" {
		return gui
	}
	return env.Version()
}

// ask puts a login to web and denies it where no answer comes in time.
func (ep *endpoint) ask(ctx context.Context, p *pending, l dialogue) {
	ep.mu.Lock()
	accepted := len(ep.pending) < maxPending && l.worker.instance == l.instance
	if accepted {
		if former := ep.waiting[p.client]; former != nil {
			ep.forgetLogin(former) // the client asks again, under another KID
		}
		ep.pending[p.request.ID], ep.waiting[p.client] = p, p
		p.timer = time.AfterFunc(decisionWait, func() { ep.decisionMissing(p) })
		ep.logins.Add(p.request)
	}
	ep.mu.Unlock()
	if !accepted {
		ep.denyForNow(ctx, p, "too many logins wait")
	}
}

// decisionMissing denies a login that web did not answer in time.
func (ep *endpoint) decisionMissing(p *pending) {
	if ep.claim(p.request.ID) == nil {
		return
	}
	ep.log.Warn("no answer to a login in time; it is denied", "common_name", p.request.CommonName)
	ep.denyForNow(ep.ctx, p, "no decision in time")
}

// claim removes a waiting login, so that only this caller answers it; nil where it does not wait.
func (ep *endpoint) claim(id string) *pending {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	p := ep.pending[id]
	if p != nil {
		ep.forgetLogin(p)
	}
	return p
}

// forgetLogin removes a waiting login; ep.mu is held.
func (ep *endpoint) forgetLogin(p *pending) {
	p.timer.Stop()
	ep.logins.Remove(p.request.ID)
	delete(ep.pending, p.request.ID)
	if ep.waiting[p.client] == p {
		delete(ep.waiting, p.client)
	}
}

// disconnected handles the end of a client's tunnel that its worker reports.
func (ep *endpoint) disconnected(ctx context.Context, c client) {
	ep.mu.Lock()
	if p := ep.waiting[c]; p != nil {
		ep.forgetLogin(p)
	}
	s := ep.roster.clients[c]
	reason := "The client disconnected."
	if s != nil && !s.Established {
		reason = "The client left before its tunnel was up."
	}
	ep.mu.Unlock()
	if s != nil { // otherwise it was ended, or has returned under another CID
		ep.end(ctx, ending{reason: reason, only: func(s *session) bool { return ep.roster.clients[c] == s }}, s)
	}
}
