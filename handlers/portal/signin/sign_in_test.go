package signin_test

import (
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// site is an endpoint whose users sign in in a browser, with the public pages.
type site struct {
	*controltest.Site
	base  string
	login vpn.LoginRequest
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{Site: controltest.NewSite(t)}
	s.AskBrowser(false)
	s.base = webtest.NewPublic(t, s.Kit)
	s.login = *s.Login("")
	s.login.Device, s.login.Platform, s.login.Version, s.login.SSO = netip.MustParseAddrPort("127.0.0.1:40000"), "win", "OpenVPN_GUI_11.50.0.0", []string{"webauth"}
	return s
}

// waiting has a login wait, and gives its sign-in.
func (s *site) waiting() vpn.BrowserSignIn {
	s.T.Helper()
	v, err := s.SignIns.Begin(s.T.Context(), s.Endpoint.SAML, s.login, "node-1")
	s.Must(err)
	return v
}

func (s *site) browser() *webtest.Browser { return webtest.NewBrowser(s.T, s.base) }

func (s *site) state(v vpn.BrowserSignIn) vpn.BrowserSignIn {
	s.T.Helper()
	v, err := s.SignIns.SignIn(s.T.Context(), v.ID)
	s.Must(err)
	return v
}

// decide stores that the login was decided.
func (s *site) decide(v vpn.BrowserSignIn, d vpn.LoginDecision) {
	s.T.Helper()
	v = s.state(v)
	v.End(d, false)
	s.Must(s.Store.Update(s.T.Context(), func(tx *store.Tx) error { return tx.SaveBrowserSignIn(s.T.Context(), v) }))
}

// toProvider opens the link and leads to the identity provider.
func toProvider(b *webtest.Browser, v vpn.BrowserSignIn) (redirect string) {
	b.T.Helper()
	p := b.Get("/a/" + v.Token.Reveal()).WantStatus(http.StatusOK)
	leads := b.Get(p.Href("Sign in with Corporate IdP")).WantStatus(http.StatusSeeOther)
	return leads.Header.Get("Location")
}

// answer has the identity provider's page send its answer.
func answer(b *webtest.Browser, v vpn.BrowserSignIn, form url.Values) webtest.Page {
	b.T.Helper()
	return b.Send(http.MethodPost, "/saml/"+string(v.Provider)+"/acs", strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://idp.example.test"},
	})
}

// signIn leads a browser up to the page that asks to confirm.
func signIn(b *webtest.Browser, v vpn.BrowserSignIn, user string) webtest.Page {
	b.T.Helper()
	return b.Follow(answer(b, v, controltest.AnswerTo(toProvider(b, v), user))).WantStatus(http.StatusOK)
}

func confirmForm(p webtest.Page, answer string) url.Values {
	return url.Values{"request": {p.Value("request")}, "answer": {answer}}
}

