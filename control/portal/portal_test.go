package portal_test

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/control/identity"
	"sallyport/control/portal"
	"sallyport/control/signin"
	"sallyport/vpn"
)

const password vpn.Secret = "right-password"

// site is an endpoint with the self-service portal, whose directory has alice and bob.
type site struct {
	*controltest.Site
	d vpn.Directory
}

func newSite(t *testing.T, mfa bool) *site {
	t.Helper()
	s := &site{Site: controltest.NewSite(t)}
	spec := controltest.DirectorySpec()
	spec.MFA = mfa
	s.d = s.AskAnswers(spec, false)
	for _, name := range []string{"alice", "bob"} {
		s.Directory.Put(password, vpn.ProviderUser{Key: "key-" + name, Name: name, Groups: []vpn.Group{{ID: "staff", Name: "staff"}}})
	}
	s.SetPortal(true)
	return s
}

func visitor(addr string) portal.Visitor {
	return portal.Visitor{Addr: netip.MustParseAddr(addr), Request: "req-1"}
}

func (s *site) request(name string) portal.SignInRequest {
	return portal.SignInRequest{Endpoint: s.Endpoint.ID, Username: name, Password: password, By: visitor("192.0.2.7")}
}

// signedIn signs a user in.
func (s *site) signedIn(name string) (portal.User, vpn.Secret) {
	s.T.Helper()
	token, err := s.Portal.SignIn(s.T.Context(), s.request(name))
	s.Must(err)
	u, err := s.Portal.Authenticate(s.T.Context(), token, visitor("192.0.2.7"))
	s.Must(err)
	return u, token
}

func (s *site) wantEnded(what string, token vpn.Secret) {
	s.T.Helper()
	_, err := s.Portal.Authenticate(s.T.Context(), token, visitor("192.0.2.7"))
	s.WantKind(what, err, vpn.Denied, "Your session has ended")
}

// A user who has signed in has a session of their own, and an administrator can find them.
func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	alice, token := s.signedIn("alice")
	if alice.Kind != control.PortalUser || alice.Name != "alice" || alice.ID != "key-alice" || alice.Session.Provider != s.d.ID.Provider() || len(alice.Session.Groups) != 1 {
		t.Errorf("got %+v", alice)
	}
	if rows := s.Query("SELECT digest FROM portal_session"); len(rows) != 1 || strings.Contains(rows[0], token.Reveal()) {
		t.Errorf("sessions: %v", rows)
	}
	if rows := s.Query("SELECT name FROM vpn_user WHERE name = 'alice' AND signed_in_at = 0"); len(rows) != 1 {
		t.Errorf("users: %v", s.Query("SELECT name, signed_in_at FROM vpn_user"))
	}
	if rows := s.Query("SELECT actor FROM audit WHERE action = 'SignInToSelfServicePortal' AND actor = 'alice' AND source = '192.0.2.7'"); len(rows) != 1 {
		t.Errorf("audit: %v", s.Query("SELECT actor, action, source FROM audit"))
	}
	_, again := s.signedIn("alice")
	in := s.request("alice")
	in.Former = again
	fresh, err := s.Portal.SignIn(t.Context(), in)
	s.Must(err)
	if fresh == again || fresh == token {
		t.Error("the cookie stays the same")
	}
	s.wantEnded("the session that the browser had", again)
	s.Must(s.Portal.SignOut(t.Context(), alice))
	s.wantEnded("signed out", token)
	s.wantEnded("no cookie", "")
	s.wantEnded("unknown", vpn.NewToken())
	if strings.Contains(s.Log.String(), password.Reveal()) || strings.Contains(s.Log.String(), fresh.Reveal()) {
		t.Error("the log has a secret")
	}
}

