package dataplane

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	sessions "sallyport/dataplane/session"
	"sallyport/vpn"
)

// ending is why sessions end.
type ending struct {
	reason  string              // for web and the log
	message *ovpn.Message       // what clients are told; nil where they have gone already
	only    func(*session) bool // asked last, when nothing else can change the session; nil: all
}

// leaver is a session that is over and whose address is not free yet.
type leaver struct {
	connection vpn.ConnectionID
	addr       netip.Addr
	closed     bool      // the kernel lets nothing of it through
	free       time.Time // when the next process need not know of it any more
}

// end closes the kernel for sessions, for good: their packets stop at once, all in one
// transaction. It sends the clients away and tells web. The addresses come back later (settle).
//
// In this order a crash at any point loses no end: a session that web was not told of is still
// in the journal, and what the journal has as ended is not let through again.
func (ep *endpoint) end(ctx context.Context, why ending, sessions ...*session) {
	ctx = context.WithoutCancel(ctx) // whoever asked may leave; half an end is none
	gone, closed := ep.shut(ctx, why, sessions)
	if len(gone) == 0 {
		return
	}
	ep.sendAway(ctx, why.message, gone)
	leaving := make([]leaver, 0, len(gone))
	for _, s := range gone {
		if err := host.UnrouteClient(s.Addr); err != nil {
			ep.log.ErrorContext(ctx, "a client's route was not removed", "address", s.Addr, "err", err)
		}
		ep.events.Add(vpn.Event{Ended: &vpn.Ended{Connection: s.Connection, Endpoint: ep.id, Reason: why.reason, Counters: s.Before}})
		s.Ended = true
		if err := ep.journalSession(s); err != nil {
			ep.log.ErrorContext(ctx, "the end of a session was not journalled", "connection", s.Connection, "err", err)
			_ = ep.journal.Remove(journal.Sessions, string(s.Connection))
		}
		ep.limiter.End(s.Connection)
		ep.log.InfoContext(ctx, "session ended", "connection", s.Connection, "user", s.User.Name, "reason", why.reason)
		leaving = append(leaving, leaver{connection: s.Connection, addr: s.Addr, closed: closed})
	}
	ep.mu.Lock()
	ep.leaving = append(ep.leaving, leaving...)
	ep.mu.Unlock()
}

// shut takes sessions out of the books and out of the kernel. Before is then all that each was
// let through. closed is false where the kernel refused: settle tries again.
func (ep *endpoint) shut(ctx context.Context, why ending, sessions []*session) (gone []*session, closed bool) {
	ep.gate.Lock()
	defer ep.gate.Unlock()
	ep.mu.Lock()
	var addrs []netip.Addr
	for _, s := range sessions {
		if why.only != nil && !why.only(s) || !ep.roster.remove(s) {
			continue
		}
		gone, addrs = append(gone, s), append(addrs, s.Addr)
	}
	ep.mu.Unlock()
	if len(gone) == 0 {
		return nil, true
	}
	counted, err := ep.table.End(addrs...)
	if err != nil {
		ep.log.ErrorContext(ctx, "sessions were not taken out of the packet filter", "number", len(gone), "err", errorChain(err))
	}
	for _, s := range gone { // nobody else finds them any more
		s.Before = plus(s.Before, counted[s.Addr])
	}
	return gone, err == nil
}

// sendAway tells clients to go. A worker that does not answer is asked no more: it is replaced,
// and the kernel is closed in any case.
func (ep *endpoint) sendAway(ctx context.Context, message *ovpn.Message, gone []*session) {
	if message == nil {
		return
	}
	conns := map[string]*ovpn.Conn{}
	ep.mu.Lock()
	for _, w := range ep.workers {
		conns[w.instance] = w.conn
	}
	ep.mu.Unlock()
	for _, s := range gone {
		conn := conns[s.Instance]
		if conn == nil || !s.interrupted.IsZero() {
			continue
		}
		if err := conn.Kill(ctx, s.CID, *message); err != nil && !errors.Is(err, ovpn.ErrNoClient) {
			ep.log.WarnContext(ctx, "clients were not told that their sessions ended", "connection", s.Connection, "err", err)
			conns[s.Instance] = nil
		}
	}
}

