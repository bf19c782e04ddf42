package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/control/identity"
	"sallyport/control/portal"
	"sallyport/vpn"
)

// attempts are the refused attempts in the database, each as "code user portal source".
func (s *site) attempts() []string {
	return s.Query("SELECT code || ' ' || user_key || ' ' || portal || ' ' || source || ' ' || username FROM attempt ORDER BY number")
}

// A refused sign-in is in the list of refused attempts, with its user where one is known, and on the page of the user.
func TestRefusedSignInsAreListed(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	s.signedIn("alice")
	for _, name := range []string{"Alice", "mallory", "bob", strings.Repeat("x", 3000)} {
		in := s.request(name)
		in.Password = "wrong"
		_, err := s.Portal.SignIn(t.Context(), in)
		s.WantKind(name[:3], err, vpn.Denied, "")
	}
	want := []string{
		"UserCredentialsRefused key-alice 1 192.0.2.7 Alice", "UserUnknown  1 192.0.2.7 mallory", "UserCredentialsRefused  1 192.0.2.7 bob", "UserUnknown  1 192.0.2.7 " + strings.Repeat("x", 255),
	}
	if got := s.attempts(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if rows := s.Query("SELECT refused_code FROM vpn_user WHERE name = 'alice'"); len(rows) != 1 || rows[0] != "UserCredentialsRefused" {
		t.Errorf("alice: %v", rows)
	}
	if rows := s.Query("SELECT name FROM vpn_user WHERE name <> 'alice'"); len(rows) != 0 {
		t.Errorf("users that no directory proved: %v", rows)
	}

	_, token := s.signedIn("bob")
	rows := s.Query("SELECT id FROM vpn_user WHERE name = 'bob'")
	ids := []vpn.UserID{vpn.UserID(rows[0])}
	_, err := s.Users.Block(t.Context(), s.Admin, ids, "left")
	s.Must(err)
	_, err = s.Portal.SignIn(t.Context(), s.request("bob"))
	s.WantKind("a blocked user", err, vpn.Denied, "blocked")
	if got := s.attempts(); got[len(got)-1] != "UserBlocked key-bob 1 192.0.2.7 bob" {
		t.Errorf("blocked: %q", got)
	}
	_, _, err = s.Users.Unblock(t.Context(), s.Admin, ids)
	s.Must(err)
	s.wantEnded("a session from before the block, which was taken back", token)
}

// A refused answer of a SAML provider is listed, with the user where it proved one. A session ends when the provider says.
func TestRefusedAnswersAreListed(t *testing.T) {
	t.Parallel()
	s := &site{Site: controltest.NewSite(t)}
	p := s.AskBrowser(false)
	s.SetPortal(true)
	b := controltest.NewBrowser("192.0.2.7")
	accept := func(user string) (vpn.Secret, error) {
		url, err := s.Portal.Begin(t.Context(), s.Endpoint.ID, b.Cookie, portal.Visitor{Addr: b.Addr})
		s.Must(err)
		a, err := s.SignIns.Accept(t.Context(), p.ID, controltest.AnswerTo(url, user), b)
		return a.Portal, err
	}
	s.Provider.EndSessions(s.Clock.Now().Add(20 * time.Minute))
	token, err := accept("alice@example.com")
	s.Must(err)
	u, err := s.Portal.Authenticate(t.Context(), token, visitor("192.0.2.7"))
	s.Must(err)
	if !u.Session.EndsAt.Equal(s.Clock.Now().Add(20 * time.Minute)) {
		t.Errorf("the session ends at %s", u.Session.EndsAt)
	}
	s.Clock.Pass(20 * time.Minute)
	s.wantEnded("the end that the provider has set", token)
	rows := s.Query("SELECT id FROM vpn_user")
	_, err = s.Users.Block(t.Context(), s.Admin, []vpn.UserID{vpn.UserID(rows[0])}, "left")
	s.Must(err)
	if _, err := accept("alice@example.com"); vpn.CodeOf(err) != vpn.CodeUserBlocked {
		t.Errorf("a blocked user: %v", err)
	}
	s.Provider.Fail(vpn.Refuse(vpn.Denied, vpn.CodeSAMLSignerUnknown, "The answer is signed by another one."))
	if _, err := accept("alice@example.com"); vpn.CodeOf(err) != vpn.CodeSAMLAnswerRefused {
		t.Errorf("a refused answer: %v", err)
	}
	want := []string{"UserBlocked alice@example.com 1 192.0.2.7 alice@example.com", "SAMLSignerUnknown  1 192.0.2.7 "}
	if got := s.attempts(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Failed sign-ins to the portal and failed VPN logins are counted together.
func TestFailuresCountTogether(t *testing.T) {
	t.Parallel()
	vpnLogin := func(s *site, p vpn.Secret) error {
		_, err := s.Identity.Prove(t.Context(), identity.ProofRequest{Directory: s.d.ID, Username: "alice", Password: p, From: visitor("192.0.2.7").Addr})
		return err
	}
	portalSignIn := func(s *site, p vpn.Secret) error {
		in := s.request("alice")
		in.Password = p
		_, err := s.Portal.SignIn(t.Context(), in)
		return err
	}
	for name, c := range map[string]struct{ fail, try func(*site, vpn.Secret) error }{"of the portal at the VPN": {portalSignIn, vpnLogin}, "of the VPN at the portal": {vpnLogin, portalSignIn}} {
		s := newSite(t, false)
		if err := c.try(s, password); err != nil {
			t.Fatal(err)
		}
		for n := 0; vpn.KindOf(c.fail(s, "wrong")) != vpn.Throttled; n++ {
			if n > 50 {
				t.Fatalf("%s: no limit", name)
			}
		}
		if err := c.try(s, password); vpn.KindOf(err) != vpn.Throttled {
			t.Errorf("failures %s: %v", name, err)
		}
	}
}
