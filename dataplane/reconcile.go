package dataplane

import (
	"context"
	"errors"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"

	"sallyport/dataplane/host"
	"sallyport/dataplane/hostpolicy"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/nft"
	"sallyport/vpn"
)

// The checks whose findings stand beside each other in an endpoint's faults.
const (
	faultHost    = "host"    // the host lacks something
	faultPlace   = "place"   // port or client range
	faultReach   = "reach"   // a target network cannot be reached
	faultRules   = "rules"   // nftables refused
	faultWorker  = "worker"  // OpenVPN does not run
	faultForeign = "foreign" // another firewall drops our packets
	faultPolicy  = "policy"  // the host's owner does not allow it
	faultFlows   = "flows"   // of clients that left are still in the kernel
	faultJournal = "journal" // what is wanted cannot be written down
)

// reconcile brings the host to what is wanted, as far as it goes, and says what does not go.
// Order matters: rules are in the kernel before anything can send through them, and a port is
// open only when a worker stands behind it.
func (ep *endpoint) reconcile(ctx context.Context) {
	d := ep.want()
	if len(d.Associations) == 0 {
		ep.withdraw(ctx, d)
		return
	}
	ep.faults.Keep(subjects(d))
	policy, problem := ep.policy.Current()
	if lack := ep.Engine.lacking(); ep.everywhere(faultHost, d, lack) {
		ep.revoke(ctx, ep.narrow(d, policy))
		return
	}
	if problem == "" {
		problem = policy.AllowsListen(d.Listen)
	}
	if ep.everywhere(faultPolicy, d, problem) {
		ep.silence(ctx, problem)
		return
	}
	d = ep.narrow(d, policy)
	if sentence := ep.place(d); ep.everywhere(faultPlace, d, sentence) {
		ep.revoke(ctx, d)
		return
	}
	uplinks := ep.reach(d, policy)
	if err := ep.prepareWorkers(d); err != nil {
		ep.everywhere(faultWorker, d, adminMessage(err))
		ep.revoke(ctx, d)
		return
	}
	if err := ep.applyRules(ctx, d, uplinks); err != nil {
		ep.log.ErrorContext(ctx, "rules were not applied", "err", errorChain(err))
		ep.everywhere(faultRules, d, "The packet filter rules cannot be applied: "+adminMessage(err))
		return
	}
	ep.everywhere(faultRules, d, "")
	ep.forward(uplinks)
	ep.moveSessions(d)
	ep.mendRoutes()
	err := ep.runWorkers(ctx, d)
	if errors.Is(err, errAgain) {
		return
	}
	if err != nil {
		ep.everywhere(faultWorker, d, adminMessage(err))
		return
	}
	ep.everywhere(faultWorker, d, "")
	ep.foreign(d)
	ep.mu.Lock()
	ep.applied = d.Generation
	ep.mu.Unlock()
}

// checks are in the order in which reconcile makes them.
var checks = []string{faultHost, faultPolicy, faultPlace, faultReach, faultRules, faultWorker, faultForeign}

