package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"sallyport/vpn"
)

const corp vpn.ProviderID = "d-0123456789"

func sighting(key string, groups ...string) vpn.Sighting {
	s := vpn.Sighting{UserRef: vpn.UserRef{Provider: corp, Key: key}, Name: key + "@corp", At: at, Endpoint: "cvpn-endpoint-a"}
	for _, g := range groups {
		s.Groups = append(s.Groups, vpn.Group{ID: "S-" + g, Name: g})
	}
	return s
}

func see(t *testing.T, s *Store, seen ...vpn.Sighting) {
	t.Helper()
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SeeUser(ctx, seen...) })
}

func userOf(t *testing.T, s *Store, ref vpn.UserRef) (u vpn.User) {
	t.Helper()
	view(t, s, func(ctx context.Context, x *Tx) error {
		found, err := x.VPNUsersOf(ctx, ref)
		u = found[ref]
		return err
	})
	return u
}

func groupsOf(t *testing.T, s *Store, id vpn.UserID) (out []string) {
	t.Helper()
	view(t, s, func(ctx context.Context, x *Tx) error {
		found, err := x.VPNGroupsOf(ctx, id)
		out = names(found, func(g vpn.UserGroup) string { return g.Name })
		return err
	})
	return out
}

func testUsers(t *testing.T, s *Store) {
	alice, bob := sighting("alice", "sales", "staff"), sighting("bob", "staff")
	refused := sighting("bob", "staff")
	refused.At, refused.Refused = at.Add(time.Minute), vpn.Refuse(vpn.Denied, vpn.CodeUserDisabled, "Disabled.")
	certificate := vpn.Sighting{UserRef: vpn.UserRef{Key: "alice"}, Name: "alice", At: at}
	see(t, s, alice, bob, refused, certificate) // one transaction, one user twice
	u := userOf(t, s, bob.UserRef)
	same(t, "bob", u, vpn.User{
		ID: u.ID, UserRef: bob.UserRef, Name: "bob@corp", FirstSeen: at, SignedInAt: at, Groups: 1, GroupNames: []string{"staff"},
		RefusedAt: refused.At, RefusedCode: vpn.CodeUserDisabled, RefusedReason: "Disabled.", RefusedBy: "cvpn-endpoint-a",
	})
	same(t, "a certificate's user is another one", userOf(t, s, certificate.UserRef).Groups, 0)
	first := userOf(t, s, alice.UserRef)
	same(t, "groups of alice", groupsOf(t, s, first.ID), []string{"sales", "staff"})

	// The next login brings other groups, another name, and a group of another name; the user stays one.
	again := sighting("alice", "staff", "ops", "a", "b")
	again.Name, again.At, again.More = "alice.new@corp", at.Add(time.Hour), true
	again.Groups[0].Name = "all staff"
	see(t, s, again)
	u = userOf(t, s, alice.UserRef)
	same(t, "alice again", u, vpn.User{ID: first.ID, UserRef: alice.UserRef, Name: "alice.new@corp", FirstSeen: at, SignedInAt: again.At, Groups: 4, MoreGroups: true, GroupNames: []string{"all staff", "ops", "a"}})
	same(t, "groups of alice again", groupsOf(t, s, u.ID), []string{"a", "all staff", "b", "ops"})
	same(t, "bob's group has the new name", groupsOf(t, s, userOf(t, s, bob.UserRef).ID), []string{"all staff"})

	// What was not proved is believed of a known user only, and changes no name and no group.
	unproved := sighting("alice")
	unproved.Name, unproved.Unproved, unproved.Refused = "ALICE", true, vpn.Refuse(vpn.Denied, vpn.CodeUserCredentials, "Wrong.")
	other := unproved
	other.Key = "other"
	see(t, s, unproved, other)
	same(t, "another user", userOf(t, s, other.UserRef).ID, "")
	after := userOf(t, s, alice.UserRef)
	same(t, "the refusal is noted", after.RefusedCode, vpn.CodeUserCredentials)
	same(t, "and nothing else", []any{after.Name, after.Groups, groupsOf(t, s, u.ID)}, []any{u.Name, u.Groups, groupsOf(t, s, u.ID)})
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "by the typed name", must[vpn.User](t)(x.VPNUserNamed(ctx, corp, "Alice.NEW@corp")).ID, u.ID)
		_, err := x.VPNUserNamed(ctx, "", "alice.new@corp")
		wantKind(t, "of another provider", err, vpn.NotFound)
		return nil
	})

	// A block stays through logins.
	blocked := after
	if err := blocked.Block("admin", "left", at); err != nil {
		t.Fatal(err)
	}
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveVPNUserBlock(ctx, blocked) })
	see(t, s, sighting("alice"))
	u = userOf(t, s, alice.UserRef)
	same(t, "blocked", []any{u.BlockedAt, u.BlockedBy, u.BlockReason, u.Groups, len(groupsOf(t, s, u.ID))}, []any{at, "admin", "left", 0, 0})
	wantKind(t, "an unknown user", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.SaveVPNUserBlock(ctx, vpn.User{ID: "user-x"}) }), vpn.NotFound)

	// Users who are not seen any more go, but not blocked ones; then the groups without members.
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "purged users", must[int](t)(x.PurgeVPNUsers(ctx, at.Add(2*time.Hour), 10)), 2)
		same(t, "purged groups", must[int](t)(x.PurgeVPNGroups(ctx, s.options.Now().Add(time.Hour), 10)), 5)
		return nil
	})
	same(t, "the blocked one is kept", userOf(t, s, alice.UserRef).ID, u.ID)
}

