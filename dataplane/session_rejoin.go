package dataplane

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"

	"sallyport/dataplane/host"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// A client that shows no token (its program was started again, or never shows one) continues the connection that
// a client with its certificate was lost from, where the certificate is all that a login needs. Web decides,
// because it is a login.

var errNotFree = vpn.Refuse(vpn.Unavailable, vpn.CodeLoginNotDecided, cannotLetIn)

// free finds the connection that a client without a token may continue: of those with its certificate
// the one that came from the same address, and then the one that was lost last. It runs in the owner goroutine.
func (ep *endpoint) free(env ovpn.Env) vpn.ConnectionID {
	certificate := ep.certificateOf(env)
	if ep.state.desired.Passwords || ep.state.desired.Browser || env.Username() != "" || certificate == "" {
		return ""
	}
	now := session.Uptime()
	found := ep.sessions.Select(func(s *session.Session) bool { return s.Free(certificate, env.Platform(), now) })
	if len(found) == 0 {
		return ""
	}
	asked := map[vpn.ConnectionID]bool{}
	for _, p := range ep.state.pending {
		asked[p.request.Continues] = true
	}
	found = slices.DeleteFunc(found, func(s session.Session) bool {
		return asked[s.Connection] || !s.Proves(env.CommonName(), "", certificate)
	})
	if len(found) == 0 {
		return ""
	}
	from := env.Untrusted().Addr()
	best := slices.MinFunc(found, func(a, b session.Session) int {
		if here := a.Peer.Addr() == from; here != (b.Peer.Addr() == from) {
			if here {
				return -1
			}
			return 1
		}
		if a.Away() != b.Away() { // one that is silent was lost after all that are away
			return cmp.Compare(a.AwayAt, b.AwayAt)
		}
		return cmp.Or(cmp.Compare(b.AwayAt, a.AwayAt), cmp.Compare(a.Connection, b.Connection))
	})
	return best.Connection
}

// rejoin gives a client whose login was granted the connection that it continues, unless that was taken
// or has ended meanwhile. It runs in the owner goroutine.
func (ep *endpoint) rejoin(a *answer) error {
	p := a.login
	s, ok := ep.continued(p)
	if !ok {
		return errNotFree
	}
	s, err := ep.attach(s, session.Arrival{
		Client: p.client, KID: p.kid, Device: p.device, Peer: p.request.Device, At: session.Uptime(), Token: p.request.Token,
	})
	if err != nil {
		return errNotFree
	}
	a.session, a.directives = s, directives(ep.state.desired, s)
	return nil
}

// continued gives the session that a login continues; false where that was taken or has ended. It runs in the owner
// goroutine.
func (ep *endpoint) continued(p *pending) (session.Session, bool) {
	s, ok := ep.sessions.Get(p.request.Continues)
	return s, ok && !ep.state.removed && s.Free(p.certificate, p.request.Platform, session.Uptime())
}

// forgetFlowsOfOthers removes the flows of the connections that granted logins continue from other addresses than
// before: another device with a copy of the certificate must not get the streams of the former one. A client that is
// silent is taken off its connection first, so that it opens no more. It is for all logins that are granted together,
// because removing flows reads the host's whole connection tracking table. It runs in the owner goroutine.
func (ep *endpoint) forgetFlowsOfOthers(granted []*answer) {
	var moved []*answer
	var addrs []netip.Addr
	for _, a := range granted {
		if !a.rejoined() {
			continue
		}
		s, ok := ep.continued(a.login)
		if !ok || s.Peer.Addr() == a.login.request.Device.Addr() {
			continue
		}
		if !s.Away() {
			ep.leave(s)
			ep.displace(s)
		}
		moved, addrs = append(moved, a), append(addrs, s.Addr)
	}
	if err := host.ForgetFlows(addrs...); err != nil {
		ep.log.Warn("clients do not continue their connections yet: flows are left", "number", len(moved), "err", errorChain(err))
		for _, a := range moved {
			a.err = errNotFree
		}
	}
}

// rejoined tells whether a granted login continues a connection.
func (a *answer) rejoined() bool {
	return a.decision.Allow && a.decision.Connection == a.login.request.Continues
}

// answerRejoined lets a client in that continues a connection. Where that fails the connection is kept.
// It waits for the worker, so it runs outside own.
func (ep *endpoint) answerRejoined(a *answer) {
	p := a.login
	if a.err != nil {
		ep.denyForNow(p.conn, p.client.CID, p.kid, p.waits, "not admitted", clientText(a.err))
		return
	}
	if err := ep.letReturn(p.conn, a.session, a.directives); err == nil {
		ep.do(func() { ep.sessions.AllowReturn(a.session.Connection) })
	} else if !errors.Is(err, ovpn.ErrNoClient) {
		a.err = err
	}
}
