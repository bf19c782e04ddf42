package dataplane

import (
	"context"
	"errors"
	"hash/fnv"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/hostpolicy"
	"sallyport/dataplane/nft"
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
		problem = policy.AllowsListen(d.Listen)
	}
	if ep.setFault(faultPolicy, d, problem) {
		ep.removeFromHost(ctx, workers, problem)
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
	err = ep.runWorkers(ctx, workers, d)
	if errors.Is(err, worker.ErrInterrupted) {
		return
	}
	if err != nil {
		ep.setFault(faultWorker, d, adminMessage(err))
		return
	}
	ep.setFault(faultWorker, d, "")
	ep.setFault(faultFirewall, d, ep.host.obstacle())
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

// narrow removes what the host policy forbids from a desired state. Rules that open nothing any more
// get a fault.
func (ep *endpoint) narrow(d vpn.Desired, policy hostpolicy.Policy) vpn.Desired {
	d.Associations = slices.Clone(d.Associations)
	for i := range d.Associations {
		d.Associations[i].Routes = policy.Narrow(d.Associations[i].Routes)
	}
	for _, r := range d.Rules {
		ep.faults.Set(faultPolicy, string(r.ID), policy.Forbids(r.Destination), ep.now())
	}
	return d
}

// findUplinks gives the interfaces of the target networks and of the routes, and records which
// networks cannot be reached.
func (ep *endpoint) findUplinks(d vpn.Desired, policy hostpolicy.Policy) []string {
	var uplinks []string
	paths := ep.reconciler.paths
	for _, a := range d.Associations {
		sentence := ""
		path, err := host.Reach(a.Subnet)
		switch was := paths[a.ID]; {
		case err != nil:
			sentence = adminMessage(err)
		case path.Default && was != "":
			sentence = "The route to " + a.Subnet.String() + " led through interface " + was + ", which is down or gone; only the default route is left."
		default:
			sentence = policy.AllowsEgress(path.Interface)
		}
		if err == nil && !path.Default {
			paths[a.ID] = path.Interface
		}
		ep.faults.Set(faultReach, string(a.ID), sentence, ep.now())
		if sentence == "" && !slices.Contains(uplinks, path.Interface) {
			uplinks = append(uplinks, path.Interface)
		}
		for _, r := range a.Routes {
			names, err := host.OutgoingInterfaces(r)
			if err != nil {
				ep.log.Error("the interfaces of a route cannot be found", "route", r, "err", err)
			}
			for _, name := range names {
				if policy.AllowsEgress(name) == "" && !slices.Contains(uplinks, name) {
					uplinks = append(uplinks, name)
				}
			}
		}
	}
	slices.Sort(uplinks)
	return uplinks
}

// applyRules puts the endpoint's rules into the kernel where they differ from what the kernel has.
func (ep *endpoint) applyRules(ctx context.Context, d vpn.Desired, workers []*worker.Worker, uplinks []string) error {
	rules, err := ep.rulesOf(d, workers)
	if err != nil {
		return err
	}
	return ep.filter.apply(ctx, rules, uplinks)
}

// revoke applies the rules of a desired state that cannot be reached otherwise: what was revoked is
// gone from the sessions, whatever else is wrong.
func (ep *endpoint) revoke(ctx context.Context, d vpn.Desired) {
	rules, uplinks, ok := ep.filter.of(ep.id)
	if !ok {
		return
	}
	rules.Rules, rules.Associations, rules.ClientToClient = d.Rules, associations(d), d.ClientToClient
	if err := ep.filter.apply(ctx, rules, uplinks); err != nil {
		ep.log.ErrorContext(ctx, "rules were not applied", "err", errorChain(err))
		return
	}
	ep.do(func() { ep.updateSessions(d) })
}

func associations(d vpn.Desired) []nft.Association {
	var out []nft.Association
	for _, a := range d.Associations {
		out = append(out, nft.Association{ID: a.ID, Routes: a.Routes})
	}
	return out
}

func (ep *endpoint) rulesOf(d vpn.Desired, workers []*worker.Worker) (nft.Endpoint, error) {
	public, err := publicAddresses(d.Listen)
	if err != nil {
		return nft.Endpoint{}, err
	}
	policy, _ := ep.policy.Current()
	r := nft.Endpoint{
		ID: ep.id, ClientCIDR: d.ClientCIDR, Gateway: vpn.Gateway(d.ClientCIDR),
		Public: public, Transport: d.Listen.Transport, HashSeed: hashSeed(ep.id), AnyAddress: d.Listen.Addr.IsUnspecified(),
		Egress: slices.Clone(policy.Egress), SourceNAT: d.SourceNAT, ClientToClient: d.ClientToClient, Rules: d.Rules,
		Associations: associations(d),
	}
	for _, w := range workers {
		r.Devices = append(r.Devices, w.Device)
		r.Workers = append(r.Workers, w.Port)
	}
	return r, nil
}

// publicAddresses are the addresses that clients connect to.
func publicAddresses(l vpn.Listen) ([]netip.AddrPort, error) {
	if !l.Addr.IsUnspecified() {
		return []netip.AddrPort{netip.AddrPortFrom(l.Addr, l.Port)}, nil
	}
	addrs, err := host.Addresses()
	out := make([]netip.AddrPort, len(addrs))
	for i, a := range addrs {
		out[i] = netip.AddrPortFrom(a, l.Port)
	}
	return out, err
}

// hashSeed is fixed for an endpoint, so that writing the rules again moves no client to another
// worker.
func hashSeed(id vpn.EndpointID) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32()
}

