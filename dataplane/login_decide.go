package dataplane

import (
	"context"
	"errors"
	"net/netip"
	"sync"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/ovpn"
	sessions "sallyport/dataplane/session"
	"sallyport/vpn"
)

// grant is a login that web allows, and the session that it becomes.
type grant struct {
	login   *pending
	session *session
	config  []ovpn.Directive
	err     error // why it does not
}

// decide carries out web's answers: of those who are let in the kernel hears in one transaction,
// each worker is told beside the others, so that one that is stuck holds up its own clients alone.
func (ep *endpoint) decide(ctx context.Context, ds []vpn.LoginDecision) error {
	ctx = context.WithoutCancel(ctx) // the answers are given, whoever gave them may leave
	var failures []error
	var gone error
	var granted []*grant
	telling := map[*ovpn.Conn][]func(){}
	for _, d := range ds {
		p := ep.claim(d.ID)
		if p == nil {
			gone = errNoLogin
			continue
		}
		if !d.Allow {
			telling[p.conn] = append(telling[p.conn], func() { ep.turnAway(ctx, p, d) })
			continue
		}
		g := &grant{login: p}
		granted = append(granted, g)
		if g.session, g.err = ep.newSession(p, d); g.err != nil && !errors.Is(g.err, sessions.ErrKnownConnection) { // a known one goes on
			ep.events.Add(vpn.Event{Ended: &vpn.Ended{Connection: d.Connection, Endpoint: ep.id, Reason: userMessage(g.err)}})
		}
		telling[p.conn] = append(telling[p.conn], func() {
			if g.err = ep.letIn(ctx, g); g.err != nil {
				ep.log.WarnContext(ctx, "a granted login was not let in", "connection", d.Connection, "err", errorChain(g.err))
				ep.deny(ctx, p.conn, p.client.cid, p.kid, "not admitted", userMessage(g.err))
			}
		})
	}
	ep.admitAll(granted)
	var workers sync.WaitGroup
	for _, tell := range telling {
		workers.Go(func() {
			for _, f := range tell {
				f()
			}
		})
	}
	workers.Wait()
	for _, g := range granted {
		failures = append(failures, g.err)
	}
	return errors.Join(append(failures, gone)...)
}

var errNoLogin = vpn.Refuse(vpn.NotFound, "NoSuchLogin", "This login does not wait any more.")

func (ep *endpoint) turnAway(ctx context.Context, p *pending, d vpn.LoginDecision) {
	ep.log.InfoContext(ctx, "login denied", "common_name", p.request.CommonName, "device", p.request.Device, "reason", d.Reason)
	ep.deny(ctx, p.conn, p.client.cid, p.kid, "denied", d.Reason)
}

// letIn tells a client that it is in. Where that fails, or its session could not be opened, web is
// told that the connection ended.
func (ep *endpoint) letIn(ctx context.Context, g *grant) error {
	s, p := g.session, g.login
	if s == nil {
		return g.err
	}
	if errors.Is(g.err, errEnded) {
		// By somebody's wish, and all is told; or its worker died, and its client never had a token.
		ep.end(ctx, ending{reason: "The client could not be let in."}, s)
		return nil
	}
	if g.err != nil {
		ep.end(ctx, ending{reason: userMessage(g.err)}, s)
		return g.err
	}
	err := p.conn.Admit(ctx, p.client.cid, p.kid, g.config)
	switch {
	case errors.Is(err, ovpn.ErrNoClient):
		ep.end(ctx, ending{reason: "The client left before it was let in."}, s)
	case err != nil:
		// It may be in for all we know.
		again := ovpn.Restart("Try again", true)
		ep.end(ctx, ending{reason: "The client could not be let in.", message: &again}, s)
		return err
	default:
		ep.mu.Lock()
		if ep.roster.has(s) {
			ep.roster.tokens[s.Token] = s
		}
		ep.mu.Unlock()
	}
	return nil
}

// newSession enters a session into the books.
func (ep *endpoint) newSession(p *pending, d vpn.LoginDecision) (*session, error) {
	policy, problem := ep.policy.Current()
	if problem != "" {
		return nil, vpn.Refuse(vpn.Conflict, "IncorrectState", "This VPN server takes no connections right now. Ask your administrator.")
	}
	if err := ep.limiter.Reserve(d.Connection, policy.MaxSessions); err != nil {
		return nil, err
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	lasts := min(d.Ends.Sub(ep.now()), ep.desired.SessionTimeout) // no message makes a session last longer than its endpoint's do
	addr, err := netip.Addr{}, error(nil)
	switch {
	case ep.gone || len(ep.desired.Associations) == 0:
		err = vpn.Refuse(vpn.Conflict, "IncorrectState", "This VPN endpoint has no target network.")
	case lasts <= 0:
		err = vpn.Refuse(vpn.Invalid, "InvalidParameterValue", "Your VPN session ended before it began.")
	default:
		var free bool
		if addr, free = ep.pool.Take(); !free {
			err = vpn.Refuse(vpn.Conflict, "ClientVpnAddressesExhausted", "The VPN endpoint has no free client address. Ask your administrator.")
		}
	}
	if err != nil {
		ep.limiter.Release(d.Connection)
		return nil, err
	}
	began := uptime()
	s := &session{
		Connection: d.Connection, Session: d.Session, Endpoint: ep.id, Association: d.Association, User: d.User, Addr: addr,
		Peer: p.request.Device, Began: began, Ends: began + lasts, Token: p.token, Named: p.named,
		Instance: p.client.instance, Device: p.device, CID: p.client.cid, KID: p.kid,
	}
	if !hasAssociation(ep.desired, s.Association) {
		s.Association = ep.roster.leastUsed(ep.desired)
	}
	ep.roster.add(s)
	return s, nil
}

// errEnded: the session ended while it was being opened.
var errEnded = errors.New("the session has ended")

// admitAll journals new sessions and opens the kernel for them, in this order, so that the first
// packet already passes when a client is told. What fails is in each grant.
func (ep *endpoint) admitAll(granted []*grant) {
	ep.gate.Lock()
	defer ep.gate.Unlock()
	var opened []*grant
	for _, g := range granted {
		if g.session == nil {
			continue
		}
		if g.config, g.err = ep.prepare(g.session); g.err == nil {
			g.err = host.RouteClient(g.session.Addr, g.session.Device)
		}
		if g.err == nil {
			opened = append(opened, g)
		}
	}
	if len(opened) == 0 {
		return
	}
	sessions := make([]nft.Session, len(opened))
	for i, g := range opened {
		sessions[i] = g.session.inTable()
	}
	if ep.table.Put(sessions...) == nil {
		return
	}
	for _, g := range opened { // one of them may be the reason, and the others none the worse for it
		g.err = ep.open(g.session)
	}
}

// admit is admitAll for one session that is known to its client already.
func (ep *endpoint) admit(s *session) ([]ovpn.Directive, error) {
	g := &grant{session: s}
	ep.admitAll([]*grant{g})
	return g.config, g.err
}

// prepare journals a session and gives what its client is to be told. ep.gate is held.
func (ep *endpoint) prepare(s *session) ([]ovpn.Directive, error) {
	ep.mu.Lock()
	d, goesOn := ep.desired, ep.roster.clients[s.client()] == s
	ep.mu.Unlock()
	if !goesOn {
		return nil, errEnded
	}
	return directives(d, s), ep.journalSession(s)
}
