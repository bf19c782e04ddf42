package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// CreateSubnet adds a subnet to a network. Fields: name, cidr, zone.
func (s *Service) CreateSubnet(ctx context.Context, by Principal, network vpn.NetworkID, spec vpn.SubnetSpec) (vpn.Subnet, error) {
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
		a.Subject, a.After = string(sub.ID), Describe(sub)
		return tx.CreateSubnet(ctx, sub)
	})
	return sub, err
}

// DeleteSubnet removes a subnet that no endpoint has as a target network.
func (s *Service) DeleteSubnet(ctx context.Context, by Principal, id vpn.SubnetID) (vpn.Subnet, error) {
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
		a.Subject, a.Before = string(id), Describe(sub)
		return tx.DeleteSubnet(ctx, id)
	})
	return sub, err
}

// Subnet gives one subnet with the endpoints that use it.
func (s *Service) Subnet(ctx context.Context, by Principal, id vpn.SubnetID) (vpn.SubnetStatus, error) {
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