// everywhere records one sentence for every association of the endpoint: none of them works. It
// tells whether there is one.
func (ep *endpoint) everywhere(check string, d vpn.Desired, sentence string) bool {
	for _, a := range d.Associations {
		if ep.faults.Set(check, string(a.ID), sentence, ep.now()) && sentence != "" {
			ep.log.Warn("association does not work", "association", a.ID, "reason", sentence)
		}
		if sentence == "" {
			continue
		}
		// What later checks found is not looked at any more, and must not hide this.
		for _, later := range checks[slices.Index(checks, check)+1:] {
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

// place holds the public port and sees that the client range is nobody else's.
func (ep *endpoint) place(d vpn.Desired) string {
	if err := host.CheckOverlap(d.ClientCIDR); err != nil {
		return adminMessage(err)
	}
	if ep.reservation != nil && ep.reserved == d.Listen {
		return ""
	}
	ep.unreserve()
	r, err := host.Reserve(d.Listen.Transport, addrPort(d.Listen))
	if err != nil {
		return adminMessage(err)
	}
	ep.reservation, ep.reserved = r, d.Listen
	return ""
}

func (ep *endpoint) unreserve() {
	if ep.reservation != nil {
		_ = ep.reservation.Close()
		ep.reservation = nil
	}
}

// narrow takes what the host policy forbids out of what was asked for. Rules that open nothing
// any more are told so.
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

// silence ends every session of an endpoint that the host policy no longer allows.
func (ep *endpoint) silence(ctx context.Context, reason string) {
	ep.takeOff(ctx, reason)
	ep.mu.Lock()
	defer ep.mu.Unlock()
	ep.applied = 0
}

// reach finds the interfaces of the target networks and says which cannot be reached.
func (ep *endpoint) reach(d vpn.Desired, policy hostpolicy.Policy) []string {
	var uplinks []string
	for _, a := range d.Associations {
		sentence := ""
		path, err := host.Reach(a.Subnet)
		switch was := ep.paths[a.ID]; {
		case err != nil:
			sentence = adminMessage(err)
		case path.Default && was != "":
			sentence = "The way to " + a.Subnet.String() + " was interface " + was + ", which is down or gone; only the default route is left."
		default:
			sentence = policy.AllowsEgress(path.Interface)
		}
		if err == nil && !path.Default {
			ep.paths[a.ID] = path.Interface
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

// applyRules puts the endpoint's rules into the kernel where they differ from what is there.
func (ep *endpoint) applyRules(ctx context.Context, d vpn.Desired, uplinks []string) error {
	rules, err := ep.rulesFor(d)
	if err != nil {
		return err
	}
	ep.Engine.mu.Lock()
	now, there := ep.Engine.rules[ep.id]
	same := there && !ep.unsure && now.Equal(rules) && slices.Equal(ep.Engine.uplinks[ep.id], uplinks)
	ep.Engine.mu.Unlock()
	ep.uplinks = uplinks
	if same {
		return nil
	}
	return ep.setRules(ctx, ep.id, &rules, uplinks)
}

// revoke holds the sessions of an endpoint that cannot be brought to its desired state to that
// state's rules nevertheless: what was taken from them is gone, whatever else is wrong.
func (ep *endpoint) revoke(ctx context.Context, d vpn.Desired) {
	ep.Engine.mu.Lock()
	now, there := ep.Engine.rules[ep.id]
	uplinks := ep.Engine.uplinks[ep.id]
	ep.Engine.mu.Unlock()
	if !there {
		return
	}
	next := now
	next.Rules, next.Associations, next.ClientToClient = d.Rules, associations(d), d.ClientToClient
	if now.Equal(next) {
		return
	}
	if err := ep.setRules(ctx, ep.id, &next, uplinks); err != nil {
		ep.log.ErrorContext(ctx, "rules were not applied", "err", errorChain(err))
		return
	}
	ep.moveSessions(d)
}

func associations(d vpn.Desired) []nft.Association {
	var out []nft.Association
	for _, a := range d.Associations {
		out = append(out, nft.Association{ID: a.ID, Routes: a.Routes})
	}
	return out
}

func (ep *endpoint) rulesFor(d vpn.Desired) (nft.Endpoint, error) {
	dial, err := public(d.Listen)
	if err != nil {
		return nft.Endpoint{}, err
	}
	policy, _ := ep.policy.Current()
	egress := slices.Clone(policy.Egress)
	r := nft.Endpoint{
		ID: ep.id, ClientCIDR: d.ClientCIDR, Gateway: vpn.Gateway(d.ClientCIDR),
		Public: dial, Transport: d.Listen.Transport, HashSeed: seed(ep.id), AnyAddress: d.Listen.Addr.IsUnspecified(),
		Egress: egress, SourceNAT: d.SourceNAT, ClientToClient: d.ClientToClient, Rules: d.Rules,
	}
	r.Associations = associations(d)
	ep.mu.Lock()
	defer ep.mu.Unlock()
	for _, w := range ep.workers {
		r.Devices = append(r.Devices, w.device)
		r.Workers = append(r.Workers, w.port)
	}
	return r, nil
}

// seed is fixed for an endpoint, so that a rebuild deals no client to another worker.
func seed(id vpn.EndpointID) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return h.Sum32()
}

// forward switches forwarding on where it was off; the rule that drops what is not ours is in
// the kernel by now.
func (ep *endpoint) forward(uplinks []string) {
	ep.mu.Lock()
	var devices []string
	for _, w := range ep.workers {
		devices = append(devices, w.device)
	}
	ep.mu.Unlock()
	for _, name := range append(devices, uplinks...) {
		mended, err := ep.settings.Forward(name)
		if err != nil {
			ep.log.Error("forwarding cannot be switched on", "interface", name, "err", err)
		}
		if mended {
			ep.log.Warn("forwarding had been switched off by somebody else; it is on again", "interface", name)
			ep.repairs.Add(string(ep.id), "Forwarding on interface "+name+" had been switched off and is on again.", ep.now())
		}
	}
}

// foreign names other firewalls on this host that drop our packets.
func (ep *endpoint) foreign(d vpn.Desired) {
	ep.Engine.mu.Lock()
	obstacles := slices.Clone(ep.Engine.obstacles)
	ep.Engine.mu.Unlock()
	sentence := ""
	if len(obstacles) > 0 {
		sentence = obstacles[0].Message + " " + obstacles[0].Remedy
	}
	ep.everywhere(faultForeign, d, sentence)
}

// withdraw takes everything of an endpoint that has no target network off the host: sessions,
// workers, devices, rules, the port. What was wanted is then in effect: nobody can connect.
func (ep *endpoint) withdraw(ctx context.Context, d vpn.Desired) {
	if !ep.takeOff(ctx, "The endpoint has no target network any more.") {
		return
	}
	ep.faults.Keep(map[string]bool{})
	ep.mu.Lock()
	defer ep.mu.Unlock()
	ep.applied = d.Generation
}

// takeOff takes sessions, workers, rules and devices off the host and tells whether all went.
func (ep *endpoint) takeOff(ctx context.Context, reason string) bool {
	ep.endAll(ctx, reason)
	stopped := ep.stopWorkers(ctx)
	ep.endAll(ctx, reason) // those who were let in meanwhile
	ep.settleAddresses(true)
	ep.unreserve()
	if !stopped {
		return false // its uid, port and device are nobody else's as long as it runs
	}
	ep.Engine.mu.Lock()
	_, there := ep.Engine.rules[ep.id]
	there = there || ep.unsure
	ep.Engine.mu.Unlock()
	if there {
		if err := ep.setRules(ctx, ep.id, nil, nil); err != nil {
			ep.log.ErrorContext(ctx, "rules were not taken out", "err", errorChain(err))
			ep.faults.Set(faultRules, string(ep.id), "The packet filter rules cannot be removed: "+adminMessage(err), ep.now())
			return false
		}
	}
	ep.removeDevices()
	ep.uplinks, ep.paths = nil, map[vpn.AssociationID]string{}
	return true
}

func (ep *endpoint) removeDevices() {
	ep.mu.Lock()
	workers := ep.workers
	ep.workers = nil
	ep.mu.Unlock()
	for _, w := range workers {
		if err := host.DeleteTun(w.device); err != nil {
			ep.log.Error("tun device was not deleted", "device", w.device, "err", err)
		}
		_ = os.RemoveAll(w.dir)
		_ = os.Remove(filepath.Join(ep.cfg.RunDir, "logs", w.device+".log"))
		_ = ep.journal.Remove(journal.Workers, w.device)
		ep.giveSlot(w.slot)
	}
}

// releaseSettings puts back the settings of interfaces that no endpoint needs any more.
func (e *Engine) releaseSettings() {
	e.mu.Lock()
	var needed []string
	for id, rules := range e.rules {
		needed = append(append(needed, e.uplinks[id]...), rules.Devices...)
	}
	e.mu.Unlock()
	if err := e.settings.Release(needed...); err != nil {
		e.log.Error("interface settings were not restored", "err", err)
	}
}
