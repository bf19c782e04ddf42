package dataplane

import (
	"errors"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// holds tells whether a client has a connection that it continues with a token.
func (ep *endpoint) holds(token string) bool {
	_, ok := ep.sessions.ByToken(token)
	return ok
}

// resume lets a client that returns with a genuine token into the session that we hold: same
// connection, same address, no question to web. Only the session's end ends it. It runs in the owner goroutine.
func (ep *endpoint) resume(n worker.Event, ev ovpn.Connect) {
	s, _ := ep.sessions.ByToken(ev.Env.SessionID())
	certificate := ep.certificateOf(ev.Env)
	if !s.Proves(ev.Env.CommonName(), ep.loginName(ev.Env), certificate) || s.Expired() || n.Worker.Conn(n.Instance) != n.Conn {
		go ep.deny(n.Conn, ev.CID, ev.KID, "token of no session", sessionOver())
		return
	}
	c := session.Client{Instance: n.Instance, CID: ev.CID}
	if former := ep.state.waiting[c]; former != nil {
		ep.forgetLogin(former) // the client asks again, under another KID
	}
	s, err := ep.attach(s, session.Arrival{
		Client: c, KID: ev.KID, Device: n.Worker.Device, Peer: ev.Env.Untrusted(), At: session.Uptime(), Certificate: certificate,
	})
	if err != nil {
		go ep.denyForNow(n.Conn, ev.CID, ev.KID, ev.Env.WaitsAfterDenial(), "not admitted", notNow())
		return
	}
	ds := directives(ep.state.desired, s)
	go func() { _ = ep.letReturn(n.Conn, s, ds) }() // it logs
}

// attach gives a session a client that returns, and opens the kernel for it. It runs in the owner goroutine.
func (ep *endpoint) attach(s session.Session, a session.Arrival) (session.Session, error) {
	if !s.Away() {
		// It returns before its former tunnel was noticed to be gone (it roamed, or was restarted): that
		// is closed first, and its counters are kept.
		ep.detachSessions(s)
	}
	ep.closeFormer(a.Client, s.Connection)
	former := s
	s, _ = ep.sessions.Attach(s.Connection, a, ep.state.desired.Associations)
	if former.Client() != s.Client() {
		ep.displace(former)
	}
	s = ep.tell(s)
	ep.journalSession(s) // where it fails, a crash has this client return once more
	if err := ep.openKernel(s); err != nil {
		ep.returnFailed(s, err)
		return s, err
	}
	return s, nil
}

// displace has the worker of a client that lost its session to another one disconnect it, if it still has it: a
// client that lives would believe that it is connected. It runs in the owner goroutine.
func (ep *endpoint) displace(former session.Session) {
	if former.Away() || former.Asked() {
		return
	}
	for _, w := range ep.state.workers {
		if conn := w.Conn(former.Instance); conn != nil {
			go func() {
				again := ovpn.Restart("Your VPN session continues at another client. Connect again.", true)
				if err := conn.Kill(ep.ctx, former.CID, again); err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
					ep.log.Debug("a client was not notified that another one continues its session", "connection", former.Connection, "err", err)
				}
			}()
		}
	}
}

// letReturn admits a returning client at its worker. Where that fails it may return once more.
func (ep *endpoint) letReturn(conn *ovpn.Conn, s session.Session, ds []ovpn.Directive) error {
	err := conn.Admit(ep.ctx, s.CID, s.KID, ds)
	if err == nil || ep.ctx.Err() != nil {
		return err
	}
	ep.do(func() { ep.returnFailed(s, err) })
	if errors.Is(err, ovpn.ErrNoClient) {
		return err
	}
	// OpenVPN may have let it in, and then a denial has no effect.
	if err := conn.Kill(ep.ctx, s.CID, ovpn.Restart("Try again", true)); err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
		ep.log.Warn("a client was not notified that it is to return again", "connection", s.Connection, "err", err)
	}
	return err
}

// returnFailed keeps a session whose client could not be let in again. It runs in the owner goroutine.
func (ep *endpoint) returnFailed(s session.Session, err error) {
	ep.log.Warn("a returning client was not let in", "connection", s.Connection, "err", errorChain(err))
	if now, ok := ep.sessions.ByClient(s.Client()); ok && now.Connection == s.Connection {
		ep.leave(now)
	}
}

// answerAgain lets a client in whose answer may not have reached the worker; twice does no harm. It
// runs in the owner goroutine.
func (ep *endpoint) answerAgain(n worker.Event, s session.Session) {
	again := ovpn.Restart("Try again", true)
	failed := ending{code: vpn.CodeConnectionNotEstablished, reason: "The client could not be let in.", message: &again, only: stillOf(s)}
	if s.Established { // it became a connection
		failed.code = ""
	}
	s = ep.tell(s)
	err := ep.journal.Put(journal.Sessions, string(s.Connection), s)
	if err == nil {
		err = ep.openKernel(s)
	}
	if err != nil {
		ep.log.Warn("a client could not be let in again", "connection", s.Connection, "err", errorChain(err))
		ep.notify(failed, ep.closeSessions(failed, s.Connection))
		return
	}
	ds := directives(ep.state.desired, s)
	go func() {
		if err := n.Conn.Admit(ep.ctx, s.CID, s.KID, ds); err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
			ep.end(ep.ctx, failed, s.Connection)
		}
	}()
}

// stillOf is true for a session as long as it has the client of s: it may have returned under another
// CID since s was copied.
func stillOf(s session.Session) func(session.Session) bool {
	return func(now session.Session) bool { return now.Client() == s.Client() }
}

// reauthenticate answers the hourly renegotiation, and a client that starts again from the port of its
// former run, which OpenVPN takes for one and then tells all that a new client is told. Both are allowed
// while the session continues. OpenVPN has compared the certificate with that of the first handshake, which is the proof
// of its user; a token is not asked for, because a new run has none. Where users sign in with a password or in the browser the
// token is the proof: without it the client is asked to connect again, and its login is decided as any other, because the
// password of a renegotiation is proved nowhere. It runs in the owner goroutine.
func (ep *endpoint) reauthenticate(n worker.Event, ev ovpn.Reauth) {
	s, ok := ep.sessions.ByClient(session.Client{Instance: n.Instance, CID: ev.CID})
	if !ok || s.Expired() || !s.Proves(ev.Env.CommonName(), ep.loginName(ev.Env), ep.certificateOf(ev.Env)) || ev.Env.OffersToken() && !ev.Env.SessionState().Authenticated() {
		go ep.deny(n.Conn, ev.CID, ev.KID, "no session", sessionOver())
		return
	}
	if (ep.state.desired.Passwords || ep.state.desired.Browser) && !(ev.Env.SessionState().Authenticated() && ev.Env.SessionID() == s.Token) {
		ep.log.Info("a client without the token of its session has to sign in again", "connection", s.Connection, "device", ev.Env.Untrusted())
		again := ovpn.Restart("Your client signs in again.", true)
		go func() {
			if err := n.Conn.Kill(ep.ctx, ev.CID, again); err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
				ep.log.Warn("a client was not asked to sign in again", "connection", s.Connection, "err", err)
			}
		}()
		return
	}
	if bound, ok := ep.sessions.Bind(s.Connection, ep.certificateOf(ev.Env)); ok {
		ep.journalSession(bound)
	}
	go func() {
		if err := n.Conn.Authorize(ep.ctx, ev.CID, ev.KID, nil); err != nil && !errors.Is(err, ovpn.ErrNoClient) && ep.ctx.Err() == nil {
			ep.log.Warn("a renegotiation was not answered", "connection", s.Connection, "err", err)
		}
	}()
}
