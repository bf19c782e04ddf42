package dataplane

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

// session is a client that was let in. It is in the journal before the client is told.
type session struct {
	Connection  vpn.ConnectionID  `json:"connection"`
	Session     vpn.SessionID     `json:"session"`
	Endpoint    vpn.EndpointID    `json:"endpoint"`
	Association vpn.AssociationID `json:"association"`
	User        vpn.Identity      `json:"user"`
	Addr        netip.Addr        `json:"addr"`
	Peer        netip.AddrPort    `json:"peer"`  // the client's outer address
	Ends        time.Duration     `json:"ends"`  // in uptime
	Token       string            `json:"token"` // OpenVPN's session ID: what the client returns with
	Named       bool              `json:"named"` // the client has a user name, which its token is bound to
	Instance    string            `json:"instance"`
	Device      string            `json:"device"`
	CID         ovpn.CID          `json:"cid"`
	KID         ovpn.KID          `json:"kid"`
	Established bool              `json:"established"`
	Before      vpn.Counters      `json:"before"` // what earlier workers counted

	established bool // Established, and this worker has it
	// interrupted is when its worker died; the client is expected back until resumeWait later.
	interrupted time.Time
}

// noTime: not interrupted.
var noTime time.Time

// key finds a session by what a worker's event names.
func (ep *endpoint) byCID(instance string, cid ovpn.CID) *session {
	for _, s := range ep.sessions {
		if s.Instance == instance && s.CID == cid && s.interrupted.IsZero() {
			return s
		}
	}
	return nil
}

func (s *session) inTable() nft.Session {
	return nft.Session{Addr: s.Addr, Device: s.Device, Endpoint: s.Endpoint, Association: s.Association, Groups: s.User.Groups}
}

// admit opens the kernel for a session: route, sets, journal. Nothing is left behind where one
// of them fails.
func (ep *endpoint) admit(s *session) error {
	if err := ep.journal.put(journalSessions, string(s.Connection), s); err != nil {
		return err
	}
	err := host.RouteClient(s.Addr, s.Device)
	if err == nil {
		err = ep.table.Put(s.inTable())
	}
	if err != nil {
		_ = host.UnrouteClient(s.Addr)
		_ = ep.journal.drop(journalSessions, string(s.Connection))
	}
	return err
}

// end closes the kernel for a session, for good: its packets stop at once. It tells web, and has
// the client go away with message (the zero value where it has gone already).
func (ep *endpoint) end(ctx context.Context, s *session, reason string, message *ovpn.Message) {
	ep.mu.Lock()
	if ep.sessions[s.Connection] != s {
		ep.mu.Unlock()
		return
	}
	delete(ep.sessions, s.Connection)
	if ep.byToken[s.Token] == s {
		delete(ep.byToken, s.Token)
	}
	var conn *ovpn.Conn
	for _, w := range ep.workers {
		if w.instance == s.Instance {
			conn = w.conn
		}
	}
	interrupted := !s.interrupted.IsZero()
	ep.mu.Unlock()

	counters := s.Before
	if !interrupted {
		counted, err := ep.table.End(s.Addr)
		if err != nil {
			ep.log.ErrorContext(ctx, "a session was not taken out of the packet filter", "connection", s.Connection, "err", chain(err))
			ep.wake()
		}
		counters = plus(counters, counted[s.Addr])
	}
	if message != nil && conn != nil && !interrupted {
		if err := conn.Kill(ctx, s.CID, *message); err != nil && !errors.Is(err, ovpn.ErrNoClient) {
			ep.log.WarnContext(ctx, "a client was not told that its session ended", "connection", s.Connection, "err", err)
		}
	}
	if err := host.UnrouteClient(s.Addr); err != nil {
		ep.log.ErrorContext(ctx, "a client's route was not removed", "address", s.Addr, "err", err)
	}
	if err := ep.journal.drop(journalSessions, string(s.Connection)); err != nil {
		ep.log.ErrorContext(ctx, "a session stays in the journal", "connection", s.Connection, "err", err)
	}
	ep.spool.add(vpn.Event{Ended: &vpn.Ended{Connection: s.Connection, Endpoint: ep.id, Reason: reason, Counters: counters}})
	ep.log.InfoContext(ctx, "session ended", "connection", s.Connection, "user", s.User.Name, "reason", reason)
	// The address is given back only when no flow of its holder is left in the kernel's table: the
	// next holder would receive the last one's streams.
	if err := host.ForgetFlows(s.Addr); err != nil {
		ep.log.ErrorContext(ctx, "an address is not used again: its flows were not forgotten", "address", s.Addr, "err", err)
		return
	}
	ep.mu.Lock()
	ep.pool.give(s.Addr)
	ep.mu.Unlock()
}