// enableForwarding switches forwarding on where it was off. The rule that drops other packets is in
// the kernel already.
func (ep *endpoint) enableForwarding(workers []*worker.Worker, uplinks []string) {
	var names []string
	for _, w := range workers {
		names = append(names, w.Device)
	}
	for _, name := range append(names, uplinks...) {
		repaired, err := ep.filter.settings.Forward(name)
		if err != nil {
			ep.log.Error("forwarding cannot be switched on", "interface", name, "err", err)
		}
		if repaired {
			ep.log.Warn("another program had switched forwarding off; it is on again", "interface", name)
			ep.repairs.Add(string(ep.id), "Forwarding on interface "+name+" had been switched off and is on again.", ep.now())
		}
	}
}

// disable removes everything of an endpoint without a target network from the host: sessions,
// workers, devices, rules, the port. Its desired state is then in effect: no client can connect.
func (ep *endpoint) disable(ctx context.Context, d vpn.Desired, workers []*worker.Worker) {
	if !ep.removeFromHost(ctx, workers, "The endpoint has no target network any more.") {
		return
	}
	ep.faults.Keep(map[string]bool{})
	ep.applied.Store(d.Generation)
}

// removeFromHost removes sessions, workers, rules and devices, and tells whether all are gone.
func (ep *endpoint) removeFromHost(ctx context.Context, workers []*worker.Worker, reason string) bool {
	ep.endAll(ctx, reason)
	stopped := ep.stopWorkers(ctx, workers)
	ep.endAll(ctx, reason) // sessions that were admitted meanwhile
	ep.releaseAddresses(true)
	ep.releasePort()
	if !stopped {
		return false // the uid, port and device of a running worker must not be used again
	}
	if err := ep.filter.remove(ctx, ep.id); err != nil {
		ep.log.ErrorContext(ctx, "rules were not removed", "err", errorChain(err))
		ep.faults.Set(faultRules, string(ep.id), "The packet filter rules cannot be removed: "+adminMessage(err), ep.now())
		return false
	}
	ep.deleteWorkers()
	ep.reconciler.paths = map[vpn.AssociationID]string{}
	return true
}

// stopWorkers ends all workers side by side: each takes two seconds to tell its clients. It tells
// whether all have ended.
func (ep *endpoint) stopWorkers(ctx context.Context, workers []*worker.Worker) bool {
	var stopping sync.WaitGroup
	errs := make([]error, len(workers))
	for i, w := range workers {
		stopping.Go(func() { errs[i] = w.Stop(ctx) })
	}
	stopping.Wait()
	for i, err := range errs {
		if err != nil {
			ep.log.ErrorContext(ctx, "worker was not stopped", "device", workers[i].Device, "err", err)
		}
	}
	return errors.Join(errs...) == nil
}

func (ep *endpoint) deleteWorkers() {
	var workers []*worker.Worker
	ep.do(func() { workers, ep.state.workers = ep.state.workers, nil })
	for _, w := range workers {
		w.Delete()
		ep.slots.release(w.Slot)
	}
}
