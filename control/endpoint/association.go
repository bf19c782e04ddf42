package endpoint

import (
	"cmp"
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// AssociationSpec is a request for a target network association.
type AssociationSpec struct {
	Network      vpn.NetworkID // "": that of the subnet
	Subnet       vpn.SubnetID
	CopyRoutesOf vpn.AssociationID // whose manual routes it gets too; "": none
}

// MadeAssociation is a new association.
type MadeAssociation struct {
	vpn.Association
	Name   string // of the subnet
	Copied int    // routes of another one that it got too
}

// associationRecord is what the audit trail keeps of a new association.
type associationRecord struct {
	vpn.Association
	CopiedRoutes []vpn.Route `json:",omitempty"`
}

// Associate makes a subnet a target network of the endpoint, with the automatic routes of its
// network, and with the manual routes of another target network where that is asked for. Fields: network, subnet, copy_routes.
func (s *Service) Associate(ctx context.Context, by control.Principal, id vpn.EndpointID, spec AssociationSpec) (MadeAssociation, error) {
	var made MadeAssociation
	err := s.changeEndpoint(ctx, by, vpn.AssociateClientVpnTargetNetwork, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		n, sub, unread := readTarget(ctx, tx, spec.Network, spec.Subnet)
		quotas, pending := s.quotas(ctx, tx, *e)
		present, err := tx.AssociationsOf(ctx, id)
		if err != nil {
			return err
		}
		var routes []vpn.Route
		made.Association, routes, err = e.Associate(n, sub, present, s.core.Now())
		copied, uncopied := copyRoutes(ctx, tx, e, made.Association, spec.CopyRoutesOf, routes, present, quotas)
		if err := vpn.Together(unread, pending, err, uncopied); err != nil {
			return err
		}
		made.Name, made.Copied = sub.Name, len(copied)
		routes = append(routes, copied...)
		if err := tx.CreateAssociation(ctx, made.Association); err != nil {
			return err
		}
		for _, r := range routes {
			if err := tx.CreateRoute(ctx, r); err != nil {
				return err
			}
		}
		a.After = control.Describe(associationRecord{made.Association, copied})
		return nil
	})
	return made, err
}

// copyRoutes makes the routes of another association for a new one. Field: copy_routes.
func copyRoutes(ctx context.Context, tx *store.Tx, e *vpn.Endpoint, to vpn.Association, from vpn.AssociationID, automatic []vpn.Route, associations []vpn.Association, q vpn.Quotas) ([]vpn.Route, error) {
	if from == "" {
		return nil, nil
	}
	present, err := tx.RoutesOf(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	return e.CopyRoutes(to, from, automatic, associations, present, q)
}

// readTarget reads the subnet to associate and its network; "" for the network means that of the subnet. What there is
// none of is refused, and zero. Fields: network, subnet.
func readTarget(ctx context.Context, tx *store.Tx, network vpn.NetworkID, subnet vpn.SubnetID) (n vpn.Network, sub vpn.Subnet, err error) {
	var c vpn.Check
	if subnet == "" {
		c.Bad("subnet", "Choose a subnet to associate.")
	} else if sub, err = tx.Subnet(ctx, subnet); err != nil && vpn.KindOf(err) == vpn.NotFound {
		c.Bad("subnet", "This subnet does not exist any more; choose another.")
	} else if err != nil {
		return n, sub, err
	}
	if network = cmp.Or(network, sub.Network); network == "" {
		return n, sub, c.Err()
	}
	if n, err = tx.Network(ctx, network); err != nil && vpn.KindOf(err) == vpn.NotFound {
		c.Bad("network", "This network does not exist any more; choose another.")
	} else if err != nil {
		return n, sub, err
	}
	return n, sub, c.Err()
}

// Disassociation is what an administrator should know before disassociating a target network.
type Disassociation struct {
	Association vpn.AssociationStatus
	Routes      []vpn.Route             // that are removed with it
	Connections int                     // live on the endpoint
	Moved       int                     // those that lead through it
	Others      []vpn.AssociationStatus // through which they lead afterwards; none: no client can connect then
}

// DisassociatePreview tells what disassociating would remove.
func (s *Service) DisassociatePreview(ctx context.Context, by control.Principal, id vpn.EndpointID, association vpn.AssociationID) (Disassociation, error) {
	var out Disassociation
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnTargetNetworks, string(id), func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		observed, err := s.core.Observations(ctx, tx, id)
		if err != nil {
			return err
		}
		rows, err := s.associationRows(ctx, tx, id, observed[id])
		if err != nil {
			return err
		}
		routes, err := tx.RoutesOf(ctx, id)
		if err != nil {
			return err
		}
		live, err := tx.CountLive(ctx, id)
		if err != nil {
			return err
		}
		out.Connections = live[id]
		if out.Moved, err = tx.CountLiveThrough(ctx, association); err != nil {
			return err
		}
		for _, row := range rows {
			switch {
			case row.ID == association:
				out.Association = row
			case row.Removed == 0:
				out.Others = append(out.Others, row)
			}
		}
		if out.Association.ID == "" {
			return noSuchAssociation(association)
		}
		a := out.Association.Association
		out.Routes, err = e.Disassociate(&a, routes, 1) // on copies: nothing is saved
		return err
	})
	return out, err
}

// Disassociate removes a target network with its automatic and manual routes. After the last one the
// endpoint is pending-associate again and its sessions end.
func (s *Service) Disassociate(ctx context.Context, by control.Principal, id vpn.EndpointID, association vpn.AssociationID) error {
	return s.changeEndpoint(ctx, by, vpn.DisassociateClientVpnTargetNetwork, id, func(tx *store.Tx, e *vpn.Endpoint, record *vpn.AuditRecord) error {
		a, err := disassociate(ctx, tx, e, association)
		record.Before = control.Describe(a)
		return err
	})
}

// DisassociateSeveral removes target networks in one change. Those that are refused stay.
func (s *Service) DisassociateSeveral(ctx context.Context, by control.Principal, id vpn.EndpointID, associations []vpn.AssociationID) (int, []control.RefusedRow, error) {
	return changeSeveral(ctx, s, by, vpn.DisassociateClientVpnTargetNetwork, id, associations, disassociate)
}

// disassociate gives the association as it was.
func disassociate(ctx context.Context, tx *store.Tx, e *vpn.Endpoint, association vpn.AssociationID) (was vpn.Association, err error) {
	present, err := tx.AssociationsOf(ctx, e.ID)
	if err != nil {
		return was, err
	}
	routes, err := tx.RoutesOf(ctx, e.ID)
	if err != nil {
		return was, err
	}
	var removed *vpn.Association
	remaining := 0
	for i := range present {
		switch {
		case present[i].ID == association:
			removed = &present[i]
		case present[i].Removed == 0:
			remaining++
		}
	}
	if removed == nil {
		return was, noSuchAssociation(association)
	}
	was = *removed
	gone, err := e.Disassociate(removed, routes, remaining)
	if err != nil {
		return was, err
	}
	for _, r := range gone {
		if err := tx.SaveRoute(ctx, r); err != nil {
			return was, err
		}
	}
	return was, tx.SaveAssociation(ctx, *removed)
}

func noSuchAssociation(id vpn.AssociationID) error {
	return vpn.NoSuch(vpn.CodeAssociationNotFound, "target network association", string(id))
}
