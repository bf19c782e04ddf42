package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// CreateNetwork adds a network. Fields: name, cidrs, tags.
func (s *Service) CreateNetwork(ctx context.Context, by Principal, spec vpn.NetworkSpec) (vpn.Network, error) {
	var n vpn.Network
	err := s.core.Change(ctx, by, vpn.CreateVpc, "", func(tx *store.Tx, a *vpn.AuditRecord) (err error) {
		if n, err = vpn.NewNetwork(spec, s.core.Now()); err != nil {
			return err
		}
		a.Subject, a.After = string(n.ID), Describe(n)
		return tx.CreateNetwork(ctx, n)
	})
	return n, err
}

// DeleteNetwork removes a network that has no subnets.
func (s *Service) DeleteNetwork(ctx context.Context, by Principal, id vpn.NetworkID) error {
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
			return vpn.Refuse(vpn.Conflict, vpn.CodeDependencyViolation, "Network "+n.Label()+" still has "+plural(len(subnets), "subnet")+". Delete the subnets first.")
		}
		a.Subject, a.Before = string(id), Describe(n)
		return tx.DeleteNetwork(ctx, id)
	})
}