// The whole way: the link names what asks, the confirmation names the user too, and the last page says what came of it. No
// page is kept by the browser, and none tells the identity provider the link.
func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, b := s.waiting(), s.browser()
	link := "/a/" + v.Token.Reveal()
	first := b.Get(link).WantStatus(http.StatusOK)
	for _, want := range []string{"people", "Windows", "OpenVPN_GUI_11.50.0.0", "127.0.0.1", "a moment ago"} {
		first.WantText("dl", want)
	}
	first.WantText("main", "Is this your VPN connection?")
	if n := first.Doc.Find("form, script, .warn").Length(); n != 0 {
		t.Errorf("the first page has %d forms, scripts or warnings", n)
	}
	leads := b.Get(link + "/sign-in").WantStatus(http.StatusSeeOther)
	cookie := leads.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-sallyport-login=", "SameSite=None", "Secure", "HttpOnly", "Path=/", "Max-Age=900"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is %q, without %s", cookie, want)
		}
	}
	form := controltest.AnswerTo(leads.Header.Get("Location"), "alice@example.com")
	if strings.Contains(leads.Header.Get("Location"), v.Token.Reveal()) || strings.Contains(form.Get("RelayState"), "/") {
		t.Errorf("the identity provider is told %s", leads.Header.Get("Location"))
	}
	accepted := answer(b, v, form)
	confirm := b.Follow(accepted).WantStatus(http.StatusOK).WantText("main", "You are signed in as alice@example.com").WantText("dl", "Windows").WantText("dl", "127.0.0.1")
	if s.state(v).State != vpn.BrowserSignedIn {
		t.Error("the sign-in is over before the person confirmed")
	}
	again := b.Get(link) // the Back button
	if again.Header.Get("Location") != link+"/confirm" {
		t.Errorf("the link leads to %q", again.Header.Get("Location"))
	}
	sent := b.Post(link+"/confirm", confirmForm(confirm, "connect"))
	if got := s.state(v); got.State != vpn.BrowserConfirmed || got.User.Name != "alice@example.com" {
		t.Errorf("confirmed: %+v", got)
	}
	s.decide(v, vpn.LoginDecision{Allow: true})
	b.Follow(sent).WantStatus(http.StatusOK).WantText("h1", "Signed in").WantText("main", "alice@example.com").WantText("main", "You can close this window")
	b.Follow(b.Post(link+"/confirm", confirmForm(confirm, "not-me"))).WantText("h1", "Signed in") // sent twice
	for _, p := range []webtest.Page{first, leads, accepted, confirm, sent} {
		if p.Header.Get("Cache-Control") != "no-store" || p.Header.Get("Referrer-Policy") != "no-referrer" && p.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("headers: %q, %q", p.Header.Get("Cache-Control"), p.Header.Get("Referrer-Policy"))
		}
	}
	for _, secret := range []string{v.Token.Reveal(), form.Get("RelayState")} {
		if strings.Contains(s.Log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// Unknown, used and old links have one answer, which says what to do.
func TestLinksThatLeadNowhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, b := s.waiting(), s.browser()
	confirm := signIn(b, v, "alice")
	visitor := s.browser()
	visitor.Get("/a/" + v.Token.Reveal()).WantStatus(http.StatusOK) // it may sign in as well, until the person has confirmed
	b.Post("/a/"+v.Token.Reveal()+"/confirm", confirmForm(confirm, "connect")).WantStatus(http.StatusSeeOther)
	s.decide(v, vpn.LoginDecision{Allow: true})
	s.login.ID = "late"
	late := s.waiting()
	s.Clock.Pass(vpn.BrowserWait)
	bodies := map[string]bool{}
	for what, token := range map[string]string{"used": v.Token.Reveal(), "old": late.Token.Reveal(), "unknown": vpn.NewToken().Reveal(), "short": "x"} {
		for _, path := range []string{"", "/sign-in", "/confirm"} {
			p := visitor.Get("/a/" + token + path)
			if p.Status != http.StatusNotFound {
				t.Errorf("%s link%s: %d", what, path, p.Status)
			}
			bodies[strings.ReplaceAll(p.Text("main"), p.Header.Get("X-Request-Id"), "")] = true
			p.WantText("main", "Connect with your VPN client again")
		}
		if p := visitor.Post("/a/"+token+"/confirm", url.Values{"answer": {"connect"}}); p.Status != http.StatusSeeOther {
			t.Errorf("%s link confirmed: %d", what, p.Status)
		}
	}
	if len(bodies) != 1 {
		t.Errorf("the links have different answers: %v", bodies)
	}
}

// What a browser did is confirmed by that browser alone, for the answer that its page showed, and by its own form.
func TestConfirmBelongsToTheBrowser(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, b := s.waiting(), s.browser()
	link := "/a/" + v.Token.Reveal() + "/confirm"
	confirm := signIn(b, v, "alice")
	other := s.browser()
	other.Get(link).WantStatus(http.StatusForbidden).WantText("main", "begun in another browser")
	other.Post(link, confirmForm(confirm, "connect")).WantStatus(http.StatusForbidden)
	b.Send(http.MethodPost, link, strings.NewReader(confirmForm(confirm, "connect").Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://mallory.example"},
	}).WantStatus(http.StatusForbidden)
	if got := s.state(v).State; got != vpn.BrowserSignedIn {
		t.Fatalf("the sign-in is %s", got)
	}
	// The browser signs in once more, as another user: the form of the first page confirms nothing.
	second := b.Follow(answer(b, v, controltest.AnswerTo(b.Get("/a/"+v.Token.Reveal()+"/sign-in").Header.Get("Location"), "bob"))).WantText("main", "signed in as bob")
	b.Follow(b.Post(link, confirmForm(confirm, "connect"))).WantText("main", "signed in as bob")
	if got := s.state(v).State; got != vpn.BrowserSignedIn {
		t.Fatalf("the sign-in is %s", got)
	}
	b.Follow(b.Post(link, confirmForm(second, "not-me"))).WantText("h1", "Connection refused")
	if got := s.state(v); got.State != vpn.BrowserRefused || got.RefusedCode != vpn.CodeBrowserRefused {
		t.Errorf("got %+v", got)
	}
}

// Answers that belong to no request of the browser are refused, whatever they prove, and say where to begin.
func TestAnswersOfNoRequest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, b := s.waiting(), s.browser()
	form := controltest.AnswerTo(toProvider(b, v), "alice")
	with := func(relay string) url.Values {
		changed := url.Values{"user": {"alice"}, "assertion": {"_x"}}
		if relay != "" {
			changed.Set("RelayState", relay)
		}
		return changed
	}
	for _, c := range map[string]struct {
		by     *webtest.Browser
		form   url.Values
		status int
		says   string
	}{
		"begun at the identity provider": {b, with(""), http.StatusNotFound, "connect with your VPN client again"},
		"a URL as RelayState":            {b, with("https://evil.example/"), http.StatusNotFound, "connect with your VPN client again"},
		"unknown RelayState":             {b, with(vpn.NewToken().Reveal()), http.StatusNotFound, "connect with your VPN client again"},
		"another browser":                {s.browser(), form, http.StatusForbidden, "another browser"},
	} {
		answer(c.by, v, c.form).WantStatus(c.status).WantText("main", c.says)
	}
	other := v
	other.Provider = vpn.NewSAMLProviderID()
	answer(b, other, form).WantStatus(http.StatusForbidden)
	if got := s.state(v).State; got != vpn.BrowserWaiting {
		t.Fatalf("the sign-in is %s", got)
	}
	answer(b, v, form).WantStatus(http.StatusSeeOther)
	answer(b, v, form).WantStatus(http.StatusNotFound) // the same answer once more
	replayed := controltest.AnswerTo(b.Get("/a/"+v.Token.Reveal()+"/sign-in").Header.Get("Location"), "mallory")
	replayed.Set("assertion", form.Get("assertion"))
	answer(b, v, replayed).WantStatus(http.StatusForbidden).WantText("h1", "The sign-in failed")
	if got := s.state(v); got.User.Name != "alice" {
		t.Errorf("after a replay: %+v", got.User)
	}
	if n := len(s.Query("SELECT * FROM attempt WHERE code = 'SAMLAssertionReplayed'")); n != 1 {
		t.Errorf("%d refused attempts", n)
	}
	b.Get("/saml/" + string(v.Provider) + "/acs").WantStatus(http.StatusMethodNotAllowed)
	late := controltest.AnswerTo(b.Get("/a/"+v.Token.Reveal()+"/sign-in").Header.Get("Location"), "alice")
	s.Clock.Pass(vpn.SAMLRequestTime)
	answer(b, v, late).WantStatus(http.StatusNotFound)
}

