package user_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
)

const corp vpn.ProviderID = "d-0123456789"

type site struct{ *controltest.Site }

// newSite has alice, who is connected to two endpoints by password and by certificate, and bob.
func newSite(t *testing.T) (*site, vpn.User, vpn.User) {
	t.Helper()
	s := &site{controltest.NewAssociatedSite(t)}
	alice := s.see(vpn.Sighting{UserRef: vpn.UserRef{Key: "alice"}, Name: "alice", At: s.Clock.Now()})
	bob := s.see(vpn.Sighting{UserRef: vpn.UserRef{Provider: corp, Key: "guid"}, Name: "bob@corp", At: s.Clock.Now(), Groups: []vpn.Group{{ID: "S-1-5-7", Name: "engineers"}}})
	return s, alice, bob
}

func (s *site) see(seen vpn.Sighting) (u vpn.User) {
	s.T.Helper()
	ctx := s.T.Context()
	s.Must(s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.SeeUser(ctx, seen); err != nil {
			return err
		}
		found, err := tx.VPNUsersOf(ctx, seen.UserRef)
		u = found[seen.UserRef]
		return err
	}))
	return u
}

func (s *site) connect(c vpn.Connection) vpn.Connection {
	s.T.Helper()
	ctx := s.T.Context()
	c.ID, c.Session, c.Endpoint, c.Node = vpn.NewConnectionID(), vpn.NewSessionID(), s.Endpoint.ID, "node-1"
	if c.EstablishedAt.IsZero() && c.Status != vpn.ConnectionConnecting {
		c.EstablishedAt = s.Clock.Now()
	}
	session := vpn.Session{
		ID: c.Session, Endpoint: c.Endpoint, Username: c.Username, Provider: c.Provider, UserKey: c.UserKey, Connection: c.ID, StartedAt: s.Clock.Now(), EndsAt: s.Clock.Now().Add(time.Hour),
	}
	s.Must(s.Store.Update(ctx, func(tx *store.Tx) error {
		if err := tx.CreateVPNSession(ctx, session); err != nil {
			return err
		}
		return tx.CreateConnection(ctx, c)
	}))
	return c
}

// A block ends every session and connection of the user, and of no other; it is audited, and taken back by Unblock.
func TestBlock(t *testing.T) {
	t.Parallel()
	s, alice, bob := newSite(t)
	ctx := t.Context()
	live := s.connect(vpn.Connection{Username: "alice", Status: vpn.ConnectionActive})
	away := s.connect(vpn.Connection{Username: "alice", Status: vpn.ConnectionAway, AwaySince: s.Clock.Now()})
	granted := s.connect(vpn.Connection{Username: "alice", Status: vpn.ConnectionConnecting})
	other := s.connect(vpn.Connection{Username: "alice", Provider: corp, UserKey: "guid-of-another", Status: vpn.ConnectionActive})

	p, err := s.Users.BlockPreview(ctx, s.ReadOnly, []vpn.UserID{alice.ID, bob.ID, "user-none"})
	s.Must(err)
	if len(p.Users) != 2 || p.Connections != 2 {
		t.Errorf("got %+v", p)
	}
	_, err = s.Users.Block(ctx, s.ReadOnly, []vpn.UserID{alice.ID}, "")
	s.WantKind("read-only", err, vpn.Denied, "read-only")
	s.WantRefusal("long reason", vpn.Invalid, "", func() error {
		_, err := s.Users.Block(ctx, s.Admin, []vpn.UserID{alice.ID}, strings.Repeat("x", 300))
		return err
	})
	got, err := s.Users.Block(ctx, s.Admin, []vpn.UserID{alice.ID, "user-none"}, "laptop stolen")
	s.Must(err)
	if len(got.Users) != 1 || got.Connections != 2 || len(got.Refused) != 1 {
		t.Errorf("got %+v", got)
	}
	if r := s.LastAudit(); r.Action != vpn.BlockVpnUser || !strings.Contains(r.Subject, string(alice.ID)) || !strings.Contains(r.After, "laptop stolen") {
		t.Errorf("the audit record is %+v", r)
	}
	for _, c := range []vpn.Connection{live, away, granted} {
		now := s.Connection(c.ID)
		if now.Status != vpn.ConnectionTerminating || now.EndReason != "The user was blocked by administrator admin." {
			t.Errorf("%s: %+v", c.Status, now)
		}
		s.Must(s.Store.View(ctx, func(tx *store.Tx) error {
			session, err := tx.VPNSession(ctx, c.Session)
			if session.EndedAt.IsZero() {
				t.Errorf("%s: the session goes on", c.Status)
			}
			return err
		}))
	}
	if c := s.Connection(other.ID); c.Status != vpn.ConnectionActive {
		t.Errorf("another user of the name: %+v", c)
	}
	s.WantRefusal("blocked twice", vpn.Conflict, "blocked already", func() error { _, err := s.Users.Block(ctx, s.Admin, []vpn.UserID{alice.ID}, ""); return err })
	v, err := s.Users.User(ctx, s.ReadOnly, alice.ID)
	s.Must(err)
	if !v.Blocked() || v.BlockedBy != "admin" {
		t.Errorf("got %+v", v)
	}
	n, refused, err := s.Users.Unblock(ctx, s.Admin, []vpn.UserID{alice.ID, bob.ID})
	s.Must(err)
	if n != 1 || len(refused) != 1 {
		t.Errorf("unblocked %d, %v", n, refused)
	}
}

