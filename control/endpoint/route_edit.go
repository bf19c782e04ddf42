package endpoint

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// DescribeRoute changes the description of a route. Field: description. Stale where another administrator saved
// another one after the form was filled.
func (s *Service) DescribeRoute(ctx context.Context, by control.Principal, id vpn.EndpointID, route vpn.RouteID, in vpn.DescriptionEdit) (vpn.Route, error) {
	var r vpn.Route
	err := s.changeEndpoint(ctx, by, vpn.ModifyClientVpnRoute, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) (err error) {
		if r, err = tx.Route(ctx, route); err != nil {
			return err
		}
		a.Before = control.Describe(r)
		if err := e.DescribeRoute(&r, in); err != nil {
			return err
		}
		a.After = control.Describe(r)
		return tx.SaveRoute(ctx, r)
	})
	return r, err
}
