package runner_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

const alicePassword vpn.Secret = `pa"ss:wörd `

// newPasswordSite makes a site whose users sign in at a directory, which has alice.
func newPasswordSite(t *testing.T, mutual bool) (*site, vpn.Directory) {
	t.Helper()
	s := newSite(t)
	d := s.AskPasswords(mutual)
	s.Directory.Put(alicePassword, vpn.ProviderUser{Key: "guid-1", Name: "alice", Groups: []vpn.Group{{ID: "S-1-5-7", Name: "engineers"}}})
	return s, d
}

// passwordLogin is a login without a certificate.
func (s *site) passwordLogin(id, name string, password vpn.Secret) *vpn.LoginRequest {
	r := s.Login("")
	r.ID, r.Username, r.Password, r.Token, r.Serial = id, name, password, "token-"+id, ""
	return r
}

// A right password begins a session with the directory's user and groups, whatever of the name was typed; a wrong one and an
// unknown user are listed with their codes. The password is in no table and in no line of the log.
func TestLoginByPassword(t *testing.T) {
	t.Parallel()
	s, d := newPasswordSite(t, false)
	for _, typed := range []string{"alice", "ALICE"} {
		got := s.decided(s.passwordLogin(typed, typed, alicePassword))
		want := vpn.Identity{Provider: d.ID.Provider(), Key: "guid-1", Name: "alice", Groups: []string{"S-1-5-7"}}
		if !got.Allow || fmt.Sprint(got.User) != fmt.Sprint(want) {
			t.Fatalf("%s: %+v", typed, got)
		}
		session, _ := s.session(got.Session)
		if session.LoginName != typed || session.UserKey != "guid-1" || session.Provider != d.ID.Provider() || !slices.Equal(session.Groups, want.Groups) {
			t.Errorf("the session is %+v", session)
		}
		if c := s.Connection(got.Connection); c.Username != "alice" || c.UserKey != "guid-1" || c.Provider != d.ID.Provider() {
			t.Errorf("the connection is %+v", c)
		}
	}
	for name, code := range map[string]vpn.Code{"alice": vpn.CodeUserCredentials, "mallory": vpn.CodeUserUnknown} {
		if got := s.decided(s.passwordLogin("wrong-"+name, name, "guessed-password")); got.Allow || got.Later || got.Code != vpn.CodeUserCredentials {
			t.Errorf("%s: %+v", name, got)
		}
		if n := len(s.Query("SELECT * FROM attempt WHERE username = '" + name + "' AND code = '" + string(code) + "'")); n != 1 {
			t.Errorf("%d refused attempts of %s with the code %s", n, name, code)
		}
	}
	if got := s.decided(s.passwordLogin("no-name", "", "")); got.Allow || got.Code != vpn.CodePasswordMissing {
		t.Errorf("no user name: %+v", got)
	}
	left := s.Rows() + s.Log.String()
	for _, secret := range []string{alicePassword.Reveal(), "guessed-password"} {
		if strings.Contains(left, secret) {
			t.Errorf("a login leaves %q behind", secret)
		}
	}
}

// Where the endpoint needs a certificate too, neither proves a login alone.
func TestLoginByPasswordAndCertificate(t *testing.T) {
	t.Parallel()
	s, _ := newPasswordSite(t, true)
	both := func(id string) *vpn.LoginRequest {
		r := s.loginWith(id, "token-"+id, false)
		r.Username, r.Password = "alice", alicePassword
		return r
	}
	if got := s.decided(both("both")); !got.Allow || got.User.Key != "guid-1" {
		t.Errorf("both: %+v", got)
	}
	alone := both("certificate")
	alone.Username, alone.Password = "", ""
	if got := s.decided(alone); got.Allow {
		t.Errorf("the certificate alone: %+v", got)
	}
	alone = both("password")
	alone.CommonName, alone.Serial, alone.Fingerprint = "", "", ""
	if got := s.decided(alone); got.Allow {
		t.Errorf("the password alone: %+v", got)
	}
}