// What is wrong with a name, a password or a code is one answer; failures count with those of VPN logins.
func TestSignInIsRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	key := s.RegisterMFADevice(s.d.ID, "alice")
	try := func(name string, p vpn.Secret, code string) error {
		in := s.request(name)
		in.Password, in.Code = p, code
		_, err := s.Portal.SignIn(t.Context(), in)
		return err
	}
	if fields := vpn.FieldsOf(try(" ", "", "")); len(fields) != 2 {
		t.Errorf("nothing typed: %v", fields)
	}
	answers := map[string]bool{}
	s.Clock.Pass(time.Minute)
	for _, c := range []struct{ name, password, code string }{{"alice", "wrong", "123456"}, {"unknown", "wrong", "123456"}, {"alice", password.Reveal(), "000000"}, {"alice", password.Reveal(), ""}, {"unknown", "wrong", ""}} {
		s.Clock.Pass(time.Minute)
		err := try(c.name, vpn.Secret(c.password), c.code)
		if vpn.CodeOf(err) != vpn.CodeUserCredentials {
			t.Errorf("%s: got %v", c.name, err)
		}
		answers[err.Error()] = true
	}
	if len(answers) != 1 {
		t.Errorf("answers tell more: %v", answers)
	}
	s.Clock.Pass(time.Hour)
	code := vpn.TOTP(key, s.Clock.Now())
	s.Must(try("alice", password, code))
	if err := try("alice", password, code); vpn.CodeOf(err) != vpn.CodeUserCredentials {
		t.Errorf("a used code: %v", err)
	}
	for range 20 {
		_ = try("bob", "guess", "123456")
	}
	if err := try("bob", password, "123456"); vpn.KindOf(err) != vpn.Throttled {
		t.Errorf("after many failures: %v", err)
	}
	s.Directory.Fail(vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "ldap.example.test does not answer."))
	in := s.request("alice")
	in.Code, in.By = "123456", visitor("198.51.100.9")
	if _, err := s.Portal.SignIn(t.Context(), in); vpn.KindOf(err) != vpn.Unavailable || strings.Contains(err.Error(), "ldap.example.test") {
		t.Errorf("without the directory: %v", err)
	}
}

// An endpoint without the portal and none are the same to a visitor.
func TestClosedDoorsAreAlike(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	mutual := s.CreateEndpoint("mutual", "10.60.0.0/22", "1200").ID
	open := s.Endpoint.ID
	if d, err := s.Portal.Door(t.Context(), open); err != nil || d.Code || d.SAML != "" {
		t.Fatalf("got %+v, %v", d, err)
	}
	s.SetPortal(false)
	for what, id := range map[string]vpn.EndpointID{"off": open, "certificates alone": mutual, "unknown": vpn.NewEndpointID(), "empty": "", "odd": "x\x00'"} {
		if _, err := s.Portal.Door(t.Context(), id); !errors.Is(err, vpn.ErrPortalClosed) {
			t.Errorf("%s: got %v", what, err)
		}
		in := s.request("alice")
		in.Endpoint = id
		if _, err := s.Portal.SignIn(t.Context(), in); !errors.Is(err, vpn.ErrPortalClosed) {
			t.Errorf("%s, signed in: got %v", what, err)
		}
		if _, err := s.Portal.Begin(t.Context(), id, vpn.NewToken(), visitor("192.0.2.7")); !errors.Is(err, vpn.ErrPortalClosed) {
			t.Errorf("%s, SAML: got %v", what, err)
		}
	}
}

// Sessions end without requests, at their absolute end, and where their user is blocked, who then does nothing more.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	_, idle := s.signedIn("alice")
	_, used := s.signedIn("bob")
	for passed := time.Duration(0); passed+20*time.Minute < vpn.PortalLife; passed += 20 * time.Minute {
		s.Clock.Pass(20 * time.Minute)
		if _, err := s.Portal.Authenticate(t.Context(), used, visitor("192.0.2.7")); err != nil {
			t.Fatalf("after %s: %v", passed, err)
		}
	}
	s.wantEnded("idle", idle)
	s.Clock.Pass(21 * time.Minute)
	s.wantEnded("the absolute end", used)

	bob, used := s.signedIn("bob")
	rows := s.Query("SELECT id FROM vpn_user WHERE name = 'bob'")
	if len(rows) != 1 {
		t.Fatal("bob is not in the list of users")
	}
	_, err := s.Users.Block(t.Context(), s.Admin, []vpn.UserID{vpn.UserID(strings.Trim(rows[0], "[] "))}, "left")
	s.Must(err)
	s.wantEnded("blocked", used)
	_, err = s.Portal.Fetch(t.Context(), bob, s.Endpoint.ID, false)
	s.WantKind("a request that was under way", err, vpn.Denied, "")
	_, err = s.Portal.SignIn(t.Context(), s.request("bob"))
	s.WantKind("sign-in of a blocked user", err, vpn.Denied, "blocked")
}

