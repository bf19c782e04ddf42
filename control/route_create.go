package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// CreateRoute adds a route to the endpoint's route table. Fields: destination, subnet, description.
func (s *Service) CreateRoute(ctx context.Context, by Principal, id vpn.EndpointID, spec vpn.RouteSpec) (vpn.Route, error) {
	var made vpn.Route
	err := s.core.Change(ctx, by, vpn.CreateClientVpnRoute, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		associations, err := tx.AssociationsOf(ctx, id)
		if err != nil {
			return err
		}
		present, err := tx.RoutesOf(ctx, id)
		if err != nil {
			return err
		}
		if made, err = e.AddRoute(spec, associations, present, s.core.Now()); err != nil {
			return err
		}
		if err := tx.SaveEndpoint(ctx, e); err != nil {
			return err
		}
		a.Subject, a.After = string(id), Describe(made)
		return tx.CreateRoute(ctx, made)
	})
	return made, err
}

// DeleteRoute removes a manual route.
func (s *Service) DeleteRoute(ctx context.Context, by Principal, id vpn.EndpointID, route vpn.RouteID) error {
	return s.core.Change(ctx, by, vpn.DeleteClientVpnRoute, string(id), func(tx *store.Tx, a *vpn.AuditRecord) error {
		e, err := tx.LockEndpoint(ctx, id)
		if err != nil {
			return err
		}
		r, err := tx.Route(ctx, route)
		if err != nil {
			return err
		}
		a.Subject, a.Before = string(id), Describe(r)
		if err := e.RemoveRoute(&r); err != nil {
			return err
		}
		if err := tx.SaveRoute(ctx, r); err != nil {
			return err
		}
		return tx.SaveEndpoint(ctx, e)
	})
}
