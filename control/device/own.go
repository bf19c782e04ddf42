package device

import (
	"cmp"
	"context"
	"slices"

	"sallyport/control/endpoint"
	"sallyport/control/portal"
	"sallyport/store"
	"sallyport/vpn"
)

// Own is the devices of a user of the self-service portal.
type Own struct {
	Devices []OwnDevice       // those that are not revoked first
	For     []vpn.EndpointRef // the endpoints for which the user may make a device, by name
	Live    int               // devices that count
	Limit   int               // 0: no devices are made
}

// OwnDevice is a device as its user sees it.
type OwnDevice struct {
	vpn.Device
	EndpointName string // its ID where the endpoint has no name, or is gone
	Renewable    bool   // a new file can be made
	Outdated     bool   // the endpoint has changed so that the file does not work any more
}

// Own lists the devices of the user who asks.
func (s *Service) Own(ctx context.Context, u portal.User) (out Own, err error) {
	err = s.core.Read(ctx, u.Principal, vpn.OpenPortal, "", func(tx *store.Tx) error {
		deployment, err := s.core.Deployment(ctx, tx)
		if err != nil {
			return err
		}
		out = Own{Limit: deployment.Devices}
		if out.For, err = s.endpointsFor(ctx, tx, u); err != nil {
			return err
		}
		list, err := tx.DevicesOf(ctx, u.Session.UserRef)
		if err != nil {
			return err
		}
		out.Live = vpn.CountDevices(list, s.core.Now())
		names, err := tx.EndpointsByID(ctx, vpn.IDsOf(list, func(d vpn.Device) vpn.EndpointID { return d.Endpoint })...)
		if err != nil {
			return err
		}
		for _, d := range list {
			offered := slices.ContainsFunc(out.For, func(e vpn.EndpointRef) bool { return e.ID == d.Endpoint })
			out.Devices = append(out.Devices, OwnDevice{
				Device: d, EndpointName: cmp.Or(names[d.Endpoint].Name, string(d.Endpoint)), Renewable: offered && d.RevokedAt.IsZero() && deployment.Devices > 0,
			})
		}
		return nil
	})
	if err != nil {
		return Own{}, err
	}
	s.addOutdated(ctx, out.Devices)
	return out, nil
}

// endpointsFor lists the endpoints for which the user may make a device.
func (s *Service) endpointsFor(ctx context.Context, tx *store.Tx, u portal.User) ([]vpn.EndpointRef, error) {
	endpoints, err := tx.PortalEndpoints(ctx)
	if err != nil {
		return nil, err
	}
	var out []vpn.EndpointRef
	for _, e := range endpoints {
		if !u.Accepts(e) {
			continue
		}
		_, ok, err := endpoint.DeviceAuthority(ctx, tx, e, s.core.Now())
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, vpn.EndpointRef{ID: e.ID, Name: e.Name})
		}
	}
	return out, nil
}

// addOutdated compares the files of live devices with those that would be made now. Where there is no file at present, nothing
// is said.
func (s *Service) addOutdated(ctx context.Context, devices []OwnDevice) {
	revisions := map[vpn.EndpointID]string{}
	for i, d := range devices {
		if !d.Live(s.core.Now()) || !d.Renewable {
			continue
		}
		revision, asked := revisions[d.Endpoint]
		if !asked {
			var err error
			if _, revision, err = s.Files.PlainFile(ctx, d.Endpoint, false); err != nil {
				revision = ""
			}
			revisions[d.Endpoint] = revision
		}
		devices[i].Outdated = revision != "" && revision != d.Revision
	}
}