// A user fetches as many files as a person needs, and no more: each is in the audit trail for good. Others are not concerned.
func TestFetchesOfAUser(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	alice, _ := s.signedIn("alice")
	bob, _ := s.signedIn("bob")
	fetch := func(u portal.User) error { _, err := s.Portal.Fetch(t.Context(), u, s.Endpoint.ID, false); return err }
	for range 60 {
		s.Must(fetch(alice))
	}
	n := s.Query("SELECT COUNT(*) FROM audit")[0]
	s.WantKind("one more", fetch(alice), vpn.Throttled, "You downloaded many files")
	if m := s.Query("SELECT COUNT(*) FROM audit")[0]; m != n {
		t.Errorf("%s records, %s were", m, n)
	}
	s.Must(fetch(bob))
	s.Clock.Pass(5 * time.Second)
	s.Must(fetch(alice))
}

// A user is offered the endpoints of their identity provider that have the portal, and gets the same file as an administrator.
func TestFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	alice, _ := s.signedIn("alice")
	bob, _ := s.signedIn("bob")
	portalID := s.Endpoint.ID
	offers, err := s.Portal.Offers(t.Context(), alice)
	s.Must(err)
	want, err := s.Endpoints.ClientConfiguration(t.Context(), s.Admin, portalID, "")
	s.Must(err)
	if len(offers) != 1 || offers[0].Endpoint.ID != portalID || offers[0].File.Text != want.Text || !offers[0].Fetched.IsZero() || len(offers[0].Checksum()) != 64 {
		t.Fatalf("got %+v", offers)
	}
	first := s.Clock.Now()
	s.Clock.Pass(10 * time.Minute)
	got, err := s.Portal.Fetch(t.Context(), alice, portalID, false)
	s.Must(err)
	if got.Configuration != want {
		t.Errorf("the file is\n%s\nwant\n%s", got.Text, want.Text)
	}
	if rows := s.Query("SELECT handed_out FROM profile_offer WHERE handed_out = 0"); len(rows) != 1 {
		t.Errorf("a download that has not ended is counted: %v", s.Query("SELECT handed_out FROM profile_offer"))
	}
	if offers, err = s.Portal.Offers(t.Context(), alice); err != nil || !offers[0].Fetched.IsZero() {
		t.Errorf("a download that has not ended is noted: %+v, %v", offers, err)
	}
	s.Must(s.Portal.NoteFetched(t.Context(), alice, got))
	offers, err = s.Portal.Offers(t.Context(), alice)
	s.Must(err)
	if o := offers[0]; !o.Since.Equal(first) || !o.Fetched.Equal(s.Clock.Now()) || o.Outdated {
		t.Errorf("got %+v", o)
	}
	e := s.View().Endpoint
	told, err := s.Endpoints.AnnounceKeyRotation(t.Context(), s.Admin, e.ID)
	s.Must(err)
	_, err = s.Endpoints.RotateKey(t.Context(), s.Admin, e.ID, e.Version, vpn.Consent{Announced: told.Kind(), Word: told.Word()})
	s.Must(err)
	offers, err = s.Portal.Offers(t.Context(), alice)
	s.Must(err)
	if o := offers[0]; !o.Since.Equal(s.Clock.Now()) || !o.Outdated {
		t.Errorf("after a new key: %+v", o)
	}
	if offers, err = s.Portal.Offers(t.Context(), bob); err != nil || !offers[0].Fetched.IsZero() {
		t.Errorf("what another user has fetched: %+v, %v", offers, err)
	}
	if rows := s.Query("SELECT handed_out FROM profile_offer WHERE handed_out = 1"); len(rows) != 1 {
		t.Errorf("handed out: %v", s.Query("SELECT handed_out FROM profile_offer"))
	}
	if rows := s.Query("SELECT action FROM audit WHERE action = 'DownloadSelfServicePortalConfiguration' AND actor = 'alice'"); len(rows) != 1 {
		t.Errorf("audit: %v", rows)
	}

	s.AskBrowser(false)
	s.SetPortal(true)
	other := s.Endpoint.ID
	mutual := s.CreateEndpoint("mutual", "10.60.0.0/22", "1200").ID
	for what, id := range map[string]vpn.EndpointID{"another identity provider": other, "certificates alone": mutual, "unknown": vpn.NewEndpointID()} {
		if _, err := s.Portal.Fetch(t.Context(), alice, id, false); !errors.Is(err, vpn.ErrPortalClosed) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if offers, err = s.Portal.Offers(t.Context(), alice); err != nil || len(offers) != 1 {
		t.Errorf("got %+v, %v", offers, err)
	}
	if _, err := s.Portal.Fetch(t.Context(), portal.User{Principal: s.Admin, Session: alice.Session}, portalID, false); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("an administrator in place of a user: %v", err)
	}
	if _, err := s.Endpoints.Endpoint(t.Context(), alice.Principal, portalID); vpn.KindOf(err) != vpn.Denied {
		t.Errorf("a user in place of an administrator: %v", err)
	}
}