// An answer that is refused says so in the person's words, with a way to try again; administrators get the cause.
func TestRefusedAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, b := s.waiting(), s.browser()
	s.Provider.Fail(vpn.Refuse(vpn.Denied, vpn.CodeSAMLAudienceMismatch, "The answer is for https://other.example, and we are https://vpn.example."))
	p := answer(b, v, controltest.AnswerTo(toProvider(b, v), "alice")).WantStatus(http.StatusForbidden)
	if p.Href("Try again") != "/a/"+v.Token.Reveal() || strings.Contains(p.Body, "other.example") {
		t.Errorf("the person is told %s", p.Text("main"))
	}
	if n := len(s.Query("SELECT * FROM attempt WHERE code = 'SAMLAudienceMismatch' AND reason LIKE '%other.example%'")); n != 1 {
		t.Errorf("%d refused attempts", n)
	}
	s.Provider.Fail(nil)
	signIn(b, v, "alice").WantText("main", "signed in as alice")
}

// A browser at another address is warned about, and refused where the setting says so.
func TestOtherAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.login.Device = netip.MustParseAddrPort("203.0.113.66:40000")
	v, b := s.waiting(), s.browser()
	b.Get("/a/"+v.Token.Reveal()).WantText("[role=alert]", "203.0.113.66")
	confirm := signIn(b, v, "alice").WantText("[role=alert]", "127.0.0.1").WantText("[role=alert]", "that person's device")
	before, err := s.Settings.Settings(t.Context(), s.Admin)
	s.Must(err)
	values := map[string]string{}
	for _, k := range vpn.DeploymentSettings() {
		values[k.Key] = k.Preset
	}
	values["browser_same_address"] = "true"
	s.Must(s.Settings.Save(t.Context(), s.Admin, before.Version, values, vpn.Consent{}))
	strict := b.Get("/a/"+v.Token.Reveal()+"/confirm").WantText("[role=alert]", "do not allow that")
	if strings.Contains(strict.Text("button"), "Connect") {
		t.Error("the page offers to connect")
	}
	b.Follow(b.Post("/a/"+v.Token.Reveal()+"/confirm", confirmForm(confirm, "connect"))).WantText("h1", "Not connected").WantText("main", "different network addresses")
}

