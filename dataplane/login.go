package dataplane

import (
	"context"
	"crypto/rand"
	"errors"
	"net/netip"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// pending is a login that waits for web.
type pending struct {
	request  vpn.LoginRequest
	token    string
	named    bool // the client sent a user name
	instance string
	device   string
	conn     *ovpn.Conn
	cid      ovpn.CID
	kid      ovpn.KID
	timer    *time.Timer
}

// loginRecord is what the journal has of a waiting login: a later process answers it at once,
// for a client without an answer would wait for its own timeout.
type loginRecord struct {
	ID       string         `json:"id"`
	Endpoint vpn.EndpointID `json:"endpoint"`
	Instance string         `json:"instance"`
	CID      ovpn.CID       `json:"cid"`
	KID      ovpn.KID       `json:"kid"`
}

// connect handles a client that has proved its certificate. One that returns with a token of a
// session that we hold is let in again; everybody else is put to web.
func (ep *endpoint) connect(ctx context.Context, w *worker, conn *ovpn.Conn, ev ovpn.Connect) {
	if ev.Env.OffersToken() || ev.Env.SessionState() != ovpn.SessionInitial {
		if ev.Env.SessionState().Authenticated() && ep.resume(ctx, w, conn, ev) {
			return
		}
		// The client forgets a token that is refused and comes again without.
		ep.deny(ctx, conn, ev.CID, ev.KID, "token of no session", "Your VPN session is over. Connect again.")
		return
	}
	p := &pending{
		request: vpn.LoginRequest{
			ID: rand.Text(), Endpoint: ep.id, Device: ev.Env.Untrusted(), CommonName: ev.Env.CommonName(),
			Serial: ev.Env.Serial(), Fingerprint: ev.Env.Digest(), Platform: ev.Env.Platform(), Version: clientVersion(ev.Env),
			Deadline: ep.now().Add(decisionWait),
		},
		token: ev.Env.SessionID(), named: ev.Env.Username() != "", device: w.device, conn: conn, cid: ev.CID, kid: ev.KID,
	}
	ep.mu.Lock()
	p.instance = w.instance
	ep.pending[p.request.ID] = p
	p.timer = time.AfterFunc(decisionWait, func() { ep.decisionMissing(p) })
	ep.mu.Unlock()
	err := ep.journal.put(journalLogins, p.request.ID, loginRecord{ID: p.request.ID, Endpoint: ep.id, Instance: p.instance, CID: p.cid, KID: p.kid})
	if err != nil {
		ep.log.ErrorContext(ctx, "a login was not journalled", "err", err)
	}
	ep.spool.add(vpn.Event{Login: &p.request})
}

func clientVersion(env ovpn.Env) string {
	if gui := env.GUIVersion(); gui != "" {
		return gui
	}
	return env.Version()
}

// decisionMissing denies a login that web did not answer in time.
func (ep *endpoint) decisionMissing(p *pending) {
	if !ep.claim(p.request.ID) {
		return
	}
	ep.log.Warn("no answer to a login in time; it is denied", "common_name", p.request.CommonName)
	err := p.conn.DenyForNow(ep.ctx, p.cid, p.kid, "no decision in time", "The VPN server cannot check your login right now. It is tried again.", 10*time.Second)
	if err != nil && !errors.Is(err, ovpn.ErrNoClient) {
		ep.log.Warn("a login could not be denied", "err", err)
	}
}

// claim takes a waiting login: whoever gets true answers it, nobody else does.
func (ep *endpoint) claim(id string) bool {
	ep.mu.Lock()
	p, ok := ep.pending[id]
	delete(ep.pending, id)
	ep.mu.Unlock()
	if ok {
		p.timer.Stop()
		if err := ep.journal.drop(journalLogins, id); err != nil {
			ep.log.Error("a login stays in the journal", "err", err)
		}
	}
	return ok
}

// decide carries out web's answer.
func (ep *endpoint) decide(ctx context.Context, d vpn.LoginDecision) error {
	ep.mu.Lock()
	p := ep.pending[d.ID]
	ep.mu.Unlock()
	if p == nil || !ep.claim(d.ID) {
		return vpn.Refuse(vpn.NotFound, "NoSuchLogin", "This login does not wait any more.")
	}
	if !d.Allow {
		ep.log.InfoContext(ctx, "login denied", "common_name", p.request.CommonName, "device", p.request.Device, "reason", d.Reason)
		ep.deny(ctx, p.conn, p.cid, p.kid, "denied", d.Reason)
		return nil
	}
	s := &session{
		Connection: d.Connection, Session: d.Session, Endpoint: ep.id, Association: d.Association, User: d.User,
		Peer: p.request.Device, Ends: uptime() + d.Ends.Sub(ep.now()), Token: p.token, Named: p.named, Instance: p.instance, Device: p.device, CID: p.cid, KID: p.kid,
	}
	if err := ep.open(ctx, p.conn, s); err != nil {
		ep.deny(ctx, p.conn, p.cid, p.kid, "not admitted", person(err))
		ep.spool.add(vpn.Event{Ended: &vpn.Ended{Connection: s.Connection, Endpoint: ep.id, Reason: person(err)}})
		return err
	}
	return nil
}

// open gives a new session its address and association, opens the kernel for it and then tells
// the client: in this order, so that the first packet already passes.
func (ep *endpoint) open(ctx context.Context, conn *ovpn.Conn, s *session) error {
	d, gone := ep.want()
	if gone || len(d.Associations) == 0 {
		return vpn.Refuse(vpn.Conflict, "IncorrectState", "This VPN endpoint has no target network.")
	}
	if policy, problem := ep.policy.get(); problem != "" || policy.MaxSessions > 0 && ep.sessionCount() >= policy.MaxSessions {
		return vpn.Refuse(vpn.Conflict, "ClientVpnConnectionLimitExceeded", "This VPN server takes no more connections. Ask your administrator.")
	}
	ep.mu.Lock()
	if !hasAssociation(d, s.Association) {
		s.Association = ep.leastUsed(d)
	}
	addr, ok := ep.pool.take()
	if !ok {
		ep.mu.Unlock()
		return vpn.Refuse(vpn.Conflict, "ClientVpnAddressesExhausted", "The VPN endpoint has no free client address. Ask your administrator.")
	}
	s.Addr = addr
	ep.sessions[s.Connection] = s
	ep.mu.Unlock()
	err := ep.admit(s)
	if err == nil {
		err = conn.Authorize(ctx, s.CID, s.KID, ep.directives(d, s))
	}
	if errors.Is(err, ovpn.ErrNoClient) {
		ep.end(ctx, s, "The client left before it was let in.", nil)
		return nil
	}
	if err != nil {
		ep.end(ctx, s, "The client could not be let in.", nil)
		return err
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	if ep.sessions[s.Connection] == s {
		ep.byToken[s.Token] = s
	}
	return nil
}

// resume lets a client that comes back with a genuine token into the session that we hold: same
// connection, same address, no question to web. The session's end alone ends it.
func (ep *endpoint) resume(ctx context.Context, w *worker, conn *ovpn.Conn, ev ovpn.Connect) bool {
	d, gone := ep.want()
	ep.mu.Lock()
	s := ep.byToken[ev.Env.SessionID()]
	if s == nil || gone || s.User.Name != ev.Env.CommonName() || s.over() {
		ep.mu.Unlock()
		return false
	}
	moved := *s
	ep.mu.Unlock()
	if s.interrupted.IsZero() {
		// The client is back before its old tunnel was noticed to be gone (it roamed, or was
		// restarted): what it had is closed first, with its counters kept.
		ep.interruptOne(s)
	}
	ep.mu.Lock()
	if ep.sessions[moved.Connection] != s {
		ep.mu.Unlock()
		return false
	}
	s.Instance, s.Device, s.CID, s.KID, s.Peer = w.instance, w.device, ev.CID, ev.KID, ev.Env.Untrusted()
	s.interrupted = time.Time{}
	ep.mu.Unlock()
	err := ep.admit(s)
	if err == nil {
		err = conn.Authorize(ctx, s.CID, s.KID, ep.directives(d, s))
	}
	if err != nil {
		ep.log.WarnContext(ctx, "a returning client was not let in", "connection", s.Connection, "err", chain(err))
		ep.interruptOne(s)
		return false
	}
	return true
}

// interruptOne closes the kernel for one session and keeps it for its client's return.
func (ep *endpoint) interruptOne(s *session) {
	counted, err := ep.table.End(s.Addr)
	if err != nil {
		ep.log.Error("a session was not taken out of the packet filter", "connection", s.Connection, "err", chain(err))
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	s.Before = plus(s.Before, counted[s.Addr])
	s.interrupted, s.established = ep.now(), false
}

// directives are what the client is told when it is let in.
func (ep *endpoint) directives(d vpn.Desired, s *session) []ovpn.Directive {
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
func (ep *endpoint) reauth(ctx context.Context, w *worker, conn *ovpn.Conn, ev ovpn.Reauth) {
	ep.mu.Lock()
	s := ep.byCID(w.instance, ev.CID)
	ep.mu.Unlock()
	if s == nil || s.over() || !ev.Env.SessionState().Authenticated() {
		ep.deny(ctx, conn, ev.CID, ev.KID, "no session", "Your VPN session is over. Connect again.")
		return
	}
	if err := conn.Authorize(ctx, ev.CID, ev.KID, nil); err != nil && !errors.Is(err, ovpn.ErrNoClient) {
		ep.log.WarnContext(ctx, "a renegotiation was not answered", "connection", s.Connection, "err", err)
	}
}

func (ep *endpoint) deny(ctx context.Context, conn *ovpn.Conn, cid ovpn.CID, kid ovpn.KID, logged, told string) {
	if err := conn.Deny(ctx, cid, kid, logged, told); err != nil && !errors.Is(err, ovpn.ErrNoClient) {
		ep.log.WarnContext(ctx, "a client was not told that it is refused", "err", err)
	}
}

// established notes that a client's tunnel is up.
func (ep *endpoint) established(w *worker, ev ovpn.Established) {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	s := ep.byCID(w.instance, ev.CID)
	if s == nil {
		return
	}
	s.established, s.Established = true, true
	if peer := ev.Env.Trusted(); peer.IsValid() {
		s.Peer = peer
	}
	if err := ep.journal.put(journalSessions, string(s.Connection), s); err != nil {
		ep.log.Error("journal", "err", err)
	}
	ep.spool.add(vpn.Event{Established: s.event()})
}

// disconnected handles the end of a client's tunnel as its worker tells it.
func (ep *endpoint) disconnected(ctx context.Context, w *worker, cid ovpn.CID) {
	ep.mu.Lock()
	s := ep.byCID(w.instance, cid)
	for id, p := range ep.pending {
		if p.instance == w.instance && p.cid == cid {
			p.timer.Stop()
			delete(ep.pending, id)
			_ = ep.journal.drop(journalLogins, id)
		}
	}
	ep.mu.Unlock()
	if s == nil {
		return // it was ended, or has come back under another CID
	}
	reason := "The client disconnected."
	if !s.Established {
		reason = "The client left before its tunnel was up."
	}
	ep.end(ctx, s, reason, nil)
}

// refused reports a client whose certificate did not verify.
func (ep *endpoint) refused(ev ovpn.TLSRefused) {
	if ev.Reason == ovpn.RefusedSharedKey && !ev.Peer.IsValid() {
		return
	}
	peer := ev.Peer
	if !peer.IsValid() {
		peer = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	ep.spool.add(vpn.Event{Refused: &vpn.RefusedAttempt{Endpoint: ep.id, Device: peer, CommonName: ev.Subject, Reason: ev.Sentence}})
}
