package dataplane

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// admit makes the sessions of granted logins, journals them, and opens the kernel for them, in this
// order, so that the first packet already passes when a client is told. What fails is in the err of
// each answer. It runs in the owner goroutine.
func (ep *endpoint) admit(granted []*answer) {
	var routed []*answer
	ep.forgetFlowsOfOthers(granted)
	for _, a := range granted {
		if a.rejoined() {
			if a.err == nil {
				a.err = ep.rejoin(a)
			}
			continue
		}
		if a.session, a.err = ep.openSession(a.login, a.decision); a.err != nil {
			continue
		}
		a.opened, a.directives = true, directives(ep.state.desired, a.session)
		if a.err = ep.journal.Put(journal.Sessions, string(a.session.Connection), a.session); a.err != nil {
			continue
		}
		if a.err = host.RouteClient(a.session.Addr, a.session.Device); a.err == nil {
			routed = append(routed, a)
		}
	}
	if len(routed) == 0 {
		return
	}
	admitted := make([]nft.Session, len(routed))
	for i, a := range routed {
		admitted[i] = inTable(a.session)
	}
	if ep.filter.table.Put(admitted...) == nil {
		return
	}
	for _, a := range routed { // One bad entry must not fail the batch: retry one by one.
		a.err = ep.openKernel(a.session)
	}
}

// openSession enters a session into the table. Whatever else ends for it ends last: a login that is refused
// costs no other connection its place. It runs in the owner goroutine.
func (ep *endpoint) openSession(p *pending, d vpn.LoginDecision) (session.Session, error) {
	policy, problem := ep.policy.Current()
	if problem != "" {
		return session.Session{}, vpn.Refuse(vpn.Conflict, vpn.CodeEndpointUnavailable, "This VPN server takes no connections right now. Ask your administrator.")
	}
	err := ep.limiter.Reserve(d.Connection, policy.MaxSessions)
	full := errors.Is(err, session.ErrFull)
	if err != nil && !full {
		return session.Session{}, err
	}
	s, err := ep.newSession(p, d, full)
	if err != nil {
		ep.limiter.Release(d.Connection)
	}
	return s, err
}

// newSession is openSession for a login whose connection has its place; where the host is full it takes
// that of a client that is away, or of one that ends for the share of its user or certificate.
func (ep *endpoint) newSession(p *pending, d vpn.LoginDecision, full bool) (session.Session, error) {
	desired := ep.state.desired
	duration := min(d.Ends.Sub(ep.now()), desired.SessionTimeout) // no decision exceeds the endpoint's session timeout
	switch {
	case ep.state.removed || len(desired.Associations) == 0:
		return session.Session{}, vpn.Refuse(vpn.Conflict, vpn.CodeEndpointUnavailable, "This VPN endpoint has no target network.")
	case duration <= 0:
		return session.Session{}, vpn.Refuse(vpn.Invalid, vpn.CodeLoginNotDecided, "Your login took too long. Connect again.")
	}
	ep.closeFormer(p.client, d.Connection)
	if s, ok := ep.sessions.ByToken(p.request.Token); ok && s.Connection != d.Connection { // it asked twice
		ep.closeSessions(ending{reason: "The client came back with another connection."}, s.Connection)
	}
	replaced, err := ep.replaced(d)
	if err != nil {
		return session.Session{}, err
	}
	sharers, err := ep.sharersToEnd(p, d)
	if err != nil {
		return session.Session{}, err
	}
	var away []vpn.ConnectionID
	if full && len(sharers)+len(replaced) == 0 {
		if away = ep.sessions.LongestAway(1); len(away) == 0 {
			return session.Session{}, session.ErrFull
		}
	}
	if !ep.sessions.HasFreeAddress() {
		return session.Session{}, ep.freeAddressFor(p, sharers)
	}
	if full {
		if err := ep.limiter.Replace(slices.Concat(sharers, replaced, away)[0], d.Connection); err != nil {
			return session.Session{}, err
		}
	}
	ep.endSharers(sharers)
	ep.endReplaced(replaced)
	ep.reclaim(away...)
	now := session.Uptime()
	began := now
	if !d.Started.IsZero() {
		began -= max(0, ep.now().Sub(d.Started))
	}
	s, ok := ep.sessions.Open(session.Session{
		Addr:       d.Addr,
		Connection: d.Connection, Session: d.Session, Endpoint: ep.id, Association: d.Association, User: d.User,
		Peer: p.request.Device, Began: began, Joined: now, Ends: now + duration, Token: p.request.Token, Certificate: p.certificate, CommonName: p.request.CommonName, LoginName: p.request.Username, Named: p.named, Platform: p.request.Platform,
		Instance: p.client.Instance, Device: p.device, CID: p.client.CID, KID: p.kid, Told: desired.Generation,
	}, desired.Associations)
	if !ok { // only this goroutine takes addresses
		return session.Session{}, errNoAddress
	}
	if p.pend != nil && p.received > 0 {
		ep.sessions.WaitForFirst(s.Connection, p.received)
	}
	return s, nil
}

var errNoAddress = vpn.Refuse(vpn.Conflict, vpn.CodeAddressesExhausted, "The VPN endpoint has no free client address. Ask your administrator.")

// freeAddressFor ends a connection for the address that a login needs: one that ends for the share of the
// same user or certificate, or the one that has been away for the longest time. The address cools down before
// the client has it, so a client that tries again sooner ends no second one.
func (ep *endpoint) freeAddressFor(p *pending, sharers []vpn.ConnectionID) error {
	away := ep.sessions.LongestAway(1)
	client := cmp.Or(p.certificate, p.request.CommonName)
	now := session.Uptime()
	maps.DeleteFunc(ep.state.freed, func(_ string, at time.Duration) bool { return now-at > freedFor })
	_, freed := ep.state.freed[client]
	switch {
	case freed:
		return errAddressSoon
	case len(sharers) > 0:
		ep.endSharers(sharers)
	case len(away) > 0:
		ep.reclaim(away...)
	default:
		return errNoAddress
	}
	ep.state.freed[client] = now
	return errAddressSoon
}

// freedFor is how long an address that was freed for a client may take to become free.
const freedFor = session.AddressCooldown + 2*sessionInterval

// closeFormer ends the session of a client that is about to get another one: a client asked again,
// under another KID, while its first login was being answered. A client that has two sessions in the table would keep
// the address of the first, whose end no event reports. It runs in the owner goroutine.
func (ep *endpoint) closeFormer(c session.Client, next vpn.ConnectionID) {
	if former, ok := ep.sessions.ByClient(c); ok && former.Connection != next {
		ep.closeSessions(ending{code: vpn.CodeConnectionNotEstablished, reason: "The client logged in again before its tunnel was up."}, former.Connection)
	}
}

// openKernel opens the kernel for a session: its route, then the packet filter. No route is left
// where the packet filter fails. It runs in the owner goroutine.
func (ep *endpoint) openKernel(s session.Session) error {
	err := host.RouteClient(s.Addr, s.Device)
	if err == nil {
		err = ep.filter.table.Put(inTable(s))
	}
	if err != nil {
		_ = host.UnrouteClient(s.Addr)
	}
	return err
}

// inTable is a session as the packet filter has it.
func inTable(s session.Session) nft.Session {
	return nft.Session{Addr: s.Addr, Device: s.Device, Endpoint: s.Endpoint, Association: s.Association, Groups: s.User.Groups}
}
