package dataplane

import (
	"context"
	"hash/fnv"
	"net/netip"
	"slices"

	"sallyport/dataplane/host"
	"sallyport/dataplane/hostpolicy"
	"sallyport/dataplane/nft"
	"sallyport/dataplane/worker"
	"sallyport/vpn"
)

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
// networks cannot be reached, and the ways to the others.
func (ep *endpoint) findUplinks(d vpn.Desired, policy hostpolicy.Policy) []string {
	var uplinks []string
	var ways []vpn.Way
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
		ways = append(ways, ep.way(a, path, err))
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
	ep.ways.Store(&ways)
	slices.Sort(uplinks)
	return uplinks
}

// way is what status reports of the path to a target network; err is why there is none.
func (ep *endpoint) way(a vpn.DesiredAssociation, path host.Path, err error) vpn.Way {
	w := wayOf(a.Subnet, path, err)
	w.Association, w.Since = a.ID, ep.now().UTC()
	if known := ep.ways.Load(); known != nil {
		for _, was := range *known {
			if was.Same(w) {
				return was
			}
		}
	}
	return w
}

// wayOf is a path as web is told it; err is why there is none.
func wayOf(subnet netip.Prefix, path host.Path, err error) vpn.Way {
	if err != nil {
		return vpn.Way{Subnet: subnet, Problem: adminMessage(err)}
	}
	return vpn.Way{Subnet: subnet, Interface: path.Interface, Gateway: path.Gateway, Default: path.Default, Partly: path.Partly}
}

// applyRules puts the endpoint's rules into the kernel where they differ from what the kernel has.
func (ep *endpoint) applyRules(ctx context.Context, d vpn.Desired, workers []*worker.Worker, uplinks []string) error {
	rules, err := ep.rulesOf(d, workers)
	if err != nil {
		return err
	}
	former, formerUplinks, _ := ep.filter.of(ep.id)
	if err := ep.filter.apply(ctx, rules, uplinks); err != nil {
		return err
	}
	ep.forgetEarlyFlows(ctx, former, rules)
	if !slices.Equal(formerUplinks, uplinks) || !slices.Equal(former.Devices, rules.Devices) ||
		!slices.Equal(former.Workers, rules.Workers) || !slices.Equal(former.Public, rules.Public) {
		ep.host.examineFirewalls()
	}
	return nil
}

// forgetEarlyFlows deletes the flows of clients that sent their first packet before the public port led
// to a worker, so that they need not wait until connection tracking forgets them.
func (ep *endpoint) forgetEarlyFlows(ctx context.Context, former, now nft.Endpoint) {
	opened := slices.DeleteFunc(slices.Clone(now.Public), func(p netip.AddrPort) bool {
		return former.Transport == now.Transport && slices.Contains(former.Public, p) && len(former.Workers) > 0
	})
	if len(now.Workers) == 0 {
		return
	}
	if err := host.ForgetUntranslated(now.Transport, opened...); err != nil {
		ep.log.WarnContext(ctx, "flows of early clients were not deleted", "err", errorChain(err))
	}
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
