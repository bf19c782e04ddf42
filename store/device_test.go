package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func testDevice(t *testing.T, s *Store) {
	now := at.UTC()
	present := s.options.Now().UTC().Truncate(time.Microsecond)
	device := func(id, user, endpoint, name string, ends time.Time) vpn.Device {
		return vpn.Device{
			ID: vpn.DeviceID(id), UserRef: vpn.UserRef{Provider: "d-1", Key: user}, UserName: user, Endpoint: vpn.EndpointID(endpoint), Name: name, Authority: "cert-1",
			Serial: id, Fingerprint: "f" + id, NotAfter: ends, CreatedAt: now,
		}
	}
	year := present.Add(365 * 24 * time.Hour)
	a, b := device("1", "alice", "e-1", "phone", year), device("2", "alice", "e-2", "Laptop", year)
	b.CreatedAt = now.Add(time.Second)
	c, old := device("3", "bob", "e-1", "phone", present.Add(time.Hour)), device("4", "bob", "e-1", "old", present.Add(-time.Hour))
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, d := range []vpn.Device{a, b, c, old} {
			if err := x.CreateDevice(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
	ids := func(ds []vpn.Device) []vpn.DeviceID {
		return vpn.IDsOf(ds, func(d vpn.Device) vpn.DeviceID { return d.ID })
	}
	listed := func(what string, l vpn.List, want ...vpn.DeviceID) {
		view(t, s, func(ctx context.Context, x *Tx) error {
			same(t, what, ids(must[vpn.Page[vpn.Device]](t)(x.DeviceList(ctx, l)).Items), append([]vpn.DeviceID{}, want...))
			return nil
		})
	}
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "of a user", ids(must[[]vpn.Device](t)(x.DevicesOf(ctx, a.UserRef))), []vpn.DeviceID{"2", "1"})
		same(t, "by ID", must[vpn.Devices](t)(x.DevicesByID(ctx, "1", "9")), vpn.Devices{"1": a})
		same(t, "counted", must[map[vpn.EndpointID]int](t)(x.CountDevices(ctx, "e-1", "e-9")), map[vpn.EndpointID]int{"e-1": 2})
		_, err := x.DeviceOf(ctx, c.UserRef, "1")
		wantKind(t, "of another user", err, vpn.NotFound)
		return nil
	})
	listed("all", vpn.List{Sort: "name"}, "2", "4", "1", "3")
	listed("of an endpoint", vpn.List{Filter: map[string]string{"endpoint": "e-2"}}, "2")
	listed("of an authority", vpn.List{Filter: map[string]string{"authority": "cert-2"}})
	listed("searched", vpn.List{Search: "BOB", Sort: "name"}, "4", "3")
	for state, want := range map[vpn.DeviceState]vpn.DeviceID{vpn.DeviceExpired: "4", vpn.DeviceExpiresSoon: "3"} {
		listed(string(state), vpn.List{Filter: map[string]string{"state": string(state)}}, want)
	}
	update(t, s, func(ctx context.Context, x *Tx) error {
		a.Revoke("admin", vpn.DeviceRevoked, now)
		if err := x.SaveDeviceRevocation(ctx, a); err != nil {
			return err
		}
		b.UsedAt = now
		return x.UseDevices(ctx, now, "2", "9")
	})
	listed("revoked", vpn.List{Filter: map[string]string{"state": string(vpn.DeviceIsRevoked)}}, "1")
	listed("valid", vpn.List{Filter: map[string]string{"state": string(vpn.DeviceValid)}}, "2")
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "changed", must[vpn.Devices](t)(x.DevicesByID(ctx, "1", "2")), vpn.Devices{"1": a, "2": b})
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		n, err := x.PurgeDevices(ctx, now.Add(time.Second), 10)
		same(t, "purged", n, 1)
		if err == nil {
			n, err = x.PurgeDevices(ctx, s.options.Now(), 10)
		}
		same(t, "purged when it had ended", n, 1)
		return err
	})
}
