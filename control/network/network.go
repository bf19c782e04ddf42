package network

import (
	"context"
	"maps"
	"net/netip"
	"slices"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Networks lists networks with the number of their subnets.
func (s *Service) Networks(ctx context.Context, by control.Principal, l vpn.List) (vpn.Page[vpn.NetworkStatus], error) {
	var out vpn.Page[vpn.NetworkStatus]
	err := s.core.Read(ctx, by, vpn.DescribeVpcs, "", func(tx *store.Tx) error {
		page, err := tx.Networks(ctx, l)
		if err != nil {
			return err
		}
		counts, err := tx.SubnetCounts(ctx, vpn.IDsOf(page.Items, func(n vpn.Network) vpn.NetworkID { return n.ID })...)
		if err != nil {
			return err
		}
		out = vpn.MapPage(page, func(n vpn.Network) vpn.NetworkStatus { return vpn.NetworkStatus{Network: n, Subnets: counts[n.ID]} })
		return nil
	})
	return out, err
}

// Network gives one network.
func (s *Service) Network(ctx context.Context, by control.Principal, id vpn.NetworkID) (n vpn.Network, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeVpcs, string(id), func(tx *store.Tx) error { n, err = tx.Network(ctx, id); return err })
	return n, err
}

// Ranges are the ranges of a network with the host's ways to them. The last tests of its subnets count. unknown says why the ways are not
// known, as a sentence; it is empty where they are.
func (s *Service) Ranges(ctx context.Context, by control.Principal, n vpn.Network) (rows []vpn.RangeStatus, unknown string, err error) {
	var tests map[vpn.SubnetID]vpn.Probe
	err = s.core.Read(ctx, by, vpn.DescribeVpcs, string(n.ID), func(tx *store.Tx) error {
		subnets, err := tx.SubnetsOf(ctx, n.ID)
		if err != nil {
			return err
		}
		tests, err = tx.Probes(ctx, vpn.IDsOf(subnets, func(x vpn.Subnet) vpn.SubnetID { return x.ID })...)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	rows, unknown = s.addRangeWays(ctx, n.CIDRs, slices.Collect(maps.Values(tests)))
	return rows, unknown, nil
}

// addRangeWays asks by which ways the host reaches ranges. Without an answer nothing is said about them.
func (s *Service) addRangeWays(ctx context.Context, ranges []netip.Prefix, tests []vpn.Probe) (out []vpn.RangeStatus, unknown string) {
	ways, unknown := control.FindWays(ctx, s.router, ranges, func(p netip.Prefix) netip.Prefix { return p })
	out = make([]vpn.RangeStatus, len(ranges))
	for i, p := range ranges {
		out[i] = vpn.RangeStatus{CIDR: p, Way: ways[p], Doubt: ways[p].RangeDoubt(false, tests...)}
	}
	return out, unknown
}

// CreateNetwork adds a network. Fields: name, description, cidrs, tags.
func (s *Service) CreateNetwork(ctx context.Context, by control.Principal, spec vpn.NetworkSpec) (vpn.Network, error) {
	var n vpn.Network
	err := s.core.Change(ctx, by, vpn.CreateVpc, "", func(tx *store.Tx, a *vpn.AuditRecord) error {
		all, err := tx.AllEndpoints(ctx)
		if err != nil {
			return err
		}
		if n, err = vpn.NewNetwork(spec, all, s.core.Now()); err != nil {
			return err
		}
		a.Subject, a.After = string(n.ID), control.Describe(n)
		return tx.CreateNetwork(ctx, n)
	})
	return n, err
}

// DeleteNetwork removes a network that has no subnets.
func (s *Service) DeleteNetwork(ctx context.Context, by control.Principal, id vpn.NetworkID) error {
	return s.core.Change(ctx, by, vpn.DeleteVpc, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		n, err := tx.Network(ctx, id)
		if err != nil {
			return err
		}
		subnets, err := tx.SubnetsOf(ctx, id)
		if err != nil {
			return err
		}
		if len(subnets) > 0 {
			return vpn.Refuse(vpn.Conflict, vpn.CodeDependencyViolation, "Network "+n.Label()+" still has "+control.Plural(len(subnets), "subnet")+". Delete the subnets first.")
		}
		all, err := tx.AllEndpoints(ctx)
		if err != nil {
			return err
		}
		for _, e := range all {
			if e.Network == id {
				return vpn.Refuse(vpn.Conflict, vpn.CodeDependencyViolation, "Network "+n.Label()+" is the network of endpoint "+e.Label()+". Choose another for the endpoint first.")
			}
		}
		a.Before = control.Describe(n)
		return tx.DeleteNetwork(ctx, id)
	})
}