// Users of a SAML provider sign in there. The answer is used once, by the browser that began.
func TestSignInBySAML(t *testing.T) {
	t.Parallel()
	s := &site{Site: controltest.NewSite(t)}
	p := s.AskBrowser(false)
	s.SetPortal(true)
	b := controltest.NewBrowser("192.0.2.7")
	begin := func() string {
		url, err := s.Portal.Begin(t.Context(), s.Endpoint.ID, b.Cookie, portal.Visitor{Addr: b.Addr})
		s.Must(err)
		return url
	}
	form := controltest.AnswerTo(begin(), "alice@example.com")
	if _, err := s.SignIns.Accept(t.Context(), p.ID, form, controltest.NewBrowser("192.0.2.7")); vpn.CodeOf(err) != vpn.CodeBrowserOther {
		t.Errorf("another browser: %v", err)
	}
	a, err := s.SignIns.Accept(t.Context(), p.ID, form, b)
	s.Must(err)
	alice, err := s.Portal.Authenticate(t.Context(), a.Portal, visitor("192.0.2.7"))
	s.Must(err)
	if a.Path != portal.Path || alice.Name != "alice@example.com" || alice.Session.Provider != p.ID.Provider() || len(alice.Session.Groups) != 1 {
		t.Errorf("got %s, %+v", a.Path, alice)
	}
	if offers, err := s.Portal.Offers(t.Context(), alice); err != nil || len(offers) != 1 {
		t.Errorf("got %+v, %v", offers, err)
	}
	if _, err := s.SignIns.Accept(t.Context(), p.ID, form, b); vpn.CodeOf(err) != vpn.CodeSAMLRequestUnknown {
		t.Errorf("the same answer again: %v", err)
	}
	replayed := controltest.AnswerTo(begin(), "alice@example.com")
	replayed["assertion"] = form["assertion"]
	if a, err := s.SignIns.Accept(t.Context(), p.ID, replayed, b); err == nil || a.Portal != "" || a.Path != s.Endpoint.ID.PortalPath() {
		t.Errorf("the same assertion for another request: %+v, %v", a, err)
	}
	s.Provider.Fail(vpn.Refuse(vpn.Denied, vpn.CodeSAMLAnswerRefused, "The signature is wrong."))
	if a, err := s.SignIns.Accept(t.Context(), p.ID, controltest.AnswerTo(begin(), "alice@example.com"), b); err == nil || a.Portal != "" || a.Path != s.Endpoint.ID.PortalPath() {
		t.Errorf("a refused answer: %+v, %v", a, err)
	}
	if n := len(s.Query("SELECT digest FROM portal_session")); n != 1 {
		t.Errorf("%d sessions", n)
	}
}

