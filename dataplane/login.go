package dataplane

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// pending is a login that waits for web. It is in no journal: a later process asks the worker who
// its clients are, and has each that no session is of come again at once.
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

// maxPending bounds the logins of an endpoint that wait at once. Web decides hundreds in a
// second; more are waiting only where it does not answer, or where somebody with a certificate
// tries to fill our memory.
const maxPending = 5000

// connect handles a client that has proved its certificate. One that returns with a token of a
// session that we hold is let in again; everybody else is put to web.
func (ep *endpoint) connect(ctx context.Context, l dialogue, ev ovpn.Connect) {
	if ev.Env.OffersToken() || ev.Env.SessionState() != ovpn.SessionInitial {
		if ev.Env.SessionState().Authenticated() && ep.resume(ctx, l, ev) {
			return
		}
		// The client forgets a token that is refused and comes again without.
		ep.deny(ctx, l.conn, ev.CID, ev.KID, "token of no session", "Your VPN session is over. Connect again.")
		return
	}
	p := &pending{
		request: vpn.LoginRequest{
			ID: rand.Text(), Endpoint: ep.id, Device: ev.Env.Untrusted(), CommonName: ev.Env.CommonName(),
			Serial: ev.Env.Serial(), Fingerprint: ev.Env.Digest(), Platform: ev.Env.Platform(), Version: clientVersion(ev.Env),
			Deadline: ep.now().Add(decisionWait),
		},
		token: ev.Env.SessionID(), named: ev.Env.Username() != "", client: l.client(ev.CID), device: l.worker.device, conn: l.conn, kid: ev.KID,
	}
	ep.mu.Lock()
	room := len(ep.pending) < maxPending && l.worker.instance == l.instance
	if room {
		if former := ep.waiting[p.client]; former != nil {
			ep.forgetLogin(former) // its client asks anew, under another KID
		}
		ep.pending[p.request.ID], ep.waiting[p.client] = p, p
		p.timer = time.AfterFunc(decisionWait, func() { ep.decisionMissing(p) })
	}
	ep.mu.Unlock()
	if !room {
		ep.denyForNow(ctx, p, "too many logins wait")
		return
	}
	ep.events.Add(vpn.Event{Login: &p.request})
}

func clientVersion(env ovpn.Env) string {
	if gui := env.GUIVersion(); gui != "" {
		return gui
	}
	return env.Version()
}

// decisionMissing denies a login that web did not answer in time.
func (ep *endpoint) decisionMissing(p *pending) {
	if ep.claim(p.request.ID) == nil {
		return
	}
	ep.log.Warn("no answer to a login in time; it is denied", "common_name", p.request.CommonName)
	ep.denyForNow(ep.ctx, p, "no decision in time")
}

func (ep *endpoint) denyForNow(ctx context.Context, p *pending, logged string) {
	err := p.conn.DenyForNow(ctx, p.client.cid, p.kid, logged, "The VPN server cannot check your login right now. It is tried again.", 10*time.Second)
	if err != nil && !errors.Is(err, ovpn.ErrNoClient) && ctx.Err() == nil {
		ep.log.Warn("a login could not be denied", "err", err)
	}
}

// claim takes a waiting login: whoever gets it answers it, nobody else does.
func (ep *endpoint) claim(id string) *pending {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	p := ep.pending[id]
	if p != nil {
		ep.forgetLogin(p)
	}
	return p
}

// forgetLogin takes a login off every list; ep.mu is held.
func (ep *endpoint) forgetLogin(p *pending) {
	p.timer.Stop()
	delete(ep.pending, p.request.ID)
	if ep.waiting[p.client] == p {
		delete(ep.waiting, p.client)
	}
}

