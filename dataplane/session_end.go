package dataplane

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/dataplane/session"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// ending is why sessions end.
type ending struct {
	code    vpn.Code                   // why a granted login became no connection; otherwise empty
	reason  string                     // for web and the log
	message *ovpn.Message              // for the clients; nil where they have left already
	only    func(session.Session) bool // asked last, when nothing else can change the session; nil: all
}

// end ends sessions and notifies their clients. It waits for the workers, so it runs outside the owner goroutine.
func (ep *endpoint) end(ctx context.Context, why ending, ids ...vpn.ConnectionID) {
	var notify func(context.Context)
	ep.do(func() { notify = ep.notifier(why, ep.closeSessions(why, ids...)) })
	if notify != nil {
		notify(context.WithoutCancel(ctx)) // finish even if the caller's context is cancelled
	}
}

// closeSessions ends sessions and gives back those that it ended: the kernel is closed for all of
// them in one transaction, so their packets stop at once, and their ends are reported. The addresses are released
// later (releaseAddresses). It runs in the owner goroutine.
//
// In this order a crash at any point loses no end: a session whose end was not reported is still in
// the journal, and a session that the journal has as ended is not let through again.
func (ep *endpoint) closeSessions(why ending, ids ...vpn.ConnectionID) []session.Session {
	removed := ep.sessions.Remove(ids, why.only)
	if len(removed) == 0 {
		return nil
	}
	addrs := make([]netip.Addr, len(removed))
	for i, s := range removed {
		addrs[i] = s.Addr
	}
	counted, err := ep.filter.table.End(addrs...)
	if err != nil { // releaseAddresses tries again
		ep.log.Error("sessions were not removed from the packet filter", "number", len(removed), "err", errorChain(err))
	}
	released := make([]session.Released, 0, len(removed))
	for _, s := range removed {
		s.Before, s.Ended = s.Before.Plus(vpn.Counters(counted[s.Addr])), true
		if err := host.UnrouteClient(s.Addr); err != nil {
			ep.log.Error("a client's route was not removed", "address", s.Addr, "err", err)
		}
		ep.events.Add(vpn.Event{Ended: &vpn.Ended{Connection: s.Connection, Endpoint: ep.id, Code: why.code, Reason: why.reason, Counters: s.Before}})
		if err := ep.journal.Put(journal.Sessions, string(s.Connection), s); err != nil {
			ep.log.Error("the end of a session was not journalled", "connection", s.Connection, "err", err)
			_ = ep.journal.Remove(journal.Sessions, string(s.Connection))
		}
		ep.limiter.End(s.Connection)
		ep.log.Info("session ended", "connection", s.Connection, "user", s.User.Name, "reason", why.reason)
		released = append(released, session.Released{Connection: s.Connection, Addr: s.Addr, Closed: err == nil})
	}
	ep.sessions.Release(released...)
	return removed
}

// notify notifies clients that their sessions ended, outside the owner goroutine.
func (ep *endpoint) notify(why ending, ended []session.Session) {
	if notify := ep.notifier(why, ended); notify != nil {
		go notify(ep.ctx)
	}
}

// notifier gives the function that notifies clients that their sessions ended; nil where none is to be
// notified. The workers are sent the commands side by side. A worker that does not answer gets no more: it is
// replaced, and the kernel is closed in any case. It runs in own; the function runs outside.
func (ep *endpoint) notifier(why ending, ended []session.Session) func(context.Context) {
	if why.message == nil {
		return nil
	}
	type run struct {
		worker   *worker.Worker
		instance string
		conn     *ovpn.Conn
	}
	byRun := map[run][]session.Session{}
	for _, s := range ended {
		for _, w := range ep.state.workers {
			if conn := w.Conn(s.Instance); conn != nil && !s.Away() {
				r := run{w, s.Instance, conn}
				byRun[r] = append(byRun[r], s)
			}
		}
	}
	if len(byRun) == 0 {
		return nil
	}
	return func(ctx context.Context) {
		var workers sync.WaitGroup
		for r, sessions := range byRun {
			workers.Go(func() {
				for _, s := range sessions {
					err := r.conn.Kill(ctx, s.CID, *why.message)
					if err == nil || errors.Is(err, ovpn.ErrNoClient) {
						continue
					}
					ep.log.WarnContext(ctx, "clients were not notified that their sessions ended", "connection", s.Connection, "err", err)
					// Where the connection is closed, the process has ended, or compare finds these clients.
					if ep.ctx.Err() == nil && ctx.Err() == nil && r.conn.Err() == nil {
						r.worker.Replace(r.instance, "clients whose sessions ended cannot be disconnected; their worker is replaced", err)
					}
					return
				}
			})
		}
		workers.Wait()
	}
}