func testUserLists(t *testing.T, s *Store) {
	var seen []vpn.Sighting
	for i := range 7 {
		one := sighting(fmt.Sprintf("user%d", i), "staff")
		one.At = at.Add(time.Duration(i) * time.Minute)
		seen = append(seen, one)
	}
	seen[3].Groups = nil
	seen = append(seen, vpn.Sighting{UserRef: vpn.UserRef{Key: "carol"}, Name: "Carol 100%", At: at.Add(time.Hour)}, vpn.Sighting{UserRef: vpn.UserRef{Key: "dave"}, Name: "dave", At: at.Add(-time.Hour)})
	see(t, s, seen...)
	c := newConnection()
	c.Username, c.Provider, c.UserKey, c.EstablishedAt, c.Status = "dave", "", "", at, vpn.ConnectionActive
	create(t, s, c)
	of := seen[5]
	c.ID, c.Username, c.Provider, c.UserKey = vpn.NewConnectionID(), of.Name, of.Provider, of.Key
	ended := c
	ended.ID, ended.Status = vpn.NewConnectionID(), vpn.ConnectionTerminated
	create(t, s, c, ended)
	blocked := userOf(t, s, seen[2].UserRef)
	blocked.BlockedAt = at
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveVPNUserBlock(ctx, blocked) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		list := func(l vpn.List) []string {
			p := must[vpn.Page[vpn.User]](t)(x.VPNUsers(ctx, l))
			return names(p.Items, func(u vpn.User) string { return u.Key })
		}
		same(t, "newest first", list(vpn.List{Size: 3}), []string{"carol", "user6", "user5"})
		same(t, "by name", list(vpn.List{Sort: "name", Size: 2}), []string{"carol", "dave"})
		p := must[vpn.Page[vpn.User]](t)(x.VPNUsers(ctx, vpn.List{Size: 3}))
		same(t, "next page", list(vpn.List{Size: 3, After: p.Next}), []string{"user4", "user3", "user2"})
		same(t, "searched", list(vpn.List{Search: "100%"}), []string{"carol"})
		same(t, "blocked", list(vpn.List{Filter: map[string]string{"state": vpn.UserBlocked}}), []string{"user2"})
		same(t, "connected", list(vpn.List{Filter: map[string]string{"state": vpn.UserConnected}}), []string{"user5", "dave"})
		refs := []vpn.UserRef{{Key: "dave"}, of.UserRef, {Key: "user5"}}
		same(t, "connections", must[map[vpn.UserRef]int](t)(x.CountConnectionsOf(ctx, refs...)), map[vpn.UserRef]int{refs[0]: 1, refs[1]: 1})
		same(t, "live connections", len(must[[]vpn.Connection](t)(x.LiveConnectionsOf(ctx, refs...))), 2)
		same(t, "of certificates", list(vpn.List{Sort: "name", Filter: map[string]string{"provider": vpn.UsersOfCertificates}}), []string{"carol", "dave"})
		same(t, "of another provider", len(list(vpn.List{Filter: map[string]string{"provider": "d-9"}})), 0)
		groups := must[vpn.Page[vpn.UserGroup]](t)(x.VPNGroups(ctx, vpn.List{Search: "S-ST"}))
		if len(groups.Items) != 1 || groups.Items[0].Members != 6 || groups.Items[0].More {
			t.Fatalf("groups: %+v", groups)
		}
		members := list(vpn.List{Sort: "name", Filter: map[string]string{"group": string(groups.Items[0].Key)}})
		same(t, "members", members, []string{"user0", "user1", "user2", "user4", "user5", "user6"})
		same(t, "one group", must[vpn.UserGroup](t)(x.VPNGroup(ctx, groups.Items[0].Key)), groups.Items[0])
		same(t, "by group ID", must[[]vpn.UserGroup](t)(x.VPNGroupsNamed(ctx, "S-staff", "S-none")), groups.Items)
		some := must[[]vpn.User](t)(x.VPNUsersByID(ctx, blocked.ID, "user-none", "\x00"))
		same(t, "by ID", names(some, func(u vpn.User) string { return u.Key }), []string{"user2"})
		return nil
	})
}

// Two hundred groups of one user, and the same groups of the next.
func TestManyGroups(t *testing.T) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			var ids []string
			for i := range 200 {
				ids = append(ids, fmt.Sprintf("group%03d", i))
			}
			slices.Reverse(ids)
			see(t, s, sighting("alice", ids...), sighting("bob", ids...))
			see(t, s, sighting("alice", ids[:150]...))
			same(t, "alice", len(groupsOf(t, s, userOf(t, s, vpn.UserRef{Provider: corp, Key: "alice"}).ID)), 150)
			same(t, "bob", len(groupsOf(t, s, userOf(t, s, vpn.UserRef{Provider: corp, Key: "bob"}).ID)), 200)
		})
	}
}