// resume lets a client that comes back with a genuine token into the session that we hold: same
// connection, same address, no question to web. The session's end alone ends it.
func (ep *endpoint) resume(ctx context.Context, l dialogue, ev ovpn.Connect) bool {
	s, directives, err := ep.takeBack(l, ev)
	if s == nil {
		return false
	}
	if err == nil {
		err = l.conn.Admit(ctx, ev.CID, ev.KID, directives)
	}
	if err == nil {
		return true
	}
	ep.log.WarnContext(ctx, "a returning client was not let in", "connection", s.Connection, "err", errorChain(err))
	ep.gate.Lock()
	defer ep.gate.Unlock()
	ep.mu.Lock()
	mine := ep.roster.clients[l.client(ev.CID)] == s
	ep.mu.Unlock()
	if mine { // it may come once more
		ep.setAside(s)
	}
	return false
}

// takeBack moves the session of a returning client to its new place and opens the kernel there.
// A client may be back before its old tunnel was noticed to be gone (it roamed, or was
// restarted): that is closed first, its counters kept.
func (ep *endpoint) takeBack(l dialogue, ev ovpn.Connect) (*session, []ovpn.Directive, error) {
	ep.gate.Lock()
	defer ep.gate.Unlock()
	ep.mu.Lock()
	s, d := ep.roster.tokens[ev.Env.SessionID()], ep.desired
	known := s != nil && !ep.gone && s.User.Name == ev.Env.CommonName() && !s.over() && l.worker.instance == l.instance
	ep.mu.Unlock()
	if !known {
		return nil, nil, nil
	}
	if s.interrupted.IsZero() {
		ep.setAside(s)
	}
	ep.mu.Lock()
	ep.roster.join(s, l.client(ev.CID), ev.KID, l.worker.device, ev.Env.Untrusted())
	if !hasAssociation(d, s.Association) {
		ep.roster.move(s, ep.roster.leastUsed(d))
	}
	ep.mu.Unlock()
	if err := ep.journalSession(s); err != nil {
		// What the journal has of it is old: a crash now has this client return once more.
		ep.log.Error("a returned session was not journalled", "connection", s.Connection, "err", err)
	}
	return s, directives(d, s), ep.open(s)
}

// directives are what the client is told when it is let in.
func directives(d vpn.Desired, s *session) []ovpn.Directive {
	out := []ovpn.Directive{ovpn.IfconfigPush(s.Addr, d.ClientCIDR)}
	if !s.Named {
		// Without a user name of its own the client could not return with its token. One that has a
		// name must keep it: the token is bound to it.
		out = append(out, ovpn.PushAuthTokenUser(string(s.Connection)))
	}
	if d.SplitTunnel {
		for _, a := range d.Associations {
			if a.ID == s.Association {
				for _, p := range a.Routes {
					out = append(out, ovpn.PushRoute(p))
				}
			}
		}
		return out
	}
	return append(out, ovpn.PushRedirectGateway(), ovpn.PushBlockIPv6())
}

// reauth answers the hourly renegotiation: yes while we hold the session, no otherwise.
func (ep *endpoint) reauth(ctx context.Context, l dialogue, ev ovpn.Reauth) {
	ep.mu.Lock()
	s := ep.roster.clients[l.client(ev.CID)]
	lives := s != nil && !s.over() && ev.Env.SessionState().Authenticated()
	ep.mu.Unlock()
	if !lives {
		ep.deny(ctx, l.conn, ev.CID, ev.KID, "no session", "Your VPN session is over. Connect again.")
		return
	}
	if err := l.conn.Authorize(ctx, ev.CID, ev.KID, nil); err != nil && !errors.Is(err, ovpn.ErrNoClient) {
		ep.log.WarnContext(ctx, "a renegotiation was not answered", "connection", s.Connection, "err", err)
	}
}

func (ep *endpoint) deny(ctx context.Context, conn *ovpn.Conn, cid ovpn.CID, kid ovpn.KID, logged, told string) {
	if err := conn.Deny(ctx, cid, kid, logged, told); err != nil && !errors.Is(err, ovpn.ErrNoClient) {
		ep.log.WarnContext(ctx, "a client was not told that it is refused", "err", err)
	}
}

// disconnected handles the end of a client's tunnel as its worker tells it.
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
	if s != nil { // otherwise it was ended, or has come back under another CID
		ep.end(ctx, ending{reason: reason, only: func(s *session) bool { return ep.roster.clients[c] == s }}, s)
	}
}
