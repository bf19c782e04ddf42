package control

import (
	"context"

	"sallyport/vpn"
)

// RouteRow is a route with its state.
type RouteRow struct {
	vpn.Route
	State vpn.RouteState
	Why   string
}

// Routes lists an endpoint's route table.
func (s *Service) Routes(ctx context.Context, by Actor, id vpn.EndpointID, l List) (Page[RouteRow], error) {
	var out Page[RouteRow]
	err := s.read(ctx, by, func(tx Tx) error {
		observed, err := s.observations(ctx, tx, id)
		if err != nil {
			return err
		}
		page, err := tx.Routes(ctx, id, l)
		if err != nil {
			return err
		}
		out = mapPage(page, func(r vpn.Route) RouteRow { return routeRow(r, observed[id]) })
		return nil
	})
	return out, err
}

// Route gives one route of an endpoint.
func (s *Service) Route(ctx context.Context, by Actor, id vpn.EndpointID, route vpn.RouteID) (RouteRow, error) {
	var out RouteRow
	err := s.read(ctx, by, func(tx Tx) error {
		r, err := tx.Route(ctx, route)
		if err != nil {
			return err
		}
		if r.Endpoint != id {
			return vpn.NoSuch("InvalidClientVpnRouteNotFound", "route", string(route))
		}
		observed, err := s.observations(ctx, tx, id)
		out = routeRow(r, observed[id])
		return err
	})
	return out, err
}

func routeRow(r vpn.Route, o vpn.Observation) RouteRow {
	row := RouteRow{Route: r}
	row.State, row.Why = r.State(o)
	return row
}
