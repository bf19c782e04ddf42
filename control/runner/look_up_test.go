package runner_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
)

// signedIn lets users in, whose tunnels are then up. Each has the group "staff".
func (s *site) signedIn(n int) (connections []vpn.ConnectionID) {
	s.T.Helper()
	for i := range n {
		name := fmt.Sprint("user", i)
		s.Directory.Put("password", vpn.ProviderUser{Key: "guid-" + name, Name: name, Groups: []vpn.Group{{ID: "staff", Name: "staff"}}})
		got := s.decided(s.passwordLogin(name, name, "password"))
		if !got.Allow {
			s.T.Fatalf("%s: %+v", name, got)
		}
		s.establish(got)
		s.Dataplane.Do(func() {
			s.Dataplane.Live = append(s.Dataplane.Live, vpn.LiveConnection{ID: got.Connection, Session: got.Session, Endpoint: s.Endpoint.ID})
		})
		connections = append(connections, got.Connection)
	}
	return connections
}

func (s *site) lookUp() { s.T.Helper(); s.Must(s.Runner.LookUpOnce(s.T.Context(), time.Minute)) }

// The groups of live sessions follow the directory, and a user who is disabled or deleted loses the sessions. A message that
// the dataplane did not get is sent again.
func TestLookUpFollowsTheDirectory(t *testing.T) {
	t.Parallel()
	s, d := newPasswordSite(t, false)
	connections := s.signedIn(3)
	s.lookUp()
	if len(s.Dataplane.Identities) != 0 {
		t.Errorf("nothing has changed, and the dataplane was told %+v", s.Dataplane.Identities)
	}
	s.Directory.Put("password", vpn.ProviderUser{Key: "guid-user0", Name: "user0", Groups: []vpn.Group{{ID: "guests", Name: "Guests"}}})
	s.Directory.Put("password", vpn.ProviderUser{Key: "guid-user1", Name: "user1", Disabled: true})
	s.Directory.Remove("user2")
	s.Dataplane.Do(func() { s.Dataplane.RefuseUsers = controltest.ErrDown })
	if err := s.Runner.LookUpOnce(t.Context(), time.Minute); vpn.KindOf(err) != vpn.Unavailable {
		t.Errorf("the dataplane did not get the users, and the pass says %v", err)
	}
	s.Dataplane.Do(func() { s.Dataplane.RefuseUsers = nil })
	s.lookUp()
	s.lookUp()
	if got := s.Dataplane.Identities; len(got) != 1 || got[0].User.Revision != 1 || !slices.Equal(got[0].User.Groups, []string{"guests"}) || got[0].User.Provider != d.ID.Provider() {
		t.Errorf("the dataplane was told %+v", got)
	}
	for i, reason := range []string{"", "The directory has disabled the user.", "The directory no longer has the user."} {
		c := s.Connection(connections[i])
		if (c.Status == vpn.ConnectionTerminating) != (reason != "") || c.EndReason != reason {
			t.Errorf("user%d: %s, %q", i, c.Status, c.EndReason)
		}
		session, _ := s.session(c.Session)
		if session.EndedAt.IsZero() != (reason == "") {
			t.Errorf("user%d: the session ended at %s", i, session.EndedAt)
		}
	}
	s.Reconcile()
	if !slices.Contains(s.Dataplane.Messages, "Your account cannot use this VPN any more. Ask your administrator.") {
		t.Errorf("the users were told %q", s.Dataplane.Messages)
	}
	if rows := s.Query("SELECT group_names FROM vpn_user WHERE name = 'user0'"); !strings.Contains(fmt.Sprint(rows), "Guests") {
		t.Errorf("the list of users has %v", rows)
	}
}

// A directory that does not answer, or answers for some users only, changes nothing for live sessions.
func TestLookUpWithoutDirectory(t *testing.T) {
	t.Parallel()
	s, d := newPasswordSite(t, false)
	connections := s.signedIn(2)
	s.Directory.Remove("user0")
	s.Directory.Fail(vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "The directory did not answer in time."))
	s.lookUp()
	if c := s.Connection(connections[0]); c.Status != vpn.ConnectionActive {
		t.Errorf("the connection is %s while the directory is down", c.Status)
	}
	if p, ok := s.Identity.LastPass(d.ID); !ok || !strings.Contains(p.Failed, "did not answer") || p.Held {
		t.Errorf("noted: %+v", p)
	}
	s.Directory.Fail(nil)
	s.lookUp()
	if c := s.Connection(connections[0]); c.Status != vpn.ConnectionTerminating {
		t.Errorf("the connection of a deleted user is %s", c.Status)
	}
	if p, _ := s.Identity.LastPass(d.ID); p.Failed != "" || p.Users != 2 || p.Lost != 1 {
		t.Errorf("noted: %+v", p)
	}
}

// A user whom the directory gives no name any more keeps the one in the lists, and is judged as others are. Where the time is
// over, those who were found count.
func TestLookUpWithoutName(t *testing.T) {
	t.Parallel()
	s, d := newPasswordSite(t, false)
	connections := s.signedIn(2)
	s.Directory.Remove("user0")
	s.Directory.Remove("user1")
	s.Directory.Put("password", vpn.ProviderUser{Key: "guid-user0", Groups: []vpn.Group{{ID: "guests", Name: "Guests"}}})
	s.lookUp()
	c := s.Connection(connections[0])
	if session, _ := s.session(c.Session); session.Username != "user0" || !slices.Equal(session.Groups, []string{"guests"}) || c.Status != vpn.ConnectionActive {
		t.Errorf("the session is %+v", session)
	}
	s.Must(s.Runner.LookUpOnce(t.Context(), 0))
	if p, _ := s.Identity.LastPass(d.ID); !strings.Contains(p.Failed, "did not tell of all users in time") {
		t.Errorf("noted: %+v", p)
	}
}

