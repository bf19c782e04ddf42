package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// Associate makes a subnet a target network of the endpoint, with the automatic routes of its
// network. Fields: network, subnet.
func (s *Service) Associate(ctx context.Context, by Principal, id vpn.EndpointID, network vpn.NetworkID, subnet vpn.SubnetID) (vpn.Association, error) {
	var made vpn.Association
	err := s.core.Change(ctx, by, vpn.AssociateClientVpnTargetNetwork, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		n, sub, err := target(ctx, tx, network, subnet)
		if err != nil {
			return err
		}
		present, err := tx.AssociationsOf(ctx, id)
		if err != nil {
			return err
		}
		var routes []vpn.Route
		if made, routes, err = e.Associate(n, sub, present, s.core.Now()); err != nil {
			return err
		}
		if err := tx.SaveEndpoint(ctx, e); err != nil {
			return err
		}
		if err := tx.CreateAssociation(ctx, made); err != nil {
			return err
		}
		for _, r := range routes {
			if err := tx.CreateRoute(ctx, r); err != nil {
				return err
			}
		}
		a.Subject, a.After = string(id), Describe(made)
		return nil
	})
	return made, err
}

func target(ctx context.Context, tx *store.Tx, network vpn.NetworkID, subnet vpn.SubnetID) (vpn.Network, vpn.Subnet, error) {
	var check vpn.Check
	if subnet == "" {
		check.Bad("subnet", "Choose a subnet to associate.")
		return vpn.Network{}, vpn.Subnet{}, check.Err()
	}
	sub, err := tx.Subnet(ctx, subnet)
	if vpn.KindOf(err) == vpn.NotFound && err != nil {
		check.Bad("subnet", "This subnet does not exist any more; choose another.")
		return vpn.Network{}, vpn.Subnet{}, check.Err()
	}
	if err != nil {
		return vpn.Network{}, vpn.Subnet{}, err
	}
	if network == "" {
		network = sub.Network
	}
	n, err := tx.Network(ctx, network)
	return n, sub, err
}
