package dataplane

import (
	"errors"
	"net/netip"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// newSession enters a session into the books.
func (ep *endpoint) newSession(p *pending, d vpn.LoginDecision) (*session, error) {
	policy, problem := ep.policy.Current()
	if problem != "" {
		return nil, vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "This VPN server takes no connections right now. Ask your administrator.")
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
		err = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "This VPN endpoint has no target network.")
	case lasts <= 0:
		err = vpn.Refuse(vpn.Invalid, vpn.CodeInvalidParameterValue, "Your VPN session ended before it began.")
	default:
		var free bool
		if addr, free = ep.pool.Take(); !free {
			err = vpn.Refuse(vpn.Conflict, vpn.CodeAddressesExhausted, "The VPN endpoint has no free client address. Ask your administrator.")
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
// packet already passes when a client is told. What fails is in the err of each answer.
func (ep *endpoint) admitAll(granted []*answer) {
	ep.gate.Lock()
	defer ep.gate.Unlock()
	var opened []*answer
	for _, a := range granted {
		if a.session == nil {
			continue
		}
		if a.config, a.err = ep.prepare(a.session); a.err == nil {
			a.err = host.RouteClient(a.session.Addr, a.session.Device)
		}
		if a.err == nil {
			opened = append(opened, a)
		}
	}
	if len(opened) == 0 {
		return
	}
	sessions := make([]nft.Session, len(opened))
	for i, a := range opened {
		sessions[i] = a.session.inTable()
	}
	if ep.table.Put(sessions...) == nil {
		return
	}
	for _, a := range opened { // One bad entry must not fail the batch: retry one by one.
		a.err = ep.open(a.session)
	}
}

// admit is admitAll for one session that is known to its client already.
func (ep *endpoint) admit(s *session) ([]ovpn.Directive, error) {
	a := &answer{session: s}
	ep.admitAll([]*answer{a})
	return a.config, a.err
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
