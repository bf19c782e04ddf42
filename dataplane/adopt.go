package dataplane

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/supervise"
	"sallyport/vpn"
)

// adopt takes over what an earlier process left: its endpoints from the journal, the workers that
// still run, the sessions that these still have. Tunnels that run on notice nothing. What no
// journal knows is ended: nobody vouches for it.
func (e *Engine) adopt(ctx context.Context) error {
	desired, err := journalled[vpn.Desired](e.journal, journalDesired)
	if err != nil {
		e.log.ErrorContext(ctx, "part of the journal is unreadable", "err", err)
	}
	records, err := journalled[workerRecord](e.journal, journalWorkers)
	if err != nil {
		e.log.ErrorContext(ctx, "part of the journal is unreadable", "err", err)
	}
	sessions, err := journalled[*session](e.journal, journalSessions)
	if err != nil {
		e.log.ErrorContext(ctx, "part of the journal is unreadable", "err", err)
	}
	byEndpoint := map[vpn.EndpointID][]workerRecord{}
	for _, r := range records {
		byEndpoint[r.Endpoint] = append(byEndpoint[r.Endpoint], r)
	}
	known := map[int]bool{}
	var adopted []*endpoint
	e.mu.Lock()
	for _, d := range desired {
		if d.Validate() != nil {
			continue
		}
		ep := e.prepareEndpoint(d)
		for _, r := range byEndpoint[d.Endpoint] {
			ep.adoptWorker(r)
			known[r.Identity.PID] = true
		}
		adopted = append(adopted, ep)
	}
	e.mu.Unlock()
	e.endStrangers(ctx, known)
	for _, s := range sessions {
		ep := e.endpoints[s.Endpoint]
		if ep == nil || !ep.adoptSession(s) {
			_ = e.journal.drop(journalSessions, string(s.Connection))
			e.spool.add(vpn.Event{Ended: &vpn.Ended{Connection: s.Connection, Endpoint: s.Endpoint, Reason: "The VPN server was restarted.", Counters: s.Before}})
		}
	}
	if err := e.restoreRules(ctx, adopted); err != nil {
		e.log.ErrorContext(ctx, "the packet filter could not be taken over", "err", chain(err))
	}
	for _, ep := range adopted {
		ep.adoptDialogues(ctx)
		ep.start()
		ep.wake()
	}
	return e.endOldLogins(ctx)
}

