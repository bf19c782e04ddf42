package store

import (
	"context"
	"testing"
	"time"

	"sallyport/vpn"
)

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
		same(t, "rules of none", must[[]vpn.Rule](t)(x.RulesOf(ctx)), nil)
		same(t, "rules of several", must[[]vpn.Rule](t)(x.RulesOf(ctx, "cvpn-endpoint-\x00", f.endpoint.ID)), []vpn.Rule{wide, nine, ten, narrow})
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