// expireSessions ends the sessions that have reached their maximum duration, and those whose clients
// have been away for too long or hold addresses that others need. It runs in the owner goroutine.
func (ep *endpoint) expireSessions() {
	uptime := session.Uptime()
	timeout := ep.state.desired.SessionTimeout // a shorter one holds for live sessions too
	var expired, lost []vpn.ConnectionID
	ep.sessions.Select(func(s *session.Session) bool {
		switch {
		case uptime > s.Ends || s.Began != 0 && uptime-s.Began > timeout:
			expired = append(expired, s.Connection)
		case s.Away() && uptime-s.AwayAt > ep.cfg.awayTime():
			lost = append(lost, s.Connection)
		}
		return false
	})
	over := ovpn.Halt("Your VPN session has reached its maximum duration. Connect again to go on.")
	if ep.state.desired.SignInAgain {
		over = ovpn.Restart("Your VPN session has reached its maximum duration. Your client signs in again.", true)
	}
	why := ending{reason: "The session reached its maximum duration.", message: &over}
	ep.notify(why, ep.closeSessions(why, expired...))
	ep.closeSessions(ending{reason: "The client was out of reach for " + inWords(ep.cfg.awayTime()) + "."}, lost...)
	ep.reclaim(ep.sessions.LongestAway(ep.sessions.Shortage())...)
}

// reclaim ends sessions that are away, for the sake of their addresses or places. It runs in the owner goroutine.
func (ep *endpoint) reclaim(ids ...vpn.ConnectionID) {
	ep.closeSessions(ending{reason: "The client was out of reach, and another client needed its address."}, ids...)
}

// inWords gives a duration as a sentence has it.
func inWords(d time.Duration) string {
	for _, unit := range []struct {
		length    time.Duration
		one, many string
	}{{time.Hour, "an hour", "hours"}, {time.Minute, "a minute", "minutes"}, {time.Second, "a second", "seconds"}} {
		switch {
		case d == unit.length:
			return unit.one
		case d%unit.length == 0:
			return fmt.Sprintf("%d %s", d/unit.length, unit.many)
		}
	}
	return d.String()
}

// terminate ends sessions by request. After HALT the client's program stays away; after RESTART it
// would return within a second.
func (ep *endpoint) terminate(ctx context.Context, reason string, ids ...vpn.ConnectionID) {
	ep.end(ctx, forGood(reason), ids...)
}

// forGood ends sessions whose clients are not to come back: their programs end with the reason.
func forGood(reason string) ending {
	halt := ovpn.Halt(reason)
	return ending{reason: reason, message: &halt}
}

// forNow ends sessions because their workers are about to stop. A worker that stops tells its UDP clients
// to connect again, and TCP clients see that their connection is closed: they come back when the endpoint does.
func forNow(reason string) ending { return ending{reason: reason} }

// endAll ends every session, because the endpoint is removed from the host.
func (ep *endpoint) endAll(ctx context.Context, why ending) {
	var ids []vpn.ConnectionID
	for _, s := range ep.sessions.Select(nil) {
		ids = append(ids, s.Connection)
	}
	ep.end(ctx, why, ids...)
}

// releaseAddresses frees the addresses of ended sessions, all that ended since the last call
// together, because removing flows reads the host's whole connection tracking table. An address is
// freed only when no flow of its holder is left (the next holder would receive it) and the kernel is
// closed for it; what fails is tried again. The journal has the sessions until the cooldown is over.
// all is for an endpoint without workers: no process holds an address then, so none cools down.
// Without all it returns at once where another call is at work. It tells whether no address with flows
// is left that it took. It runs outside the owner goroutine.
func (ep *endpoint) releaseAddresses(all bool) bool {
	if all {
		ep.releasing.Lock()
	} else if !ep.releasing.TryLock() {
		return false
	}
	defer ep.releasing.Unlock()
	released := ep.sessions.TakeReleasing()
	err := ep.removeFlows(released)
	if err != nil {
		ep.sessions.Release(released...)
		sentence := "Addresses of clients that left cannot be used again yet: " + adminMessage(err)
		if ep.faults.Set(faultFlows, string(ep.id), sentence, ep.now()) {
			ep.log.Error("addresses are not used again yet", "number", len(released), "err", errorChain(err))
		}
	} else {
		ep.sessions.CoolDown(released, ep.now())
		ep.faults.Set(faultFlows, string(ep.id), "", ep.now())
	}
	for _, r := range ep.sessions.TakeCooled(ep.now(), all) {
		if err := ep.journal.Remove(journal.Sessions, string(r.Connection)); err != nil {
			ep.log.Error("an ended session stays in the journal", "connection", r.Connection, "err", err)
		}
		ep.limiter.Release(r.Connection)
	}
	return err == nil
}

// removeFlows closes the kernel where that failed before, and removes the flows.
func (ep *endpoint) removeFlows(released []session.Released) error {
	var open, addrs []netip.Addr
	for _, r := range released {
		addrs = append(addrs, r.Addr)
		if !r.Closed {
			open = append(open, r.Addr)
		}
	}
	if len(open) > 0 { // no other session can have these addresses yet
		if _, err := ep.filter.table.End(open...); err != nil {
			return err
		}
	}
	return host.ForgetFlows(addrs...)
}
