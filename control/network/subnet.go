package network

import (
	"context"
	"net/netip"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Subnets lists the subnets of a network with the endpoints that use them.
func (s *Service) Subnets(ctx context.Context, by control.Principal, id vpn.NetworkID, l vpn.List) (vpn.Page[vpn.SubnetStatus], error) {
	var out vpn.Page[vpn.SubnetStatus]
	err := s.core.Read(ctx, by, vpn.DescribeSubnets, string(id), func(tx *store.Tx) error {
		page, err := tx.Subnets(ctx, id, l)
		if err != nil {
			return err
		}
		used, err := tx.AssociationsOfSubnets(ctx, vpn.IDsOf(page.Items, func(x vpn.Subnet) vpn.SubnetID { return x.ID })...)
		if err != nil {
			return err
		}
		endpoints, err := targetOf(ctx, tx, used)
		if err != nil {
			return err
		}
		out = vpn.MapPage(page, func(x vpn.Subnet) vpn.SubnetStatus { return vpn.SubnetStatus{Subnet: x, Endpoints: endpoints[x.ID]} })
		return nil
	})
	if err == nil {
		s.addWays(ctx, out.Items)
	}
	return out, err
}

// addWays asks by which way the host reaches subnets. Without an answer the list says that it is not known.
func (s *Service) addWays(ctx context.Context, rows []vpn.SubnetStatus) {
	ways, _ := control.FindWays(ctx, s.router, rows, func(r vpn.SubnetStatus) netip.Prefix { return r.CIDR })
	for i := range rows {
		rows[i].Way = ways[rows[i].CIDR]
	}
}

// Subnet gives one subnet with the endpoints that use it.
func (s *Service) Subnet(ctx context.Context, by control.Principal, id vpn.SubnetID) (vpn.SubnetStatus, error) {
	var row vpn.SubnetStatus
	err := s.core.Read(ctx, by, vpn.DescribeSubnets, string(id), func(tx *store.Tx) (err error) {
		if row.Subnet, err = tx.Subnet(ctx, id); err != nil {
			return err
		}
		used, err := tx.AssociationsOfSubnets(ctx, id)
		if err != nil {
			return err
		}
		endpoints, err := targetOf(ctx, tx, used)
		row.Endpoints = endpoints[id]
		return err
	})
	return row, err
}

// CreateSubnet adds a subnet to a network. Fields: name, description, cidr, zone, tags.
func (s *Service) CreateSubnet(ctx context.Context, by control.Principal, network vpn.NetworkID, spec vpn.SubnetSpec) (vpn.Subnet, error) {
	var sub vpn.Subnet
	err := s.core.Change(ctx, by, vpn.CreateSubnet, string(network), func(tx *store.Tx, a *vpn.AuditRecord) error {
		n, err := tx.Network(ctx, network)
		if err != nil {
			return err
		}
		siblings, err := tx.SubnetsOf(ctx, network)
		if err != nil {
			return err
		}
		if sub, err = vpn.NewSubnet(spec, n, siblings, s.core.Now()); err != nil {
			return err
		}
		a.Subject, a.After = string(sub.ID), control.Describe(sub)
		return tx.CreateSubnet(ctx, sub)
	})
	return sub, err
}

// EditSubnet modifies a subnet. Fields: name, description, tags. Stale where another administrator saved after the form
// was filled.
func (s *Service) EditSubnet(ctx context.Context, by control.Principal, id vpn.SubnetID, in vpn.SubnetEdit) (vpn.Subnet, error) {
	var sub vpn.Subnet
	err := s.core.Change(ctx, by, vpn.ModifySubnet, string(id), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		if sub, err = tx.Subnet(ctx, id); err != nil {
			return err
		}
		a.Before = control.Describe(sub)
		if err := sub.Edit(in); err != nil {
			return err
		}
		a.After = control.Describe(sub)
		return tx.SaveSubnet(ctx, sub)
	})
	return sub, err
}

// Zones lists the availability zones of a network's subnets.
func (s *Service) Zones(ctx context.Context, by control.Principal, id vpn.NetworkID) (zones []string, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeSubnets, string(id), func(tx *store.Tx) error { zones, err = tx.Zones(ctx, id); return err })
	return zones, err
}

// DeleteSubnet removes a subnet that no endpoint has as a target network.
func (s *Service) DeleteSubnet(ctx context.Context, by control.Principal, id vpn.SubnetID) (vpn.Subnet, error) {
	var sub vpn.Subnet
	err := s.core.Change(ctx, by, vpn.DeleteSubnet, string(id), func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		if sub, err = tx.Subnet(ctx, id); err != nil {
			return err
		}
		used, err := tx.AssociationsOfSubnets(ctx, id)
		if err != nil {
			return err
		}
		if len(used) > 0 {
			endpoints, err := targetOf(ctx, tx, used)
			if err != nil {
				return err
			}
			return vpn.Refuse(vpn.Conflict, vpn.CodeDependencyViolation,
				"Subnet "+sub.Label()+" is a target network of endpoint "+endpoints[id][0].Label()+". Disassociate it there first.")
		}
		a.Before = control.Describe(sub)
		return tx.DeleteSubnet(ctx, id)
	})
	return sub, err
}

// targetOf groups endpoints by the subnet that is their target network.
func targetOf(ctx context.Context, tx *store.Tx, list []vpn.Association) (map[vpn.SubnetID][]vpn.EndpointRef, error) {
	endpoints := map[vpn.SubnetID][]vpn.EndpointID{}
	for _, a := range list {
		endpoints[a.Subnet] = append(endpoints[a.Subnet], a.Endpoint)
	}
	return control.EndpointRefs(ctx, tx, endpoints)
}
