package dataplane

import (
	"errors"
	"fmt"
	"net/netip"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/session"
	"sallyport/vpn"
)

// journalSession journals a session that has changed. Where it fails the journal has the session as
// it was before, which costs a client at most one more return.
func (ep *endpoint) journalSession(s session.Session) {
	if err := ep.journal.Put(journal.Sessions, string(s.Connection), s); err != nil {
		ep.log.Error("a change of a session was not journalled", "connection", s.Connection, "err", err)
	}
}

// detachSessions closes the kernel for sessions and keeps them for the return of their clients. It
// runs in the owner goroutine.
func (ep *endpoint) detachSessions(sessions ...session.Session) {
	if len(sessions) == 0 {
		return
	}
	ids, addrs := make([]vpn.ConnectionID, len(sessions)), make([]netip.Addr, len(sessions))
	for i, s := range sessions {
		ids[i], addrs[i] = s.Connection, s.Addr
	}
	counted, err := ep.filter.table.End(addrs...)
	if err != nil {
		// No worker carries their packets any more, but the filter still lets packets with their addresses
		// pass from the endpoint's own devices.
		ep.log.Error("sessions without a worker were not removed from the packet filter", "number", len(sessions), "err", errorChain(err))
		ep.state.open = true
	}
	for _, s := range ep.sessions.Detach(ids, countersOf(counted), session.Uptime()) {
		ep.journalSession(s)
	}
}

// closeAway closes the kernel for sessions that are away where that failed before. It runs in the owner goroutine.
func (ep *endpoint) closeAway() {
	if !ep.state.open {
		return
	}
	present := ep.filter.table.Sessions()
	open := ep.sessions.Select(func(s *session.Session) bool { _, there := present[s.Addr]; return there && s.Away() })
	ep.state.open = false
	if len(open) > 0 {
		ep.detachSessions(open...)
	}
	if len(open) > 0 && !ep.state.open {
		ep.log.Info("sessions without a worker are removed from the packet filter now", "number", len(open))
	}
}

// leave is detachSessions for clients that are out of reach: web is told. It runs in the owner goroutine.
func (ep *endpoint) leave(sessions ...session.Session) {
	ep.detachSessions(sessions...)
	for _, s := range sessions {
		if now, ok := ep.sessions.Get(s.Connection); ok && now.Established {
			ep.events.Add(awayEvent(now))
		}
	}
}

func awayEvent(s session.Session) vpn.Event {
	return vpn.Event{Away: &vpn.Away{Connection: s.Connection, Endpoint: s.Endpoint, Counters: s.Before}}
}

func countersOf(counted map[netip.Addr]nft.Counters) map[netip.Addr]vpn.Counters {
	out := make(map[netip.Addr]vpn.Counters, len(counted))
	for addr, c := range counted {
		out[addr] = vpn.Counters(c)
	}
	return out
}

// updateSessions gives the sessions of an association that was removed another one; their clients
// notice nothing, because the kernel's rules follow the association. It also restores what the packet
// filter should have of a session and has not. It runs in the owner goroutine.
func (ep *endpoint) updateSessions(d vpn.Desired) {
	moved := map[vpn.ConnectionID]bool{}
	for _, s := range ep.sessions.Reassociate(d.Associations) {
		moved[s.Connection] = true
		if s.Established {
			ep.events.Add(s.Event())
		}
		ep.journalSession(s)
	}
	present := ep.filter.table.Sessions()
	var put []nft.Session
	for _, s := range ep.sessions.Select(func(s *session.Session) bool {
		_, there := present[s.Addr]
		return !s.Away() && (there && moved[s.Connection] || !there && s.Established)
	}) {
		put = append(put, inTable(s))
	}
	if len(put) == 0 {
		return
	}
	if err := ep.filter.table.Put(put...); err != nil {
		ep.log.Error("sessions were not put into the packet filter", "number", len(put), "err", errorChain(err))
	}
}

// repairRoutes restores the routes to clients that another program removed. It runs in the owner goroutine.
func (ep *endpoint) repairRoutes() {
	up := ep.sessions.Select(func(s *session.Session) bool { return !s.Away() && s.Established })
	if len(up) == 0 {
		return
	}
	routes, err := host.ClientRoutes()
	if err != nil {
		ep.log.Error("routes to clients cannot be read", "err", err)
		return
	}
	var failures []error
	var missing []string
	for _, s := range up {
		if routes[s.Addr] != s.Device {
			missing = append(missing, s.Addr.String())
			failures = append(failures, host.RouteClient(s.Addr, s.Device))
		}
	}
	if len(missing) == 0 {
		return
	}
	ep.log.Warn("routes to clients were missing and are restored", "number", len(missing), "first", missing[0])
	// One repair, however many routes: they would push all others out.
	sentence := "The route to client " + missing[0] + " had been removed and was restored."
	if n := len(missing) - 1; n > 0 {
		sentence = fmt.Sprintf("The routes to client %s and %d more had been removed and were restored.", missing[0], n)
	}
	ep.repairs.Add(string(ep.id), sentence, ep.now())
	if err := errors.Join(failures...); err != nil {
		ep.log.Error("routes to clients cannot be restored", "err", err)
	}
}
