package portal

import (
	"context"

	"sallyport/control/endpoint"
	"sallyport/store"
	"sallyport/vpn"
)

// takesDevices tells whether an endpoint of the user of a session takes certificates of devices that are made in the portal.
func (s *Service) takesDevices(ctx context.Context, tx *store.Tx, session vpn.PortalSession) (bool, error) {
	endpoints, err := tx.PortalEndpoints(ctx)
	if err != nil {
		return false, err
	}
	u := User{Session: session}
	for _, e := range endpoints {
		if !e.Mutual() || !u.Accepts(e) {
			continue
		}
		if _, ok, err := endpoint.DeviceAuthority(ctx, tx, e, s.core.Now()); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