// interrupt keeps the sessions of a worker that died, with their addresses but without their
// rights: their clients are back in less than a minute, each by its token.
func (ep *endpoint) interrupt(instance string) {
	ep.mu.Lock()
	var gone []*session
	var addrs []netip.Addr
	for _, s := range ep.sessions {
		if s.Instance == instance && s.interrupted.IsZero() {
			s.interrupted, s.established = ep.now(), false
			gone = append(gone, s)
			addrs = append(addrs, s.Addr)
		}
	}
	for id, p := range ep.pending {
		if p.instance == instance {
			p.timer.Stop()
			delete(ep.pending, id)
		}
	}
	ep.mu.Unlock()
	if len(gone) == 0 {
		return
	}
	counted, err := ep.table.End(addrs...)
	if err != nil {
		ep.log.Error("sessions of a dead worker were not taken out of the packet filter", "err", chain(err))
	}
	ep.mu.Lock()
	defer ep.mu.Unlock()
	for _, s := range gone {
		s.Before = plus(s.Before, counted[s.Addr])
		if ep.sessions[s.Connection] == s {
			if err := ep.journal.put(journalSessions, string(s.Connection), s); err != nil {
				ep.log.Error("journal", "err", err)
			}
		}
	}
}

// expireSessions ends what has reached its maximum duration or did not come back.
func (ep *endpoint) expireSessions(ctx context.Context) {
	now := ep.now()
	ep.mu.Lock()
	var over, lost []*session
	for _, s := range ep.sessions {
		switch {
		case s.over():
			over = append(over, s)
		case !s.interrupted.IsZero() && now.Sub(s.interrupted) > resumeWait:
			lost = append(lost, s)
		}
	}
	ep.mu.Unlock()
	for _, s := range over {
		halt := ovpn.Halt("Your VPN session has reached its maximum duration. Connect again to go on.")
		ep.end(ctx, s, "The session reached its maximum duration.", &halt)
	}
	for _, s := range lost {
		ep.end(ctx, s, "The OpenVPN worker ended and the client did not come back.", nil)
	}
}

// terminate ends a session that somebody wants ended. After HALT the client's program stays away;
// after RESTART it would be back within a second.
func (ep *endpoint) terminate(ctx context.Context, s *session, reason string) {
	halt := ovpn.Halt(reason)
	ep.end(ctx, s, reason, &halt)
}

// endAll ends every session: the endpoint is taken off the host.
func (ep *endpoint) endAll(ctx context.Context, reason string) {
	ep.mu.Lock()
	all := make([]*session, 0, len(ep.sessions))
	for _, s := range ep.sessions {
		all = append(all, s)
	}
	ep.mu.Unlock()
	halt := ovpn.Halt(reason)
	for _, s := range all {
		ep.end(ctx, s, reason, &halt)
	}
}

// moveSessions gives the sessions of an association that left another one. Their clients notice
// nothing: what they may reach follows the association in the kernel.
func (ep *endpoint) moveSessions(d vpn.Desired) {
	ep.mu.Lock()
	var moved []*session
	for _, s := range ep.sessions {
		if !hasAssociation(d, s.Association) {
			s.Association = ep.leastUsed(d)
			moved = append(moved, s)
		}
	}
	ep.mu.Unlock()
	for _, s := range moved {
		if !s.interrupted.IsZero() {
			continue
		}
		if err := errors.Join(ep.journal.put(journalSessions, string(s.Connection), s), ep.table.Put(s.inTable())); err != nil {
			ep.log.Error("a session was not moved to another association", "connection", s.Connection, "err", chain(err))
			continue
		}
		ep.spool.add(vpn.Event{Established: s.event()})
	}
}

// over tells whether the session has reached its maximum duration.
func (s *session) over() bool { return uptime() > s.Ends }

func (s *session) event() *vpn.Established {
	return &vpn.Established{Connection: s.Connection, Endpoint: s.Endpoint, Association: s.Association, ClientIP: s.Addr, Device: s.Peer}
}

func hasAssociation(d vpn.Desired, id vpn.AssociationID) bool {
	for _, a := range d.Associations {
		if a.ID == id {
			return true
		}
	}
	return false
}

// leastUsed is the association with the fewest sessions; ep.mu is held.
func (ep *endpoint) leastUsed(d vpn.Desired) vpn.AssociationID {
	used := map[vpn.AssociationID]int{}
	for _, s := range ep.sessions {
		used[s.Association]++
	}
	best := vpn.AssociationID("")
	for _, a := range d.Associations {
		if best == "" || used[a.ID] < used[best] {
			best = a.ID
		}
	}
	return best
}

// mendRoutes puts back the routes to clients that somebody removed.
func (ep *endpoint) mendRoutes() {
	routes, err := host.ClientRoutes()
	if err != nil {
		ep.log.Error("routes to clients cannot be read", "err", err)
		return
	}
	ep.mu.Lock()
	var missing []*session
	for _, s := range ep.sessions {
		if s.interrupted.IsZero() && routes[s.Addr] != s.Device {
			missing = append(missing, s)
		}
	}
	ep.mu.Unlock()
	for _, s := range missing {
		ep.log.Warn("a route to a client was missing and is put back", "address", s.Addr)
		ep.repairs.note(string(ep.id), "The route to client "+s.Addr.String()+" had been removed and was put back.", ep.now())
		if err := host.RouteClient(s.Addr, s.Device); err != nil {
			ep.log.Error("a route to a client cannot be put back", "address", s.Addr, "err", err)
		}
	}
}

func plus(a vpn.Counters, b nft.Counters) vpn.Counters {
	return vpn.Counters{
		BytesIn: a.BytesIn + b.BytesIn, PacketsIn: a.PacketsIn + b.PacketsIn,
		BytesOut: a.BytesOut + b.BytesOut, PacketsOut: a.PacketsOut + b.PacketsOut,
	}
}
