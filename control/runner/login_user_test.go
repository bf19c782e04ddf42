package runner_test

import (
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// user gives the user with a client certificate, as the list of users has it.
func (s *site) user(name string) vpn.User { return s.userOf(vpn.UserRef{Key: name}) }

func (s *site) userOf(ref vpn.UserRef) vpn.User {
	s.T.Helper()
	var u vpn.User
	s.Must(s.Store.View(s.T.Context(), func(tx *store.Tx) error {
		found, err := tx.VPNUsersOf(s.T.Context(), ref)
		u = found[ref]
		return err
	}))
	return u
}

// A login leaves its user in the list of users, a refused one its reason; an untrusted certificate adds no user.
func TestLoginsAreSeen(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.AddLogins(s.Login("alice"))
	alice := s.user("alice")
	if alice.ID == "" || !alice.SignedInAt.Equal(s.Clock.Now()) || !alice.RefusedAt.IsZero() {
		t.Errorf("got %+v", alice)
	}
	s.Clock.Pass(time.Minute)
	untrusted := s.Login("mallory\x01")
	s.AddLogins(untrusted)
	if u := s.user(vpn.PrintableText("mallory\x01")); u.ID != "" {
		t.Errorf("an impossible common name is listed: %+v", u)
	}
}

// A blocked user is refused at every endpoint with a code of its own, until the block is taken back.
func TestBlockedUserIsRefused(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	s.AddLogins(s.Login("alice"))
	alice := s.user("alice")
	s.Must(alice.Block("admin", "", s.Clock.Now()))
	save := func(u vpn.User) {
		s.Must(s.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.SaveVPNUserBlock(t.Context(), u) }))
	}
	save(alice)
	again := s.Login("alice")
	again.ID = "again"
	s.AddLogins(again)
	d := s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]
	if d.Allow || d.Later || d.Code != vpn.CodeUserBlocked || d.Reason != vpn.UserBlockedMessage()+" [again]" {
		t.Errorf("got %+v", d)
	}
	if u := s.user("alice"); u.RefusedCode != vpn.CodeUserBlocked || u.RefusedBy != s.Endpoint.ID || !u.Blocked() {
		t.Errorf("got %+v", u)
	}
	alice = s.user("alice")
	s.Must(alice.Unblock())
	save(alice)
	third := s.Login("alice")
	third.ID = "third"
	s.AddLogins(third)
	if d := s.Dataplane.Decisions[len(s.Dataplane.Decisions)-1]; !d.Allow {
		t.Errorf("unblocked: %+v", d)
	}
}

// A directory's user is one user whatever was typed, with groups; a wrong password is noted with the user who has the
// name, and no user is added by it.
func TestDirectoryUsersAreSeen(t *testing.T) {
	t.Parallel()
	s, d := newPasswordSite(t, false)
	ref := vpn.UserRef{Provider: d.ID.Provider(), Key: "guid-1"}
	for _, typed := range []string{"alice", "ALICE"} {
		s.decided(s.passwordLogin(typed, typed, alicePassword))
	}
	alice := s.userOf(ref)
	if alice.Name != "alice" || alice.Groups != 1 || alice.GroupNames[0] != "engineers" || len(s.Query("SELECT * FROM vpn_user")) != 1 {
		t.Errorf("got %+v", alice)
	}
	s.decided(s.passwordLogin("3", "Alice", "guessed-password"))
	s.decided(s.passwordLogin("4", "mallory", "guessed-password"))
	if u := s.userOf(ref); u.RefusedCode != vpn.CodeUserCredentials || u.Groups != 1 || len(s.Query("SELECT * FROM vpn_user")) != 1 {
		t.Errorf("got %+v", u)
	}
	s.Must(alice.Block("admin", "", s.Clock.Now()))
	s.Must(s.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.SaveVPNUserBlock(t.Context(), alice) }))
	if got := s.decided(s.passwordLogin("5", "alice", alicePassword)); got.Allow || got.Code != vpn.CodeUserBlocked {
		t.Errorf("blocked: %+v", got)
	}
	if got := s.decided(s.passwordLogin("6", "alice", "guessed-password")); got.Code != vpn.CodeUserCredentials {
		t.Errorf("blocked, wrong password: %+v", got)
	}
}
