package network

import (
	"context"

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
				return vpn.Refuse(vpn.Conflict, vpn.CodeDependencyViolation, "Network "+n.Label()+" is the VPC of endpoint "+e.Label()+". Choose another for the endpoint first.")
			}
		}
		a.Before = control.Describe(n)
		return tx.DeleteNetwork(ctx, id)
	})
}
