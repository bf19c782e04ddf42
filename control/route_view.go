package control

import (
	"context"

	"sallyport/store"
	"sallyport/vpn"
)

// Routes lists an endpoint's route table.
func (s *Service) Routes(ctx context.Context, by Principal, id vpn.EndpointID, l vpn.List) (vpn.Page[vpn.RouteStatus], error) {
	var out vpn.Page[vpn.RouteStatus]
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnRoutes, string(id), func(tx *store.Tx) error {
		observed, err := s.observations(ctx, tx, id)
		if err != nil {
			return err
		}
		page, err := tx.Routes(ctx, id, l)
		if err != nil {
			return err
		}
		out = mapPage(page, func(r vpn.Route) vpn.RouteStatus { return r.Status(observed[id]) })
		return nil
	})
	return out, err
}

// Route gives one route of an endpoint.
func (s *Service) Route(ctx context.Context, by Principal, id vpn.EndpointID, route vpn.RouteID) (vpn.RouteStatus, error) {
	var out vpn.RouteStatus
	err := s.core.Read(ctx, by, vpn.DescribeClientVpnRoutes, string(id), func(tx *store.Tx) error {
		r, err := tx.Route(ctx, route)
		if err != nil {
			return err
		}
		if r.Endpoint != id {
			return vpn.NoSuch(vpn.CodeRouteNotFound, "route", string(route))
		}
		observed, err := s.observations(ctx, tx, id)
		out = r.Status(observed[id])
		return err
	})
	return out, err
}