// tend looks after sessions every second, beside run, which may wait for a worker.
func (ep *endpoint) tend(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			ep.expireSessions(ctx)
			ep.settleAddresses(false)
		}
	}
}

// expireSessions ends what has reached its maximum duration or did not come back.
func (ep *endpoint) expireSessions(ctx context.Context) {
	now, up := ep.now(), uptime()
	longest := ep.want().SessionTimeout // one that was shortened holds for those who are in already
	over := func(s *session) bool { return up > s.Ends || s.Began > 0 && up-s.Began > longest }
	lost := func(s *session) bool { return !s.interrupted.IsZero() && now.Sub(s.interrupted) > resumeWait }
	var overs, losts []*session
	ep.mu.Lock()
	for _, s := range ep.roster.all {
		switch {
		case over(s):
			overs = append(overs, s)
		case lost(s):
			losts = append(losts, s)
		}
	}
	ep.mu.Unlock()
	halt := ovpn.Halt("Your VPN session has reached its maximum duration. Connect again to go on.")
	ep.end(ctx, ending{reason: "The session reached its maximum duration.", message: &halt}, overs...)
	// One that has come back since goes on.
	ep.end(ctx, ending{reason: "The OpenVPN worker ended and the client did not come back.", only: lost}, losts...)
}

// terminate ends sessions that somebody wants ended. After HALT the client's program stays away;
// after RESTART it would be back within a second.
func (ep *endpoint) terminate(ctx context.Context, reason string, sessions ...*session) {
	halt := ovpn.Halt(reason)
	ep.end(ctx, ending{reason: reason, message: &halt}, sessions...)
}

// endAll ends every session: the endpoint is taken off the host.
func (ep *endpoint) endAll(ctx context.Context, reason string) {
	ep.mu.Lock()
	all := make([]*session, 0, len(ep.roster.all))
	for _, s := range ep.roster.all {
		all = append(all, s)
	}
	ep.mu.Unlock()
	ep.terminate(ctx, reason, all...)
}

// settleAddresses gives the addresses of ended sessions back, those of all that ended since the
// last call at once: to forget flows is to walk the host's whole table. An address is given back
// only when no flow of its holder is left (the next one would receive the last one's streams)
// and the kernel is closed to it; what fails is tried again. The journal knows of them until they
// have rested. now is for an endpoint without workers: nothing holds any address then.
func (ep *endpoint) settleAddresses(now bool) {
	ep.mu.Lock()
	leaving := ep.leaving
	ep.leaving = nil
	ep.mu.Unlock()
	done, failed, err := ep.forgetHolders(leaving)
	sentence := ""
	if err != nil {
		sentence = "Addresses of clients that left cannot be used again yet: " + adminMessage(err)
	}
	if ep.faults.Set(faultFlows, string(ep.id), sentence, ep.now()) && err != nil {
		ep.log.Error("addresses are not used again yet", "number", len(failed), "err", errorChain(err))
	}
	free := ep.now().Add(sessions.AddressCooldown)
	ep.mu.Lock()
	ep.leaving = append(failed, ep.leaving...)
	for _, l := range done {
		ep.pool.Release(l.addr)
		l.free = free
		ep.resting = append(ep.resting, l)
	}
	n := 0
	for n < len(ep.resting) && (now || !ep.now().Before(ep.resting[n].free)) {
		n++
	}
	rested := ep.resting[:n:n]
	ep.resting = ep.resting[n:]
	ep.mu.Unlock()
	for _, l := range rested {
		if err := ep.journal.Remove(journal.Sessions, string(l.connection)); err != nil {
			ep.log.Error("an ended session stays in the journal", "connection", l.connection, "err", err)
		}
		ep.limiter.Release(l.connection)
	}
}

// forgetHolders closes the kernel where that failed before, and forgets flows.
func (ep *endpoint) forgetHolders(leaving []leaver) (done, failed []leaver, err error) {
	var open, addrs []netip.Addr
	for _, l := range leaving {
		addrs = append(addrs, l.addr)
		if !l.closed {
			open = append(open, l.addr)
		}
	}
	if len(open) > 0 {
		ep.gate.Lock()
		_, err = ep.table.End(open...)
		ep.gate.Unlock()
	}
	if err == nil {
		err = host.ForgetFlows(addrs...)
	}
	if err != nil {
		return nil, leaving, err
	}
	return leaving, nil, nil
}
