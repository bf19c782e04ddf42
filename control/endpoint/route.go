package endpoint

import (
	"context"
	"slices"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Routes lists an endpoint's route table.
func (s *Service) Routes(ctx context.Context, by control.Principal, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.RouteStatus], error) {
	var out vpn.Page[vpn.RouteStatus]
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnRoutes, string(id), func(tx *store.Tx) error {
		observed, err := s.core.Observations(ctx, tx, id)
		if err != nil {
			return err
		}
		page := vpn.Page[vpn.Route]{}
		if inMemory(l) {
			page.Items, err = tx.RoutesOf(ctx, id)
		} else {
			page, err = tx.Routes(ctx, id, l)
		}
		if err != nil {
			return err
		}
		out = vpn.MapPage(page, func(r vpn.Route) vpn.RouteStatus { return r.Status(observed[id]) })
		if inMemory(l) {
			out = vpn.Select(out.Items, l, routeFields)
		}
		return nil
	})
	return out, err
}

// Route gives one route of an endpoint.
func (s *Service) Route(ctx context.Context, by control.Principal, id vpn.EndpointID, route vpn.RouteID) (vpn.RouteStatus, error) {
	var out vpn.RouteStatus
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnRoutes, string(id), func(tx *store.Tx) error {
		r, err := tx.Route(ctx, route)
		if err != nil {
			return err
		}
		if r.Endpoint != id {
			return vpn.NoSuch(vpn.CodeRouteNotFound, "route", string(route))
		}
		observed, err := s.core.Observations(ctx, tx, id)
		out = r.Status(observed[id])
		return err
	})
	return out, err
}

// CreateRoute adds a route to the endpoint's route table. Fields: destination, subnet, description.
func (s *Service) CreateRoute(ctx context.Context, by control.Principal, id vpn.EndpointID, spec vpn.RouteSpec) (vpn.Route, error) {
	var made vpn.Route
	err := s.changeEndpoint(ctx, by, vpn.CreateClientVpnRoute, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		associations, err := tx.AssociationsOf(ctx, id)
		if err != nil {
			return err
		}
		present, err := tx.RoutesOf(ctx, id)
		if err != nil {
			return err
		}
		quotas, pending := s.quotas(ctx, tx, *e)
		made, err = e.AddRoute(spec, associations, present, quotas, s.core.Now())
		if err := vpn.Together(pending, err); err != nil {
			return err
		}
		a.After = control.Describe(made)
		return tx.CreateRoute(ctx, made)
	})
	return made, err
}

// DeleteRoute removes a manual route.
func (s *Service) DeleteRoute(ctx context.Context, by control.Principal, id vpn.EndpointID, route vpn.RouteID) error {
	return s.changeEndpoint(ctx, by, vpn.DeleteClientVpnRoute, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		r, err := removeRoute(ctx, tx, e, route)
		a.Before = control.Describe(r)
		return err
	})
}

// DeleteRoutes removes manual routes in one change. Those that are refused stay.
func (s *Service) DeleteRoutes(ctx context.Context, by control.Principal, id vpn.EndpointID, routes []vpn.RouteID) (int, []control.RefusedRow, error) {
	return changeSeveral(ctx, s, by, vpn.DeleteClientVpnRoute, id, routes, removeRoute)
}

// removeRoute gives the route as it was.
func removeRoute(ctx context.Context, tx *store.Tx, e *vpn.Endpoint, route vpn.RouteID) (vpn.Route, error) {
	was, err := tx.Route(ctx, route)
	if err != nil {
		return was, err
	}
	r := was
	if err := e.RemoveRoute(&r); err != nil {
		return was, err
	}
	return was, tx.SaveRoute(ctx, r)
}

// RoutesNamed gives those of the routes that an endpoint has.
func (s *Service) RoutesNamed(ctx context.Context, by control.Principal, id vpn.EndpointID, ids []vpn.RouteID) (found []vpn.Route, err error) {
	err = s.core.Read(ctx, by, vpn.DescribeClientVpnRoutes, string(id), func(tx *store.Tx) error { found, err = tx.RoutesOf(ctx, id); return err })
	return slices.DeleteFunc(found, func(r vpn.Route) bool { return !slices.Contains(ids, r.ID) }), err
}
