package endpoint

import (
	"context"
	"errors"
	"net/netip"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// errNoneMissing stands in for the result of a change that has nothing to add, so that none is made and recorded.
var errNoneMissing = errors.New("no route is missing")

// AnnounceMissingRoutes tells what AddMissingRoutes would do, and changes nothing.
func (s *Service) AnnounceMissingRoutes(ctx context.Context, by control.Principal, id vpn.EndpointID, destination netip.Prefix) (out AddedRoutes, err error) {
	err = s.core.Read(ctx, by, vpn.CreateClientVpnRoute, string(id), func(tx *store.Tx) error {
		e, err := tx.Endpoint(ctx, id)
		if err != nil {
			return err
		}
		out, err = s.addRoutes(ctx, tx, &e, func(t routeTable) ([]vpn.Route, error) {
			return e.AddMissingRoutes(destination, t.associations, t.routes, t.quotas, s.core.Now())
		})
		return err
	})
	return out, err
}

// AddMissingRoutes gives every target network the routes that others of the endpoint have, in one change: those to the
// destination, or all of them where it is the zero prefix. Where none is missing nothing changes, and there are no routes in
// the result. ErrUnannounced where the administrator was told something else than what it does.
func (s *Service) AddMissingRoutes(ctx context.Context, by control.Principal, id vpn.EndpointID, destination netip.Prefix, consent vpn.Consent) (out AddedRoutes, err error) {
	err = s.changeEndpoint(ctx, by, vpn.CreateClientVpnRoute, id, func(tx *store.Tx, e *vpn.Endpoint, a *vpn.AuditRecord) error {
		out, err = s.addRoutes(ctx, tx, e, func(t routeTable) ([]vpn.Route, error) {
			return e.AddMissingRoutes(destination, t.associations, t.routes, t.quotas, s.core.Now())
		})
		switch {
		case err != nil:
			return err
		case len(out.Routes) == 0:
			return errNoneMissing
		}
		if err := out.Did.Check(consent); err != nil {
			return err
		}
		return out.save(ctx, tx, e, consent, a)
	})
	if errors.Is(err, errNoneMissing) {
		err = nil
	}
	return out, err
}

// unequalRoutes are the destinations that not every target network of an endpoint leads to.
func unequalRoutes(ctx context.Context, tx *store.Tx, e vpn.Endpoint, associations []vpn.Association) ([]vpn.UnequalRoute, error) {
	if len(associations) < 2 {
		return nil, nil
	}
	routes, err := tx.RoutesOf(ctx, e.ID)
	return vpn.UnequalRoutes(e.ClientCIDR, associations, routes), err
}

// routeWarnings says of destinations which target networks lead there.
func routeWarnings(ctx context.Context, tx *store.Tx, id vpn.EndpointID) (map[netip.Prefix]string, error) {
	e, err := tx.Endpoint(ctx, id)
	if err != nil {
		return nil, err
	}
	associations, err := tx.AssociationsOf(ctx, id)
	if err != nil {
		return nil, err
	}
	unequal, err := unequalRoutes(ctx, tx, e, associations)
	out := map[netip.Prefix]string{}
	for _, u := range unequal {
		out[u.Destination] = u.Warning()
	}
	return out, err
}
