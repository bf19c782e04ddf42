package store

import (
	"context"
	"testing"

	"sallyport/vpn"
)

// What an earlier version stored of a group with letters beyond ASCII is found by the present spelling.
func testGroupSpellings(t *testing.T, s *Store) {
	f := stored(t, s)
	const former, present = `cn=b\c3\bcro \"s\c3\bcd\",dc=corp`, `cn=büro \"süd\",dc=corp`
	provider := vpn.ProviderID(f.directory.ID)
	seen := sighting("alice")
	seen.Provider = provider
	seen.Groups = []vpn.Group{{ID: former, Name: "Büro"}}
	see(t, s, seen)
	rule := vpn.Rule{ID: vpn.NewRuleID(), Endpoint: f.endpoint.ID, Destination: prefix("10.0.0.0/8"), Group: former, CreatedAt: at, Generations: vpn.Generations{Added: 2}}
	session := vpn.Session{ID: "session-1", Endpoint: f.endpoint.ID, Provider: provider, UserKey: "alice", Groups: []string{former, "other"}, StartedAt: at, EndsAt: at}
	update(t, s, func(ctx context.Context, x *Tx) error {
		if err := x.CreateVPNSession(ctx, session); err != nil {
			return err
		}
		return x.CreateRule(ctx, rule)
	})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "rule", must[vpn.Rule](t)(x.Rule(ctx, rule.ID)).Group, present)
		same(t, "session", must[vpn.Session](t)(x.VPNSession(ctx, session.ID)).Groups, []string{present, "other"})
		named := must[[]vpn.UserGroup](t)(x.VPNGroupsNamed(ctx, present))
		if len(named) != 1 || named[0].ID != present || named[0].Members != 1 {
			t.Errorf("the group is %+v", named)
		}
		same(t, "rules of the group", len(must[[]vpn.Rule](t)(x.RulesOfGroups(ctx, provider, present))), 1)
		return nil
	})
	seen.Groups[0].ID = present
	see(t, s, seen)
	view(t, s, func(ctx context.Context, x *Tx) error {
		all := must[vpn.Page[vpn.UserGroup]](t)(x.VPNGroups(ctx, vpn.List{}))
		if len(all.Items) != 1 || all.Items[0].Members != 1 {
			t.Errorf("groups after the next login: %+v", all.Items)
		}
		return nil
	})
}
