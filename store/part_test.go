package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

func testAssociation(t *testing.T, s *Store) {
	f := stored(t, s)
	b := f.firstAssoc
	b.ID, b.Subnet, b.CIDR, b.Zone, b.Generations = vpn.NewAssociationID(), f.b.ID, f.b.CIDR, f.b.Zone, vpn.Generations{Added: 3, Removed: 4}
	full(t, b)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAssociation(ctx, b) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "association", must[vpn.Association](t)(x.Association(ctx, b.ID)), b)
		same(t, "of endpoint, by zone", must[[]vpn.Association](t)(x.AssociationsOf(ctx, f.endpoint.ID)), []vpn.Association{b, f.firstAssoc})
		same(t, "of subnet", must[[]vpn.Association](t)(x.AssociationsOfSubnets(ctx, f.a.ID)), []vpn.Association{f.firstAssoc})
		same(t, "of nothing", must[[]vpn.Association](t)(x.AssociationsOf(ctx)), nil)
		_, err := x.Association(ctx, "cvpn-assoc-none")
		wantKind(t, "missing", err, vpn.NotFound)
		return nil
	})
	again := f.firstAssoc
	again.ID, again.Zone = vpn.NewAssociationID(), "zone-x"
	wantKind(t, "same subnet", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAssociation(ctx, again) }), vpn.Conflict)
	again.Subnet, again.Zone = f.b.ID, f.a.Zone
	wantKind(t, "same zone", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAssociation(ctx, again) }), vpn.Conflict)
	again.Zone, again.Subnet = f.b.Zone, "subnet-none"
	wantKind(t, "no subnet", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateAssociation(ctx, again) }), vpn.Conflict)
	leaving := f.firstAssoc
	leaving.Removed = 8
	again.Subnet, again.Zone = f.a.ID, f.a.Zone
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.SaveAssociation(ctx, leaving); err != nil {
			return err
		}
		return x.CreateAssociation(ctx, again) // the old one is no longer wanted
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "saved", must[vpn.Association](t)(x.Association(ctx, leaving.ID)), leaving)
		return nil
	})
	leaving.ID = "cvpn-assoc-none"
	wantKind(t, "save missing", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.SaveAssociation(ctx, leaving) }), vpn.NotFound)
}

func testRule(t *testing.T, s *Store) {
	f := stored(t, s)
	rule := func(cidr, group, description string, created time.Time) vpn.Rule {
		return vpn.Rule{
			ID: vpn.NewRuleID(), Endpoint: f.endpoint.ID, Destination: prefix(cidr), AllUsers: group == "", Group: group,
			Description: description, CreatedAt: created, Generations: vpn.Generations{Added: 2},
		}
	}
	wide, nine := rule("0.0.0.0/0", "", "everything", at), rule("9.0.0.0/8", "Staff", "", at.Add(1*time.Hour))
	ten, narrow := rule("10.0.0.0/8", "admins", "100 % of it", at.Add(-time.Hour)), rule("10.0.0.0/24", "Staff", "", at)
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, r := range []vpn.Rule{narrow, ten, wide, nine} {
			if err := x.CreateRule(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "rule", must[vpn.Rule](t)(x.Rule(ctx, ten.ID)), ten)
		same(t, "rules of", must[[]vpn.Rule](t)(x.RulesOf(ctx, f.endpoint.ID)), []vpn.Rule{wide, nine, ten, narrow})
		_, err := x.Rule(ctx, "cvpn-rule-none")
		wantKind(t, "missing", err, vpn.NotFound)
		for _, c := range []struct {
			l    vpn.List
			want []vpn.Rule
		}{
			{vpn.List{}, []vpn.Rule{wide, nine, ten, narrow}},
			{vpn.List{Sort: "nonsense; DROP TABLE rule"}, []vpn.Rule{wide, nine, ten, narrow}},
			{vpn.List{Sort: "destination", Desc: true}, []vpn.Rule{narrow, ten, nine, wide}},
			{vpn.List{Sort: "group"}, []vpn.Rule{wide, ten, nine, narrow}},
			{vpn.List{Sort: "created_at", Size: 1}, []vpn.Rule{ten}},
			{vpn.List{Search: "STAFF"}, []vpn.Rule{nine, narrow}},
			{vpn.List{Search: "100 %"}, []vpn.Rule{ten}},
			{vpn.List{Search: "10.0.0.0/2"}, []vpn.Rule{narrow}},
		} {
			same(t, "rules", must[vpn.Page[vpn.Rule]](t)(x.Rules(ctx, f.endpoint.ID, c.l)).Items, c.want)
		}
		return nil
	})
	again := ten
	again.ID = vpn.NewRuleID()
	wantKind(t, "same live rule", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateRule(ctx, again) }), vpn.Conflict)
	ten.Removed, ten.Description = 5, "leaving"
	full(t, ten, "AllUsers")
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.SaveRule(ctx, ten); err != nil {
			return err
		}
		return x.CreateRule(ctx, again)
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "saved", must[vpn.Rule](t)(x.Rule(ctx, ten.ID)), ten)
		return nil
	})
	again.ID, again.Endpoint = vpn.NewRuleID(), "cvpn-endpoint-none"
	wantKind(t, "no endpoint", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateRule(ctx, again) }), vpn.Conflict)
	wantKind(t, "save missing", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.SaveRule(ctx, again) }), vpn.NotFound)
}

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

func testRemoved(t *testing.T, s *Store) {
	f := stored(t, s)
	id := f.endpoint.ID
	f.firstAssoc.Removed = 10
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.SaveAssociation(ctx, f.firstAssoc); err != nil {
			return err
		}
		for i, removed := range []uint64{0, 9, 10, 11} {
			cidr := prefix([]string{"10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"}[i])
			change := vpn.Generations{Added: 1, Removed: removed}
			if err := x.CreateRule(ctx, vpn.Rule{ID: vpn.NewRuleID(), Endpoint: id, Destination: cidr, AllUsers: true, Generations: change}); err != nil {
				return err
			}
			r := vpn.Route{ID: vpn.NewRouteID(), Endpoint: id, Destination: cidr, Generations: change}
			if removed == 10 {
				r.Association, r.Subnet = f.firstAssoc.ID, f.a.ID
			}
			if err := x.CreateRoute(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
	for _, step := range []struct {
		applied            uint64
		gone, rules, assoc int
	}{{8, 0, 4, 1}, {10, 5, 2, 0}, {10, 0, 2, 0}, {1<<64 - 1, 2, 1, 0}} {
		update(t, s, func(ctx context.Context, x *Tx) error {
			gone := must[int](t)(x.DropRemoved(ctx, id, step.applied))
			rules, routes := must[[]vpn.Rule](t)(x.RulesOf(ctx, id)), must[[]vpn.Route](t)(x.RoutesOf(ctx, id))
			assoc := must[[]vpn.Association](t)(x.AssociationsOf(ctx, id))
			if gone != step.gone || len(rules) != step.rules || len(routes) != step.rules || len(assoc) != step.assoc {
				t.Errorf("applied %d: %d gone, %d rules, %d routes, %d associations; want %+v", step.applied, gone, len(rules), len(routes), len(assoc), step)
			}
			return nil
		})
	}
	update(t, s, func(ctx context.Context, x *Tx) error { // nothing holds the subnet any more
		return x.DeleteSubnet(ctx, f.a.ID)
	})
}