// A directory that does not answer, and one that was changed while it was asked, refuse no user for good.
func TestUnprovedLoginIsForLater(t *testing.T) {
	t.Parallel()
	s, d := newPasswordSite(t, false)
	s.Directory.Fail(vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "It is down."))
	if got := s.decided(s.passwordLogin("down", "alice", alicePassword)); got.Allow || !got.Later {
		t.Errorf("the directory is down: %+v", got)
	}
	s.Directory.Fail(nil)
	s.Directory.Before(func(ctx context.Context, _ string) {
		s.Directory.Before(nil)
		s.Exec("UPDATE directory SET version = version + 1")
	})
	if got := s.decided(s.passwordLogin("changed", "alice", alicePassword)); got.Allow || !got.Later {
		t.Errorf("the directory %s was changed meanwhile: %+v", d.ID, got)
	}
	if got := s.decided(s.passwordLogin("again", "alice", alicePassword)); !got.Allow {
		t.Errorf("again: %+v", got)
	}
	slow := s.passwordLogin("slow", "alice", alicePassword)
	slow.Deadline = time.Now().Add(5*time.Second + 20*time.Millisecond)
	s.Directory.Before(func(ctx context.Context, _ string) {
		<-ctx.Done()
		s.Directory.Fail(ctx.Err())
	})
	if got := s.decided(slow); got.Allow || !got.Later || got.Code != vpn.CodeDirectoryUnavailable {
		t.Errorf("a slow directory: %+v", got)
	}
}

// A directory that hangs holds up neither certificate logins nor, for one source that waits at it, those of others.
func TestSlowDirectoryDelaysItsUsersOnly(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	certificate := *s.Login("carol")
	s.AskPasswords(false)
	s.Directory.Put(alicePassword, vpn.ProviderUser{Key: "guid-1", Name: "alice"})
	release, answered := make(chan struct{}), make(chan string, 200)
	s.Directory.Before(func(_ context.Context, name string) {
		if name == "slow" {
			<-release
		}
	})
	s.Dataplane.OnDecide = func(d vpn.LoginDecision) { answered <- d.ID }
	var waiting []vpn.LoginRequest
	for i := range 100 {
		waiting = append(waiting, *s.passwordLogin(fmt.Sprintf("slow-%d", i), "slow", alicePassword))
	}
	other := *s.passwordLogin("other", "alice", alicePassword)
	other.Device = netip.MustParseAddrPort("203.0.113.9:40000")
	waiting = append(waiting, other, certificate)
	s.Dataplane.Do(func() { s.Dataplane.WaitingLogins = waiting })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Runner.Follow(ctx) }()
	got := map[string]bool{}
	next := func() {
		select {
		case id := <-answered:
			got[id] = true
		case <-time.After(20 * time.Second):
			t.Fatalf("answered are %v", got)
		}
	}
	next()
	next()
	if !got["other"] || !got["login-carol"] {
		t.Errorf("answered first: %v", got)
	}
	close(release)
	for range 100 {
		next()
	}
	cancel()
	<-done
}

// A client that returns with its token is the session's with the user name of the login alone, and keeps the groups.
func TestReturnNeedsTheUserName(t *testing.T) {
	t.Parallel()
	s, _ := newPasswordSite(t, false)
	login := s.passwordLogin("1", "alice@corp", alicePassword)
	s.Directory.Put(alicePassword, vpn.ProviderUser{Key: "guid-1", Name: "alice@corp", Groups: []vpn.Group{{ID: "g"}}})
	first := s.decided(login)
	s.establish(first)
	s.Directory.Fail(vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "It is down.")) // a return does not ask it
	returns := func(id, name string) *vpn.LoginRequest {
		r := s.passwordLogin(id, name, "")
		r.Token, r.Returns = login.Token, true
		return r
	}
	if got := s.decided(returns("2", "bob")); got.Allow || got.Reason != vpn.SessionOver().Msg {
		t.Errorf("another user name: %+v", got)
	}
	got := s.decided(returns("3", "alice@corp"))
	if !got.Allow || got.Session != first.Session || !slices.Equal(got.User.Groups, []string{"g"}) || got.User.Key != "guid-1" {
		t.Errorf("its own: %+v", got)
	}
	without := s.passwordLogin("4", "alice@corp", "")
	without.Continues = got.Connection
	if got := s.decided(without); got.Allow {
		t.Errorf("without token and password: %+v", got)
	}
}