// The requests that wait are bounded, of a network and in all. Above it the oldest is given up, of the same browser first: the
// others of its network can finish theirs.
func TestRequestsThatWait(t *testing.T) {
	t.Parallel()
	s := &site{Site: controltest.NewSite(t)}
	p := s.AskBrowser(false)
	s.SetPortal(true)
	begin := func(b signin.Browser) url.Values {
		to, err := s.Portal.Begin(t.Context(), s.Endpoint.ID, b.Cookie, portal.Visitor{Addr: b.Addr})
		s.Must(err)
		return controltest.AnswerTo(to, "alice@example.com")
	}
	waiting := func() string { return s.Query("SELECT COUNT(*) FROM saml_request WHERE used_at = 0")[0] }
	honest, other, flood := controltest.NewBrowser("192.0.2.7"), controltest.NewBrowser("198.51.100.1"), controltest.NewBrowser("192.0.2.7")
	first, far := begin(honest), begin(other)
	for range 250 {
		s.Clock.Pass(100 * time.Millisecond)
		begin(flood)
	}
	if n := waiting(); n != "201" {
		t.Errorf("%s requests wait", n)
	}
	_, err := s.SignIns.Accept(t.Context(), p.ID, first, honest)
	s.Must(err)
	last := begin(flood)
	s.Exec("INSERT INTO saml_request WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4799) SELECT 'x' || i, 'r' || i, provider_id, purpose, 's' || i, browser, '', created_at + 1, 0 FROM n, (SELECT * FROM saml_request LIMIT 1)")
	if n := waiting(); n != "5000" {
		t.Fatalf("%s requests wait", n)
	}
	s.Clock.Pass(time.Second)
	begin(flood) // displaces one of its own
	_, err = s.SignIns.Accept(t.Context(), p.ID, far, other)
	s.Must(err)
	begin(controltest.NewBrowser("203.0.113.1"))
	begin(controltest.NewBrowser("203.0.113.2"))
	if n := waiting(); n != "5000" {
		t.Errorf("%s requests wait", n)
	}
	_, err = s.SignIns.Accept(t.Context(), p.ID, last, flood)
	s.Must(err)
}

// heldProver holds every sign-in until a test lets it go.
type heldProver struct{ asked, free chan struct{} }

func (p *heldProver) Prove(context.Context, identity.ProofRequest) (vpn.Proof, error) {
	p.asked <- struct{}{}
	<-p.free
	return vpn.Proof{}, vpn.Refuse(vpn.Denied, vpn.CodeUserCredentials, "wrong")
}

func (p *heldProver) ProveCode(context.Context, identity.ProofRequest, string, string, bool) (vpn.MFACode, error) {
	return vpn.MFACode{}, vpn.ErrMFACodeWrong
}

// The sign-ins of one source leave places to others.
func TestSourcesTakeTurns(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	prover := &heldProver{asked: make(chan struct{}, 100), free: make(chan struct{})}
	c := s.Portal.Config
	c.Prover = prover
	p := portal.New(c)
	done := make(chan error, 41)
	signIn := func(from string) {
		in := s.request("alice")
		in.By = visitor(from)
		go func() { _, err := p.SignIn(t.Context(), in); done <- err }()
	}
	for range 40 {
		signIn("192.0.2.7")
	}
	for range 8 {
		s.WantKind("one more than may wait", <-done, vpn.Unavailable, "")
	}
	signIn("198.51.100.7")
	for i := range 9 {
		select {
		case <-prover.asked:
		case <-time.After(10 * time.Second):
			t.Fatalf("%d sign-ins ask the directory at a time", i)
		}
	}
	close(prover.free)
	for range 33 {
		s.WantKind("with its turn", <-done, vpn.Denied, "")
	}
}
