package dataplane

import (
	"cmp"
	"context"
	"net/netip"
	"path/filepath"
	"slices"
	"sync"

	"sallyport/dataplane/journal"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

// adopt takes over what an earlier process left: its endpoints from the journal, the workers that
// still run, the sessions that these still have. Tunnels that run on notice nothing. What no
// journal knows is ended: nobody vouches for it.
func (e *Engine) adopt(ctx context.Context) {
	desired := readJournal[vpn.Desired](ctx, e, journal.Desired)
	records := readJournal[workerRecord](ctx, e, journal.Workers)
	sessions := readJournal[*session](ctx, e, journal.Sessions)
	byEndpoint := map[vpn.EndpointID][]workerRecord{}
	for _, r := range records {
		byEndpoint[r.Endpoint] = append(byEndpoint[r.Endpoint], r)
	}
	known, devices := map[supervise.Identity]bool{}, map[string]bool{}
	var adopted []*endpoint
	e.mu.Lock()
	for _, d := range desired {
		if err := d.Validate(); err != nil {
			e.log.ErrorContext(ctx, "a journalled endpoint is not adopted: its state is malformed", "endpoint", d.Endpoint, "err", err)
			continue
		}
		ep := e.prepareEndpoint(d)
		// In the order in which they were made: it decides which worker a client is dealt to.
		slices.SortFunc(byEndpoint[d.Endpoint], func(a, b workerRecord) int {
			return cmp.Or(cmp.Compare(len(a.Device), len(b.Device)), cmp.Compare(a.Device, b.Device))
		})
		for _, r := range byEndpoint[d.Endpoint] {
			if ep.adoptWorker(r) {
				known[r.Identity], devices[r.Device] = true, true
			}
		}
		adopted = append(adopted, ep)
	}
	e.mu.Unlock()
	e.loadSnapshots(ctx)
	e.endStrangers(ctx, known)
	for _, r := range records {
		if !devices[r.Device] && filepath.Base(r.Device) == r.Device {
			_ = e.journal.Remove(journal.Workers, r.Device) // nobody will ask for it again
		}
	}
	e.adoptSessions(sessions)
	if err := e.restoreRules(ctx, adopted); err != nil {
		e.log.ErrorContext(ctx, "the packet filter could not be taken over", "err", errorChain(err))
	}
	e.cleanHost()
	var dialogues sync.WaitGroup // a worker that does not greet takes seconds to be given up
	for _, ep := range adopted {
		for _, w := range ep.workers {
			dialogues.Go(func() { ep.adoptDialogue(ctx, w) })
		}
	}
	dialogues.Wait()
	for _, ep := range adopted {
		ep.start() //nolint:contextcheck // an endpoint lives as long as the engine, not as the call
		ep.wake()
	}
}

func readJournal[T any](ctx context.Context, e *Engine, kind journal.Kind) []T {
	out, err := journal.Read[T](e.journal, kind)
	if err != nil {
		e.log.ErrorContext(ctx, "part of the journal is unreadable", "err", err)
	}
	return out
}

// endStrangers ends OpenVPN processes under our uids that no journal knows: they were started in
// the instant before a crash.
func (e *Engine) endStrangers(ctx context.Context, known map[supervise.Identity]bool) {
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
		e.log.WarnContext(ctx, "a worker that no journal knows is ended", "pid", id.PID)
		if err := p.Kill(); err != nil {
			e.log.ErrorContext(ctx, "it does not end", "pid", id.PID, "err", err)
		}
	}
}

// adoptWorker takes a worker over; e.mu is held. One that has ended meanwhile is started again
// by run. It tells whether the worker is ours.
func (ep *endpoint) adoptWorker(r workerRecord) bool {
	if r.Slot < 0 || r.Slot >= maxSlots || ep.slots[r.Slot] || !ep.deviceFree(r.Device) {
		ep.log.Error("a journalled worker is not adopted: its record is malformed", "device", r.Device)
		return false
	}
	ep.slots[r.Slot] = true
	w := ep.newWorker(r.Slot, r.Device)
	w.config, w.instance, w.started, w.index = r.Config, r.Instance, r.Started, r.Index
	ep.workers = append(ep.workers, w)
	proc, err := supervise.Adopt(r.Identity)
	if err != nil {
		ep.log.Warn("a worker ended while no dataplane ran", "device", w.device, "err", err)
		return true
	}
	w.proc = proc
	ep.log.Info("worker adopted", "device", w.device, "pid", r.Identity.PID)
	return true
}