// A user has the groups of the last login and what the rules of the endpoints of the provider allow; a group has the
// rules that name it there, and no others.
func TestUsersAndGroups(t *testing.T) {
	t.Parallel()
	s, alice, _ := newSite(t)
	ctx := t.Context()
	d := s.AskPasswords(false)
	carol := s.see(vpn.Sighting{UserRef: vpn.UserRef{Provider: d.ID.Provider(), Key: "g2"}, Name: "carol", At: s.Clock.Now(), Groups: []vpn.Group{{ID: "S-1-5-7", Name: "engineers"}}})
	_, err := s.Endpoints.Authorize(ctx, s.Admin, s.Endpoint.ID, vpn.RuleSpec{Destination: "10.0.0.0/24", Group: "S-1-5-7"})
	s.Must(err)
	_, err = s.Endpoints.Authorize(ctx, s.Admin, s.Endpoint.ID, vpn.RuleSpec{Destination: "10.0.1.0/24", Group: "S-1-5-8"})
	s.Must(err)
	v, err := s.Users.User(ctx, s.ReadOnly, carol.ID)
	s.Must(err)
	if len(v.Groups) != 1 || v.ProviderName != d.Name || len(v.Access) != 1 || len(v.Access[0].Lines) != 2 {
		t.Fatalf("got %+v", v)
	}
	if l := v.Access[0].Lines; !l[0].Allowed || l[1].Allowed || l[1].Others != 1 {
		t.Errorf("got %+v", l)
	}
	if v, err := s.Users.User(ctx, s.ReadOnly, alice.ID); err != nil || len(v.Access) != 1 || len(v.Access[0].Lines) != 0 {
		t.Errorf("a certificate's user: %+v, %v", v, err)
	}
	groups, err := s.Users.Groups(ctx, s.ReadOnly, vpn.List{})
	s.Must(err)
	if len(groups.Items) != 2 { // of one name, of two providers
		t.Fatalf("got %+v", groups)
	}
	for _, g := range groups.Items {
		want := 0
		if g.Provider == d.ID.Provider() {
			want = 1
		}
		one, err := s.Users.Group(ctx, s.ReadOnly, g.Key)
		s.Must(err)
		if g.Rules != want || len(one.Rules) != want || one.Members != 1 || want == 1 && one.Endpoints[s.Endpoint.ID] == "" {
			t.Errorf("got %+v, want %d rules", one, want)
		}
	}
	users, err := s.Users.Users(ctx, s.ReadOnly, vpn.List{Sort: "name"})
	s.Must(err)
	if len(users.Items) != 3 || users.Items[2].ProviderName != d.Name {
		t.Errorf("got %+v", users.Items)
	}
}
