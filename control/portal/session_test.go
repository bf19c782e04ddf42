package portal_test

import (
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/portal"
	"sallyport/vpn"
)

// A user has a bounded number of sessions: the one that was not used for the longest time ends. Other users keep theirs.
func TestSessionsOfAUser(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	_, bob := s.signedIn("bob")
	tokens := make([]vpn.Secret, vpn.PortalSessionsOfUser)
	for i := range tokens {
		s.Clock.Pass(time.Second)
		_, tokens[i] = s.signedIn("alice")
	}
	s.Clock.Pass(2 * time.Minute)
	use := func(token vpn.Secret) {
		t.Helper()
		_, err := s.Portal.Authenticate(t.Context(), token, visitor("192.0.2.7"))
		s.Must(err)
	}
	use(tokens[0])
	_, last := s.signedIn("alice")
	s.wantEnded("the one that was not used for the longest time", tokens[1])
	for _, kept := range append(tokens[2:], tokens[0], last, bob) {
		use(kept)
	}
	if rows := s.Query("SELECT end_reason FROM portal_session WHERE ended_at > 0"); len(rows) != 1 || rows[0] != "The user signed in in more browsers than are possible at a time." {
		t.Errorf("ended: %q", rows)
	}
}

// A user with the right password signs in as often as a person needs, and no more: each sign-in is in the audit trail for good.
func TestSignInsOfAUser(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	try := func(name string) error { _, err := s.Portal.SignIn(t.Context(), s.request(name)); return err }
	for range 60 {
		s.Must(try("alice"))
	}
	n := s.Query("SELECT COUNT(*) FROM audit")[0]
	s.WantKind("one more", try("alice"), vpn.Throttled, "You signed in many times")
	if m := s.Query("SELECT COUNT(*) FROM audit")[0]; m != n {
		t.Errorf("%s records, %s were", m, n)
	}
	s.Must(try("bob"))
	s.Clock.Pass(10 * time.Second)
	s.Must(try("alice"))
}

// A user reports sign-ins as often as a person needs, and no more: each report is in the audit trail for good, and may use the space that a full
// disk has left for those who take access away.
func TestReportsOfAUser(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	other, _ := s.signedIn("alice")
	s.Clock.Pass(time.Second)
	alice, _ := s.signedIn("alice")
	report := func() error { return s.Portal.Report(t.Context(), alice, string(other.Session.ID)) }
	for range 30 {
		s.Must(report())
	}
	n := s.Query("SELECT COUNT(*) FROM audit")[0]
	s.WantKind("one more", report(), vpn.Throttled, "You reported many sign-ins")
	if m := s.Query("SELECT COUNT(*) FROM audit")[0]; m != n {
		t.Errorf("%s records, %s were", m, n)
	}
	s.Clock.Pass(time.Minute)
	s.Must(report())
}

// The sign-ins at a SAML provider that one network begins are bounded over time, and leave those of others alone.
func TestBeginsOfANetwork(t *testing.T) {
	t.Parallel()
	s := &site{Site: controltest.NewSite(t)}
	s.AskBrowser(false)
	s.SetPortal(true)
	begin := func(from string) error {
		_, err := s.Portal.Begin(t.Context(), s.Endpoint.ID, controltest.NewBrowser(from).Cookie, portal.Visitor{Addr: visitor(from).Addr})
		return err
	}
	for range 200 {
		s.Must(begin("2001:db8::7"))
	}
	n := s.Query("SELECT COUNT(*) FROM saml_request")[0]
	s.WantKind("one more", begin("2001:db8::8"), vpn.Throttled, "Try again in a few seconds")
	if m := s.Query("SELECT COUNT(*) FROM saml_request")[0]; m != n {
		t.Errorf("%s requests are stored, %s were", m, n)
	}
	s.Must(begin("192.0.2.7"))
	s.Clock.Pass(time.Second)
	s.Must(begin("2001:db8::8"))
}

// A user who sets up an authenticator at the sign-in has signed in once.
func TestEnrolmentIsOneSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	alice, _ := s.mustWith("alice", "")
	s.Clock.Pass(time.Minute)
	_, fresh, err := s.Portal.ConfirmMFA(t.Context(), alice, vpn.TOTP(s.mfa(alice).Key, s.Clock.Now()))
	s.Must(err)
	u, err := s.Portal.Authenticate(t.Context(), fresh, visitor("192.0.2.7"))
	s.Must(err)
	if got := u.Session; got.ID != alice.Session.ID || !got.CreatedAt.Equal(alice.Session.CreatedAt) || !got.EndsAt.Equal(got.CreatedAt.Add(vpn.PortalLife)) || got.ForMFA() {
		t.Errorf("got %+v, was %+v", got, alice.Session)
	}
	a, err := s.Portal.Access(t.Context(), u, vpn.SignInPlace{})
	s.Must(err)
	if len(a.SignIns) != 1 || !a.SignIns[0].Current {
		t.Errorf("sign-ins: %+v", a.SignIns)
	}
}