// adoptSessions takes sessions over. One that had ended is told again where web may not know, and
// its address rests once more: its flows may still be in the kernel.
func (e *Engine) adoptSessions(sessions []*session) {
	counted, err := e.table.Counters() // what is in the kernel from before
	if err != nil {
		e.log.Error("counters of an earlier process cannot be read", "err", errorChain(err))
	}
	told := e.events.Ended()
	for _, s := range sessions {
		ep := e.endpoints[s.Endpoint]
		switch {
		case s.Ended || told[s.Connection]:
			if ep == nil || !ep.adoptLeaver(s) {
				_ = e.journal.Remove(journal.Sessions, string(s.Connection))
			}
		case ep == nil || !ep.adoptSession(s, counted):
			e.events.Add(vpn.Event{Ended: &vpn.Ended{
				Connection: s.Connection, Endpoint: s.Endpoint, Reason: "The VPN server was restarted.", Counters: plus(s.Before, counted[s.Addr]),
			}})
			_ = e.journal.Remove(journal.Sessions, string(s.Connection))
		}
	}
}

func (ep *endpoint) adoptLeaver(s *session) bool {
	if ep.limiter.Reserve(s.Connection, 0) != nil || !ep.pool.Hold(s.Addr) {
		return false
	}
	ep.limiter.End(s.Connection)
	ep.leaving = append(ep.leaving, leaver{connection: s.Connection, addr: s.Addr, closed: true})
	return true
}

// adoptSession takes a session over; where its worker has ended it waits for its client's return.
func (ep *endpoint) adoptSession(s *session, counted map[netip.Addr]nft.Counters) bool {
	if !s.Connection.Valid() || ep.limiter.Reserve(s.Connection, 0) != nil {
		return false
	}
	if !ep.pool.Hold(s.Addr) {
		ep.limiter.Release(s.Connection)
		return false
	}
	if w := ep.workerOf(s.Instance); w == nil || w.proc == nil || w.device != s.Device {
		s.interrupted = ep.now()
		s.Before = plus(s.Before, counted[s.Addr])
	}
	s.Ends = min(s.Ends, uptime()+ep.desired.SessionTimeout) // a run directory that outlived its host has another uptime
	ep.roster.add(s)
	ep.roster.tokens[s.Token] = s
	return true
}

// restoreRules writes the table as the journal has it in one transaction, sessions included, so
// that their counters go on and nothing else is let through. With no endpoint the table goes.
func (e *Engine) restoreRules(ctx context.Context, adopted []*endpoint) (err error) {
	defer func() {
		if err != nil { // run writes them all
			e.mu.Lock()
			e.unsure = true
			e.mu.Unlock()
		}
	}()
	if len(adopted) == 0 {
		if e.lacking() != "" {
			return nil
		}
		return e.table.Remove()
	}
	var live []nft.Session
	for _, ep := range adopted {
		policy, problem := ep.policy.Current()
		if len(ep.desired.Associations) == 0 || len(ep.workers) == 0 || problem != "" || policy.AllowsListen(ep.desired.Listen) != "" {
			continue // run takes it off the host
		}
		narrowed := ep.narrow(ep.desired, policy)
		rules, err := ep.rulesFor(narrowed)
		if err != nil {
			return err
		}
		uplinks := ep.reach(narrowed, policy)
		e.mu.Lock()
		e.rules[ep.id], e.uplinks[ep.id] = rules, uplinks
		e.mu.Unlock()
		for _, s := range ep.roster.clients {
			live = append(live, s.inTable())
		}
	}
	e.rulesMu.Lock()
	defer e.rulesMu.Unlock()
	r, err := e.ruleset()
	if err != nil {
		return err
	}
	if err := e.table.Restore(ctx, r, live); err != nil {
		return err
	}
	e.openOwned(ctx)
	return nil
}

func (ep *endpoint) workerOf(instance string) *worker {
	for _, w := range ep.workers {
		if w.instance == instance {
			return w
		}
	}
	return nil
}

// adoptDialogue takes up the dialogue with an adopted worker.
func (ep *endpoint) adoptDialogue(ctx context.Context, w *worker) {
	ep.mu.Lock()
	proc := w.proc
	ep.mu.Unlock()
	if proc == nil {
		return
	}
	ep.watchWorker(w, proc)
	if err := ep.redial(ctx, w, proc); err != nil {
		ep.log.WarnContext(ctx, "an adopted worker cannot be spoken to and is replaced", "device", w.device, "err", err)
		_ = proc.Kill()
	}
}
