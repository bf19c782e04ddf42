package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func testRoute(t *testing.T, s *Store) {
	f := stored(t, s)
	auto := vpn.Route{
		ID: vpn.NewRouteID(), Endpoint: f.endpoint.ID, Association: f.firstAssoc.ID, Subnet: f.a.ID, Destination: prefix("10.1.0.0/16"),
		Origin: vpn.OriginAssociate, Description: "Default route", CreatedAt: at, Generations: vpn.Generations{Added: 2, Removed: 3},
	}
	full(t, auto)
	local := vpn.Route{ID: vpn.NewRouteID(), Endpoint: f.endpoint.ID, Destination: f.endpoint.ClientCIDR, Origin: vpn.OriginAddRoute, CreatedAt: at.Add(-1)}
	local.CreatedAt = at.Add(-time.Second)
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.CreateRoute(ctx, local); err != nil {
			return err
		}
		return x.CreateRoute(ctx, auto)
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "route", must[vpn.Route](t)(x.Route(ctx, auto.ID)), auto)
		same(t, "local route", must[vpn.Route](t)(x.Route(ctx, local.ID)), local)
		same(t, "routes of", must[[]vpn.Route](t)(x.RoutesOf(ctx, f.endpoint.ID)), []vpn.Route{auto, local})
		_, err := x.Route(ctx, "cvpn-route-none")
		wantKind(t, "missing", err, vpn.NotFound)
		for _, c := range []struct {
			l    vpn.List
			want []vpn.Route
		}{
			{vpn.List{}, []vpn.Route{auto, local}},
			{vpn.List{Sort: "origin"}, []vpn.Route{local, auto}},
			{vpn.List{Sort: "created_at"}, []vpn.Route{local, auto}},
			{vpn.List{Search: "LOCAL"}, []vpn.Route{local}},
			{vpn.List{Search: string(f.a.ID)}, []vpn.Route{auto}},
			{vpn.List{Search: "default"}, []vpn.Route{auto}},
		} {
			same(t, "routes", must[vpn.Page[vpn.Route]](t)(x.Routes(ctx, f.endpoint.ID, c.l)).Items, c.want)
		}
		return nil
	})
	again := local
	again.ID = vpn.NewRouteID()
	wantKind(t, "same live local route", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateRoute(ctx, again) }), vpn.Conflict)
	again.Association, again.Subnet = f.firstAssoc.ID, f.a.ID // another target
	auto.Removed, auto.Description = 0, "back"
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.SaveRoute(ctx, auto); err != nil {
			return err
		}
		return x.CreateRoute(ctx, again)
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "saved", must[vpn.Route](t)(x.Route(ctx, auto.ID)), auto)
		return nil
	})
	again.ID = "cvpn-route-none"
	wantKind(t, "save missing", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.SaveRoute(ctx, again) }), vpn.NotFound)
}