// The last page has the code that the client asks for, waits a moment for the decision, and says why a login was refused.
func TestLastPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.login.SSO = []string{"crtext"}
	v, b := s.waiting(), s.browser()
	confirm := signIn(b, v, "alice").WantText("main", "shows a code")
	b.Follow(b.Post("/a/"+v.Token.Reveal()+"/confirm", confirmForm(confirm, "connect"))).WantText(".code", s.state(v).Code.Reveal())
	s.decide(v, vpn.LoginDecision{Code: vpn.CodeUserBlocked, Reason: "An administrator has blocked you."})
	b.Get("/a/"+v.Token.Reveal()+"/confirm").WantText("h1", "Not connected").WantText("main", "has blocked you")
	s.login.ID, s.login.SSO = "b", []string{"webauth"}
	v = s.waiting()
	confirm = signIn(b, v, "alice")
	sent := b.Post("/a/"+v.Token.Reveal()+"/confirm", confirmForm(confirm, "connect"))
	timer := time.AfterFunc(50*time.Millisecond, func() { s.decide(v, vpn.LoginDecision{Allow: true}) })
	defer timer.Stop()
	b.Follow(sent).WantText("h1", "Signed in")
	s.login.ID = "c"
	v = s.waiting()
	signIn(b, v, "alice")
	s.Clock.Pass(vpn.BrowserWait)
	b.Get("/a/"+v.Token.Reveal()+"/confirm").WantText("main", "waits no longer")
}

// A client chooses what it says of itself: it must not speak to the person who compares it.
func TestClientsSayOneWord(t *testing.T) {
	s := newSite(t)
	s.login.Platform, s.login.Version = "Your own laptop. Press Connect to keep your access.", "The security check was passed"
	b := s.browser()
	facts := b.Get("/a/" + s.waiting().Token.Reveal()).Text("dl")
	if strings.Contains(facts, "laptop") || strings.Contains(facts, "check") || strings.Count(facts, "unknown") != 2 {
		t.Errorf("the page says %q", facts)
	}
}

// After a fault the page leads to where the person may begin again, and does not tell the cause.
func TestFaultAfterTheAnswer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, b := s.waiting(), s.browser()
	form := controltest.AnswerTo(toProvider(b, v), "alice@example.com")
	s.Provider.Fail(errors.New("the disk is full"))
	p := answer(b, v, form).WantStatus(http.StatusServiceUnavailable).WantText("h1", "The sign-in failed").WantText("main", "Begin it again")
	if strings.Contains(p.Body, "disk") || p.Href("Try again") != "/a/"+v.Token.Reveal() {
		t.Errorf("the page is %s", p.Body)
	}
	s.Provider.Fail(nil)
	answer(b, v, form).WantStatus(http.StatusNotFound)
	signIn(b, v, "alice@example.com")
}

// What visitors send without an account writes no more than a few short lines into the log.
func TestLogOfVisitors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.browser()
	const said = "the answer of an identity provider was refused"
	post := func(provider string) {
		b.Send(http.MethodPost, "/saml/"+provider+"/acs", strings.NewReader("RelayState=x"), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}).WantStatus(http.StatusNotFound)
	}
	post(strings.Repeat("A", 40000))
	if log := s.Log.String(); strings.Contains(log, "AAAAAAAAAA") || strings.Contains(log, said) {
		t.Error("the log has what is no ID")
	}
	for range 50 {
		post(string(vpn.NewSAMLProviderID()))
	}
	if n := strings.Count(s.Log.String(), said); n != 30 {
		t.Errorf("%d lines", n)
	}
	s.Clock.Pass(time.Minute)
	post(string(vpn.NewSAMLProviderID()))
	if log := s.Log.String(); strings.Count(log, said) != 31 || !strings.Contains(log, `"not_logged_before":20`) {
		t.Error("the log does not tell what it left out")
	}
}
