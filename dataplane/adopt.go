package dataplane

import (
	"cmp"
	"context"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/session"
	"sallyport/dataplane/supervise"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// adopt takes over what an earlier process left: its endpoints from the journal, the workers that
// still run, the sessions that these still have. Tunnels that run on notice nothing. Processes and
// devices that the journal does not know are removed.
func (e *Engine) adopt(ctx context.Context) {
	desired := readJournal[vpn.Desired](ctx, e, journal.Desired)
	records := readJournal[worker.Record](ctx, e, journal.Workers)
	sessions := readJournal[session.Session](ctx, e, journal.Sessions)
	logins := readJournal[pendedLogin](ctx, e, journal.Logins)
	byEndpoint := map[vpn.EndpointID][]worker.Record{}
	for _, r := range records {
		byEndpoint[r.Endpoint] = append(byEndpoint[r.Endpoint], r)
	}
	known, devices := map[supervise.Identity]bool{}, map[string]bool{}
	var adopted []*endpoint
	for _, d := range desired {
		if err := d.Validate(); err != nil {
			e.log.ErrorContext(ctx, "a journalled endpoint is not adopted: its state is malformed", "endpoint", d.Endpoint, "err", err)
			continue
		}
		ep := e.newEndpoint(d)
		// In the order in which they were made: the order decides which worker a client is sent to.
		slices.SortFunc(byEndpoint[d.Endpoint], func(a, b worker.Record) int {
			return cmp.Or(cmp.Compare(len(a.Device), len(b.Device)), cmp.Compare(a.Device, b.Device))
		})
		for _, r := range byEndpoint[d.Endpoint] {
			if ep.adoptWorker(r) {
				known[r.Identity], devices[r.Device] = true, true
			}
		}
		adopted = append(adopted, ep)
		e.mu.Lock()
		e.endpoints[d.Endpoint] = ep
		e.mu.Unlock()
	}
	e.loadSnapshots(ctx)
	e.killUnknown(ctx, known)
	var workers []*worker.Worker
	for _, ep := range adopted {
		workers = append(workers, ep.state.workers...)
	}
	worker.RemoveOldLogs(e.cfg.RunDir, workers)
	for _, r := range records {
		if !devices[r.Device] && filepath.Base(r.Device) == r.Device {
			_ = e.journal.Remove(journal.Workers, r.Device) // no endpoint will read it
		}
	}
	e.leftover = e.adoptSessions(sessions)
	e.adoptLogins(logins)
	if err := e.restoreRules(ctx, adopted); err != nil {
		e.filter.distrust() // the reconcilers write all rules
		e.log.ErrorContext(ctx, "the packet filter could not be taken over", "err", errorChain(err))
	}
	e.forgetLeftover(ctx) // after the packet filter has closed them
	e.deleteUnknownDevices(devices)
	var resuming sync.WaitGroup // a worker that does not answer takes seconds to be given up
	for _, ep := range adopted {
		workers := ep.state.workers
		go ep.own(time.Tick(sessionInterval))
		for _, w := range workers {
			resuming.Go(func() { w.Resume(ctx) })
		}
	}
	resuming.Wait()
	for _, ep := range adopted {
		ep.do(func() {})     // what the workers said is known before web asks
		ep.startReconciler() //nolint:contextcheck // an endpoint lives as long as the engine, not as the call
		ep.wake()
	}
}

// forgetLeftover removes the flows of sessions that were not adopted. What fails is tried again.
func (e *Engine) forgetLeftover(ctx context.Context) {
	if len(e.leftover) == 0 {
		return
	}
	err := host.ForgetFlows(e.leftover...)
	sentence := ""
	if err != nil {
		sentence = "Flows of clients of an earlier process are still in the kernel, and the next client with the same address may receive them: " + adminMessage(err)
	} else {
		e.leftover = nil
	}
	if e.faults.Set(faultFlows, "", sentence, e.now()) && err != nil {
		e.log.ErrorContext(ctx, "flows of sessions that are not adopted were not removed", "number", len(e.leftover), "err", errorChain(err))
	}
}

func readJournal[T any](ctx context.Context, e *Engine, kind journal.Kind) []T {
	out, err := journal.Read[T](e.journal, kind)
	if err != nil {
		e.log.ErrorContext(ctx, "part of the journal is unreadable", "err", err)
	}
	return out
}

// killUnknown ends OpenVPN processes under the workers' uids that the journal does not know: they
// were started in the instant before a crash.
func (e *Engine) killUnknown(ctx context.Context, known map[supervise.Identity]bool) {
	running, err := supervise.Running(filepath.Join(e.cfg.RunDir, "workers"))
	if err != nil {
		e.log.ErrorContext(ctx, "running workers cannot be listed", "err", err)
		return
	}
	for _, id := range running {
		if known[id] {
			continue
		}
		p, err := supervise.Adopt(id)
		if err != nil {
			continue
		}
		e.log.WarnContext(ctx, "a worker that the journal does not know is ended", "pid", id.PID)
		if err := p.Kill(); err != nil {
			e.log.ErrorContext(ctx, "it does not end", "pid", id.PID, "err", err)
		}
	}
}

// deleteUnknownDevices removes tun devices that an earlier process left on a host whose journal is
// gone, as after a crash and the loss of the run directory.
func (e *Engine) deleteUnknownDevices(known map[string]bool) {
	devices, err := host.Tuns()
	if err != nil {
		e.log.Error("tun devices cannot be listed", "err", err)
		return
	}
	for _, name := range devices {
		if known[name] {
			continue
		}
		e.log.Warn("a tun device that the journal does not know is removed", "device", name)
		if err := host.DeleteTun(name); err != nil {
			e.log.Error("it is not removed", "device", name, "err", err)
		}
	}
}

// adoptWorker takes a worker over; where its process has ended meanwhile the reconciler starts
// another. It is false where the record is malformed. own does not run yet.
func (ep *endpoint) adoptWorker(r worker.Record) bool {
	if hasDevice(ep.state.workers, r.Device) || !ep.slots.hold(r.Slot) {
		ep.log.Error("a journalled worker is not adopted: its record is malformed", "device", r.Device)
		return false
	}
	w := ep.newWorker(r.Slot, r.Device)
	w.Adopt(r)
	ep.state.workers = append(ep.state.workers, w)
	return true
}

// adoptSessions takes sessions over. The end of a session that had ended is reported again where web
// may not know of it, and its address cools down again: its flows may still be in the kernel. dropped
// is the addresses of the sessions that were not taken over: no endpoint removes their flows.
func (e *Engine) adoptSessions(sessions []session.Session) (dropped []netip.Addr) {
	counted, err := e.filter.table.Counters() // what is in the kernel from before
	if err != nil {
		e.log.Error("counters of an earlier process cannot be read", "err", errorChain(err))
	}
	drop := func(s session.Session) {
		if s.Addr.IsValid() {
			dropped = append(dropped, s.Addr)
		}
		_ = e.journal.Remove(journal.Sessions, string(s.Connection))
	}
	reported := e.events.Ended()
	for _, s := range sessions {
		ep := e.endpoint(s.Endpoint)
		switch {
		case s.Ended || reported[s.Connection]:
			if ep == nil || !ep.adoptEnded(s) {
				drop(s)
			}
		case ep == nil || !ep.adoptSession(s, counted):
			e.events.Add(vpn.Event{Ended: &vpn.Ended{
				Connection: s.Connection, Endpoint: s.Endpoint, Reason: "The VPN server was restarted.",
				Counters: s.Before.Plus(vpn.Counters(counted[s.Addr])),
			}})
			drop(s)
		}
	}
	return dropped
}

func (ep *endpoint) adoptEnded(s session.Session) bool {
	if ep.limiter.Reserve(s.Connection, 0) != nil {
		return false
	}
	ep.limiter.End(s.Connection)
	if !ep.sessions.AdoptReleased(session.Released{Connection: s.Connection, Addr: s.Addr, Closed: true}) {
		ep.limiter.Release(s.Connection)
		return false
	}
	return true
}

// adoptSession takes a session over; where its worker has ended it waits for the return of its
// client. own does not run yet.
func (ep *endpoint) adoptSession(s session.Session, counted map[netip.Addr]nft.Counters) bool {
	if !s.Connection.Valid() || ep.limiter.Reserve(s.Connection, 0) != nil {
		return false
	}
	// A run directory that outlived its host has another uptime.
	s.AwayAt, s.Joined, s.Began = min(s.AwayAt, session.Uptime()), min(s.Joined, session.Uptime()), min(s.Began, session.Uptime())
	s.Ends = min(s.Ends, session.Uptime()+ep.state.desired.SessionTimeout)
	left := !s.Away() && !slices.ContainsFunc(ep.state.workers, func(w *worker.Worker) bool { return w.Device == s.Device && w.Runs(s.Instance) })
	if left {
		s.AwayAt = session.Uptime()
		s.Before = s.Before.Plus(vpn.Counters(counted[s.Addr]))
	}
	if !ep.sessions.Adopt(s) {
		ep.limiter.Release(s.Connection)
		return false
	}
	if left { // else each restart would begin its time of being away again
		ep.journalSession(s)
	}
	if s.Away() && s.Established { // the crash may have come before the event
		ep.events.Add(awayEvent(s))
	}
	return true
}

// restoreRules writes the table as the journal has it in one transaction, sessions included, so
// that their counters continue and no other packet is let through. Without an endpoint the table is
// removed.
func (e *Engine) restoreRules(ctx context.Context, endpoints []*endpoint) error {
	if len(endpoints) == 0 {
		if _, missing := e.host.prerequisites(); missing != "" {
			return nil
		}
		return e.filter.table.Remove()
	}
	var parts []adopted
	for _, ep := range endpoints {
		desired, workers := ep.state.desired, ep.state.workers
		policy, problem := ep.policy.Current()
		if len(desired.Associations) == 0 || len(workers) == 0 || problem != "" || policy.Allows(desired) != "" {
			continue // the reconciler removes it from the host
		}
		narrowed := ep.narrow(desired, policy)
		rules, err := ep.rulesOf(narrowed, workers)
		if err != nil {
			return err
		}
		part := adopted{rules: rules, uplinks: ep.findUplinks(narrowed, policy)}
		for _, s := range ep.sessions.Select(func(s *session.Session) bool { return !s.Away() }) {
			part.sessions = append(part.sessions, inTable(s))
		}
		parts = append(parts, part)
	}
	return e.filter.restore(ctx, parts)
}
