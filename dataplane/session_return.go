package dataplane

import (
	"context"
	"errors"

	"sallyport/dataplane/ovpn"
)

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