// endStrangers ends OpenVPN processes under our uids that no journal knows: they were started in
// the instant before a crash.
func (e *Engine) endStrangers(ctx context.Context, known map[int]bool) {
	running, err := supervise.Running(filepath.Join(e.cfg.RunDir, "workers"))
	if err != nil {
		e.log.ErrorContext(ctx, "running workers cannot be listed", "err", err)
		return
	}
	for _, id := range running {
		if known[id.PID] {
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
// by run.
func (ep *endpoint) adoptWorker(r workerRecord) {
	if r.Slot < 0 || r.Slot >= maxSlots || ep.slots[r.Slot] {
		return
	}
	ep.slots[r.Slot] = true
	w := ep.newWorker(ep.id, len(ep.workers), r.Slot)
	w.device, w.config, w.instance, w.started, w.port, w.index = r.Device, r.Config, r.Instance, r.Started, r.Port, r.Index
	ep.workers = append(ep.workers, w)
	proc, err := supervise.Adopt(r.Identity)
	if err != nil {
		ep.log.Warn("a worker ended while no dataplane ran", "device", w.device, "err", err)
		return
	}
	w.proc = proc
	ep.log.Info("worker adopted", "device", w.device, "pid", r.Identity.PID)
}

// adoptSession takes a session over; where its worker has ended it waits for its client's return.
func (ep *endpoint) adoptSession(s *session) bool {
	ep.mu.Lock()
	defer ep.mu.Unlock()
	if !vpn.Assignable(ep.desired.ClientCIDR, s.Addr) || ep.pool.taken[s.Addr] {
		return false
	}
	if w := ep.workerOf(s.Instance); w == nil || w.proc == nil {
		s.interrupted = ep.now()
	}
	ep.pool.hold(s.Addr)
	ep.sessions[s.Connection] = s
	ep.byToken[s.Token] = s
	return true
}

// restoreRules writes the table as the journal has it in one transaction, sessions included, so
// that their counters go on and nothing else is let through.
func (e *Engine) restoreRules(ctx context.Context, adopted []*endpoint) error {
	if len(adopted) == 0 {
		return nil
	}
	var live []nft.Session
	for _, ep := range adopted {
		if len(ep.desired.Associations) == 0 || len(ep.workers) == 0 {
			continue
		}
		policy, problem := ep.policy.get()
		if problem != "" || policy.allowsListen(ep.desired.Listen) != "" {
			continue // run ends what is not allowed any more
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
		for _, s := range ep.sessions {
			if w := ep.workerOf(s.Instance); w != nil && w.proc != nil {
				live = append(live, s.inTable())
			}
		}
	}
	r, err := e.ruleset()
	if err != nil {
		return err
	}
	return e.table.Restore(ctx, r, live)
}

func (ep *endpoint) workerOf(instance string) *worker {
	for _, w := range ep.workers {
		if w.instance == instance {
			return w
		}
	}
	return nil
}

// adoptDialogues takes up the dialogue with each adopted worker.
func (ep *endpoint) adoptDialogues(ctx context.Context) {
	for _, w := range ep.workers {
		proc := w.proc
		if proc == nil {
			continue
		}
		ep.watchWorker(w, proc)
		conn, err := dialWorker(ctx, w.socket(), proc)
		if err == nil {
			err = ep.resumeDialogue(ctx, w, conn)
		}
		if err != nil {
			ep.log.WarnContext(ctx, "an adopted worker cannot be spoken to and is replaced", "device", w.device, "err", err)
			_ = proc.Kill()
		}
	}
}

// resumeDialogue makes both sides agree after a time without dialogue: sessions that the worker
// still has go on, those it lost end, clients that it has and we never let in are sent away, and
// logins that waited are to be made again.
func (ep *endpoint) resumeDialogue(ctx context.Context, w *worker, conn *ovpn.Conn) error {
	pid, err := conn.Pid(ctx)
	if err != nil {
		return err
	}
	if pid != w.proc.Identity().PID {
		return fmt.Errorf("process %d answers in place of %d", pid, w.proc.Identity().PID)
	}
	status, err := conn.Status(ctx)
	if err != nil {
		return err
	}
	has := map[ovpn.CID]ovpn.StatusClient{}
	for _, c := range status.Clients {
		has[c.CID] = c
	}
	var lost []*session
	ours := map[ovpn.CID]bool{}
	ep.mu.Lock()
	for _, s := range ep.sessions {
		if s.Instance != w.instance {
			continue
		}
		if c, ok := has[s.CID]; ok && (c.Addr == s.Addr || !c.Addr.IsValid()) {
			ours[s.CID] = true
			wasEstablished := s.Established
			s.interrupted, s.established, s.Established = noTime, c.Addr.IsValid(), wasEstablished || c.Addr.IsValid()
			if s.Established && !wasEstablished {
				ep.spool.add(vpn.Event{Established: s.event()})
			}
			continue
		}
		lost = append(lost, s)
	}
	w.ready = true
	select {
	case <-w.up:
	default:
		close(w.up)
	}
	ep.mu.Unlock()
	for _, s := range lost {
		ep.end(ctx, s, "The client disconnected.", nil)
	}
	if err := ep.attach(ctx, w, conn); err != nil {
		return err
	}
	for cid := range has {
		if ours[cid] {
			continue
		}
		// [P]: a client that waits for its login comes back with what its user typed.
		if err := conn.Kill(ctx, cid, ovpn.Restart("Try again", true)); err != nil && !errors.Is(err, ovpn.ErrNoClient) {
			return err
		}
	}
	return nil
}

// endOldLogins forgets logins of an earlier process: their clients were told to come again.
func (e *Engine) endOldLogins(ctx context.Context) error {
	old, err := journalled[loginRecord](e.journal, journalLogins)
	if err != nil {
		e.log.ErrorContext(ctx, "part of the journal is unreadable", "err", err)
	}
	for _, r := range old {
		if err := e.journal.drop(journalLogins, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// Stop takes everything off the host: sessions end and are reported, workers stop, the kernel is
// as it was before. The events stay for web to read from the next process.
func (e *Engine) Stop(ctx context.Context) error {
	var failures []error
	for _, ep := range e.all() {
		ep.cancel()
		<-ep.done
		d, _ := ep.want()
		ep.mu.Lock()
		ep.gone = true
		ep.mu.Unlock()
		ep.withdrawFor(ctx, d, "The VPN server was stopped.")
		failures = append(failures, e.journal.drop(journalDesired, string(ep.id)))
	}
	failures = append(failures, e.table.Remove(), e.settings.Restore())
	return errors.Join(failures...)
}

// Release leaves everything running for a process that takes this one's place.
func (e *Engine) Release() {
	for _, ep := range e.all() {
		ep.cancel()
		<-ep.done
	}
}

// cleanHost removes what an earlier process left on a host that it did not clean and whose
// journal is gone, as after a crash and the loss of the run directory.
func (e *Engine) cleanHost() {
	known := map[string]bool{}
	for _, ep := range e.all() {
		for _, w := range ep.workers {
			known[w.device] = true
		}
	}
	devices, err := host.Tuns()
	if err != nil {
		e.log.Error("tun devices cannot be listed", "err", err)
		return
	}
	for _, name := range devices {
		if !known[name] {
			e.log.Warn("a tun device that no journal knows is removed", "device", name)
			if err := host.DeleteTun(name); err != nil {
				e.log.Error("it is not removed", "device", name, "err", err)
			}
		}
	}
}
