package dataplane

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

// reconciler is what only the reconciler's goroutine touches, and remove after that has ended.
type reconciler struct {
	cancel      context.CancelFunc // ends the goroutine
	done        chan struct{}      // closed when it has ended
	reservation *host.Reservation  // of the public port
	reserved    vpn.Listen
	paths       map[vpn.AssociationID]string // the interface that last led to each target network by a route of its own
	saved       []byte                       // the snapshot as the journal has it
}

// start starts own and the reconciler.
func (ep *endpoint) start() {
	go ep.own(time.Tick(sessionInterval))
	ep.startReconciler()
}

func (ep *endpoint) startReconciler() {
	ctx, cancel := context.WithCancel(ep.ctx)
	ep.reconciler.cancel, ep.reconciler.done = cancel, make(chan struct{})
	go ep.run(ctx)
}

// wake has the reconciler work at once.
func (ep *endpoint) wake() {
	select {
	case ep.kick <- struct{}{}:
	default:
	}
}

// run reconciles whenever it is woken, and every reconcileInterval.
func (ep *endpoint) run(ctx context.Context) {
	defer close(ep.reconciler.done)
	tick := time.NewTicker(reconcileInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-ep.kick:
		}
		if !ep.do(ep.journalDesired) {
			return
		}
		ep.reconcile(ctx)
		ep.saveSnapshot()
		ep.do(func() {
			close(ep.state.observed)
			ep.state.observed = make(chan struct{})
		})
	}
}

// reconcile brings the host to the desired state, as far as that is possible, and records what is
// not. The order matters: rules are in the kernel before a device can send, and a port is open
// only when a worker listens behind it.
func (ep *endpoint) reconcile(ctx context.Context) {
	d, workers, ok := ep.current()
	if !ok {
		return
	}
	if len(d.Associations) == 0 {
		ep.disable(ctx, d, workers)
		return
	}
	ep.faults.Keep(subjects(d))
	policy, problem := ep.policy.Current()
	if _, missing := ep.host.prerequisites(); ep.setFault(faultHost, d, missing) {
		ep.revoke(ctx, ep.narrow(d, policy))
		return
	}
	if problem == "" {
		problem = policy.Allows(d)
	}
	if ep.setFault(faultPolicy, d, problem) {
		ep.removeFromHost(ctx, workers, forNow(problem))
		ep.applied.Store(0)
		return
	}
	d = ep.narrow(d, policy)
	if sentence := ep.reservePort(d); ep.setFault(faultPlace, d, sentence) {
		ep.revoke(ctx, d)
		return
	}
	uplinks := ep.findUplinks(d, policy)
	workers, err := ep.ensureWorkers(d, workers)
	if err != nil {
		ep.setFault(faultWorker, d, adminMessage(err))
		ep.revoke(ctx, d)
		return
	}
	if err := ep.applyRules(ctx, d, workers, uplinks); err != nil {
		ep.log.ErrorContext(ctx, "rules were not applied", "err", errorChain(err))
		ep.setFault(faultRules, d, "The packet filter rules cannot be applied: "+adminMessage(err))
		return
	}
	ep.setFault(faultRules, d, "")
	ep.enableForwarding(workers, uplinks)
	ep.do(func() {
		ep.updateSessions(d)
		ep.repairRoutes()
	})
	warning, err := ep.runWorkers(ctx, workers, d)
	if errors.Is(err, worker.ErrInterrupted) {
		return
	}
	if err != nil {
		ep.setFault(faultWorker, d, adminMessage(err))
		return
	}
	ep.setFault(faultWorker, d, "")
	ep.warn(faultSome, d, warning)
	drops, mayDrop := ep.host.obstacle(ep.id)
	ep.warn(faultUnjudged, d, mayDrop)
	ep.setFault(faultFirewall, d, drops)
	ep.applied.Store(d.Generation)
}

// setFault records one sentence for every association of the endpoint, because none of them works.
// It tells whether the sentence says something.
func (ep *endpoint) setFault(check string, d vpn.Desired, sentence string) bool {
	for _, a := range d.Associations {
		if ep.faults.Set(check, string(a.ID), sentence, ep.now()) && sentence != "" {
			ep.log.Warn("association does not work", "association", a.ID, "reason", sentence)
		}
		if sentence == "" {
			continue
		}
		// Later checks are not made any more, and what they found must not hide this fault.
		for _, later := range reconcileOrder[slices.Index(reconcileOrder, check)+1:] {
			ep.faults.Set(later, string(a.ID), "", ep.now())
		}
	}
	return sentence != ""
}

// warn records for every association what may go wrong and takes nothing out of service.
func (ep *endpoint) warn(check string, d vpn.Desired, sentence string) {
	for _, a := range d.Associations {
		if ep.faults.Warn(check, string(a.ID), sentence, ep.now()) && sentence != "" {
			ep.log.Warn("association may not work", "association", a.ID, "reason", sentence)
		}
	}
}

func subjects(d vpn.Desired) map[string]bool {
	out := map[string]bool{string(d.Endpoint): true}
	for _, a := range d.Associations {
		out[string(a.ID)] = true
	}
	for _, r := range d.Rules {
		out[string(r.ID)] = true
	}
	return out
}

// reservePort reserves the public port, and checks that the client CIDR is free on this host. It
// gives the sentence why not, or "".
func (ep *endpoint) reservePort(d vpn.Desired) string {
	if err := host.CheckOverlap(d.ClientCIDR); err != nil {
		return adminMessage(err)
	}
	r := &ep.reconciler
	if r.reservation != nil && r.reserved == d.Listen {
		return ""
	}
	ep.releasePort()
	reservation, err := host.Reserve(d.Listen.Transport, netip.AddrPortFrom(d.Listen.Addr, d.Listen.Port))
	if err != nil {
		return adminMessage(err)
	}
	r.reservation, r.reserved = reservation, d.Listen
	return ""
}

func (ep *endpoint) releasePort() {
	if ep.reconciler.reservation != nil {
		_ = ep.reconciler.reservation.Close()
		ep.reconciler.reservation = nil
	}
}
