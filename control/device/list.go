package device

import (
	"context"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Listed is a device with the names that a list shows.
type Listed struct {
	vpn.Device
	EndpointName string
	User         vpn.UserID // of the list of users; empty: the user is not in it any more
}

// Devices lists devices. For its orders and filters see store.Tx.DeviceList.
func (s *Service) Devices(ctx context.Context, by control.Principal, l vpn.List) (out vpn.Page[Listed], err error) {
	err = s.core.Read(ctx, by, vpn.ListDevices, "", func(tx *store.Tx) error {
		found, err := tx.DeviceList(ctx, l)
		if err != nil {
			return err
		}
		items, err := named(ctx, tx, found.Items)
		out = vpn.MapPage(found, func(d vpn.Device) Listed { return items[d.ID] })
		return err
	})
	return out, err
}

// Endpoints lists the endpoints by which the list of devices can be narrowed: those with the self-service portal that ask for a
// certificate, and one more, where it is known.
func (s *Service) Endpoints(ctx context.Context, by control.Principal, more vpn.EndpointID) (out []vpn.EndpointRef, err error) {
	err = s.core.Read(ctx, by, vpn.ListDevices, "", func(tx *store.Tx) error {
		endpoints, err := tx.PortalEndpoints(ctx)
		if err != nil {
			return err
		}
		for _, e := range endpoints {
			if e.Mutual() && e.ID != more {
				out = append(out, vpn.EndpointRef{ID: e.ID, Name: e.Name})
			}
		}
		found, err := tx.EndpointsByID(ctx, more)
		if e, known := found[more]; known {
			out = append(out, vpn.EndpointRef{ID: e.ID, Name: e.Name})
		}
		return err
	})
	return out, err
}

// OfUser lists the devices of a user, those that are not revoked first.
func (s *Service) OfUser(ctx context.Context, by control.Principal, user vpn.UserRef) (out []Listed, err error) {
	err = s.core.Read(ctx, by, vpn.ListDevices, "", func(tx *store.Tx) error {
		list, err := tx.DevicesOf(ctx, user)
		if err != nil {
			return err
		}
		items, err := named(ctx, tx, list)
		for _, d := range list {
			out = append(out, items[d.ID])
		}
		return err
	})
	return out, err
}

// View is a device with the connections that a revocation ends.
type View struct {
	Listed
	Connected int
}

// Device gives one device.
func (s *Service) Device(ctx context.Context, by control.Principal, id vpn.DeviceID) (v View, err error) {
	err = s.core.Read(ctx, by, vpn.ListDevices, string(id), func(tx *store.Tx) error {
		d, err := tx.Device(ctx, id)
		if err != nil {
			return err
		}
		items, err := named(ctx, tx, []vpn.Device{d})
		if err != nil {
			return err
		}
		connections, err := tx.LiveConnectionsWith(ctx, d.Block())
		v = View{Listed: items[d.ID]}
		for _, c := range connections {
			if c.Live() {
				v.Connected++
			}
		}
		return err
	})
	return v, err
}

// Count counts the live devices of an endpoint.
func (s *Service) Count(ctx context.Context, by control.Principal, id vpn.EndpointID) (n int, err error) {
	err = s.core.Read(ctx, by, vpn.ListDevices, string(id), func(tx *store.Tx) error {
		counts, err := tx.CountDevices(ctx, id)
		n = counts[id]
		return err
	})
	return n, err
}

func named(ctx context.Context, tx *store.Tx, list []vpn.Device) (map[vpn.DeviceID]Listed, error) {
	endpoints, err := tx.EndpointsByID(ctx, vpn.IDsOf(list, func(d vpn.Device) vpn.EndpointID { return d.Endpoint })...)
	if err != nil {
		return nil, err
	}
	refs := make([]vpn.UserRef, len(list))
	for i, d := range list {
		refs[i] = d.UserRef
	}
	users, err := tx.VPNUsersOf(ctx, refs...)
	out := make(map[vpn.DeviceID]Listed, len(list))
	for _, d := range list {
		out[d.ID] = Listed{Device: d, EndpointName: endpoints[d.Endpoint].Name, User: users[d.UserRef].ID}
	}
	return out, err
}