// Where most users would lose their access at once, none does until an administrator confirms, or the directory has them
// again.
func TestLookUpIsHeld(t *testing.T) {
	t.Parallel()
	s, d := newPasswordSite(t, false)
	connections := s.signedIn(8)
	active := func() (n int) {
		for _, id := range connections {
			if s.Connection(id).Status == vpn.ConnectionActive {
				n++
			}
		}
		return n
	}
	for i := range 5 {
		s.Directory.Remove(fmt.Sprint("user", i))
	}
	s.Directory.Put("password", vpn.ProviderUser{Key: "guid-user5", Name: "user5"}) // without the group
	if err := s.Identity.ConfirmLoss(t.Context(), s.Admin, d.ID); vpn.KindOf(err) != vpn.Conflict {
		t.Errorf("what is not held is confirmed: %v", err)
	}
	s.lookUp()
	s.lookUp()
	if held := s.Identity.HeldPasses(t.Context()); active() != 8 || len(held) != 1 || held[0].Lost != 6 || held[0].Users != 8 || len(s.Dataplane.Identities) != 0 {
		t.Errorf("%d are active, held: %+v", active(), held)
	}
	viewer := control.Principal{}
	if err := s.Identity.ConfirmLoss(t.Context(), viewer, d.ID); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("an account that may not change confirms it: %v", err)
	}
	s.Must(s.Identity.ConfirmLoss(t.Context(), s.Admin, d.ID))
	s.lookUp()
	if active() != 3 || len(s.Identity.HeldPasses(t.Context())) != 0 || len(s.Dataplane.Identities) != 1 {
		t.Errorf("%d are active after the confirmation, held: %+v", active(), s.Identity.HeldPasses(t.Context()))
	}
	confirmed := func(r vpn.AuditRecord) bool {
		return r.Action == vpn.ConfirmDirectoryLookUp && r.Subject == string(d.ID) && strings.Contains(r.After, "6")
	}
	if !slices.ContainsFunc(s.Audit(), confirmed) {
		t.Errorf("the confirmation is not in the audit trail: %+v", s.Audit())
	}
}

// The users of connections that end because the user is blocked are told so.
func TestBlockedUserIsTold(t *testing.T) {
	t.Parallel()
	s, _ := newPasswordSite(t, false)
	connections := s.signedIn(1)
	users, err := s.Users.Users(t.Context(), s.Admin, vpn.List{})
	s.Must(err)
	if len(users.Items) != 1 {
		t.Fatalf("the list of users has %+v", users.Items)
	}
	_, err = s.Users.Block(t.Context(), s.Admin, []vpn.UserID{users.Items[0].ID}, "laptop stolen")
	s.Must(err)
	s.Reconcile()
	if !slices.Equal(s.Dataplane.Terminated, connections) || !slices.Equal(s.Dataplane.Messages, []string{vpn.UserBlockedMessage()}) {
		t.Errorf("terminated: %v, told: %q", s.Dataplane.Terminated, s.Dataplane.Messages)
	}
}

// Users who are in the self-service portal alone are looked up too: who is gone loses the session there, and the groups of the
// others follow the directory.
func TestLookUpOfPortalSessions(t *testing.T) {
	t.Parallel()
	s, d := newPasswordSite(t, false)
	sessions := map[string]vpn.PortalSession{}
	for _, name := range []string{"user0", "user1", "user2", "idle"} {
		u := vpn.ProviderUser{Key: "guid-" + name, Name: name, Groups: []vpn.Group{{ID: "staff", Name: "staff"}}}
		s.Directory.Put("password", u)
		sessions[name], _ = vpn.NewPortalSession(d.ID.Provider(), u, "192.0.2.7", time.Time{}, s.Clock.Now())
		s.Must(s.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.CreatePortalSession(t.Context(), sessions[name]) }))
	}
	s.Exec("UPDATE portal_session SET seen_at = seen_at - 3600000000 WHERE name = 'idle'")
	s.Directory.Put("password", vpn.ProviderUser{Key: "guid-user0", Name: "user0", Groups: []vpn.Group{{ID: "guests", Name: "Guests"}}})
	s.Directory.Put("password", vpn.ProviderUser{Key: "guid-user1", Name: "user1", Disabled: true})
	s.Directory.Remove("user2")
	s.lookUp()
	for name, reason := range map[string]string{"user0": "", "user1": "The directory has disabled the user.", "user2": "The directory no longer has the user.", "idle": ""} {
		if rows := s.Query("SELECT end_reason FROM portal_session WHERE name = '" + name + "' AND (ended_at = 0) = (end_reason = '')"); len(rows) != 1 || rows[0] != reason {
			t.Errorf("%s: %q", name, rows)
		}
	}
	if rows := s.Query("SELECT user_groups FROM portal_session WHERE name = 'user0'"); !strings.Contains(fmt.Sprint(rows), "Guests") {
		t.Errorf("the session has %v", rows)
	}
	if rows := s.Query("SELECT group_names FROM vpn_user WHERE name = 'user0'"); !strings.Contains(fmt.Sprint(rows), "Guests") {
		t.Errorf("the list of users has %v", rows)
	}
	if pass, known := s.Identity.LastPass(d.ID); !known || pass.Users != 3 {
		t.Errorf("the pass is %+v", pass)
	}
}
