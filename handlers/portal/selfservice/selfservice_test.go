package selfservice_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

const password vpn.Secret = "right-password"

type site struct {
	*controltest.Site
	base string
	d    vpn.Directory
}

// newSite is an endpoint with the self-service portal, whose directory has alice and bob.
func newSite(t *testing.T, mfa bool) *site {
	t.Helper()
	s := &site{Site: controltest.NewSite(t)}
	spec := controltest.DirectorySpec()
	spec.MFA = mfa
	s.d = s.AskAnswers(spec, false)
	for _, name := range []string{"alice", "bob"} {
		s.Directory.Put(password, vpn.ProviderUser{Key: "key-" + name, Name: name})
	}
	s.SetPortal(true)
	s.base = webtest.NewPublic(t, s.Kit)
	return s
}

func (s *site) browser() *webtest.Browser { return webtest.NewBrowser(s.T, s.base) }

func (s *site) door() string { return s.Endpoint.ID.PortalPath() }

func (s *site) download() string { return "/portal" + s.door() + "/configuration" }

// signedIn is a browser with a session of a user.
func (s *site) signedIn(name string) *webtest.Browser {
	s.T.Helper()
	b := s.browser()
	b.Get(s.door()).WantStatus(http.StatusOK)
	b.Follow(b.Post(s.door()+"/sign-in", url.Values{"username": {name}, "password": {password.Reveal()}})).WantStatus(http.StatusOK).WantText("header", "Signed in as "+name)
	return b
}

// The way of a user: the endpoint ID, the sign-in, and a file that is the console's, byte for byte.
func TestWayToTheFile(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	b := s.browser()
	first := b.Get("/").WantStatus(http.StatusOK).WantText("h1", "VPN self-service portal").WantText("label", "Client VPN endpoint ID")
	webtest.CheckMarkup(t, "/", first)
	b.Get("/find?endpoint=").WantStatus(http.StatusUnprocessableEntity).WantText("#endpoint-error", "Enter the Client VPN endpoint ID")
	found := b.Get("/find?endpoint=+" + string(s.Endpoint.ID) + "+")
	door := b.Follow(found).WantStatus(http.StatusOK).WantText("h1", "Sign in")
	webtest.CheckMarkup(t, s.door(), door)
	if strings.Contains(door.Body, s.Endpoint.Name) || door.Doc.Find("#code").Length() != 0 {
		t.Errorf("the sign-in tells the endpoint's name, or asks for a code: %s", door.Text("main"))
	}
	b.Follow(b.Get("/find?endpoint="+url.QueryEscape("https://portal.example.test"+s.door()))).WantStatus(http.StatusOK).WantText("h1", "Sign in")
	if p := b.Get("/"); p.Value("endpoint") != string(s.Endpoint.ID) {
		t.Errorf("the browser remembers %q", p.Value("endpoint"))
	}
	bad := b.Post(s.door()+"/sign-in", url.Values{"username": {"alice"}, "password": {"wrong-password"}}).WantStatus(http.StatusForbidden).WantText("[role=alert]", "The user name or the password is wrong.")
	webtest.CheckMarkup(t, "refused", bad)
	if bad.Value("username") != "alice" || strings.Contains(bad.Body, "wrong-password") {
		t.Errorf("the form keeps %q", bad.Value("username"))
	}
	b.Post(s.door()+"/sign-in", nil).WantStatus(http.StatusUnprocessableEntity).WantText("#username-error", "Enter your user name").WantText("#password-error", "Enter your password")

	signed := b.Post(s.door()+"/sign-in", url.Values{"username": {"alice"}, "password": {password.Reveal()}})
	cookie := signed.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-sallyport-portal=", "SameSite=Lax", "Secure", "HttpOnly", "Path=/"} {
		if !strings.Contains(cookie, want) || strings.Contains(cookie, "Max-Age") {
			t.Errorf("the cookie is %q, want %s and no age", cookie, want)
		}
	}
	home := b.Follow(signed).WantStatus(http.StatusOK).WantText("header", "Signed in as alice").WantText("main", s.Endpoint.Name).WantText(".offer summary", "You have not downloaded it yet")
	webtest.CheckMarkup(t, "/portal", home)
	want, err := s.Endpoints.ClientConfiguration(t.Context(), s.Admin, s.Endpoint.ID, "")
	s.Must(err)
	file := b.Post(s.download(), nil).WantStatus(http.StatusOK)
	if file.Body != want.Text {
		t.Errorf("the file is\n%s\nwant\n%s", file.Body, want.Text)
	}
	for name, value := range map[string]string{"Content-Disposition": "attachment; filename=" + s.Endpoint.Name + "-" + string(s.Endpoint.ID) + ".ovpn", "Content-Type": "application/x-openvpn-profile", "Cache-Control": "no-store"} {
		if file.Header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, file.Header.Get(name), value)
		}
	}
	if rows := s.Query("SELECT handed_out FROM profile_offer WHERE handed_out = 1"); len(rows) != 1 {
		t.Error("the download is not counted")
	}
	if text := b.Get("/portal").Text(".offer summary"); !strings.HasPrefix(text, "You downloaded it on") {
		t.Errorf("after the download: %s", text)
	}
	if p := b.Get("/"); p.Header.Get("Location") != "/portal" {
		t.Errorf("who is signed in is led to %q", p.Header.Get("Location"))
	}
	out := b.Post("/portal/sign-out", nil)
	b.Follow(b.Follow(out)).WantText("h1", "Sign in").WantText("[role=status]", "You are signed out").WantText("[role=status]", "Your VPN connections go on")
	b.Post(s.download(), nil).WantStatus(http.StatusSeeOther)
}

// Where the directory demands a code, the same form asks for it.
func TestSignInWithCode(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	key := s.RegisterMFADevice(s.d.ID, "alice")
	s.Clock.Pass(time.Minute)
	b := s.browser()
	b.Get(s.door()).WantText("label[for=code]", "MFA code")
	form := url.Values{"username": {"alice"}, "password": {password.Reveal()}}
	b.Post(s.door()+"/sign-in", form).WantStatus(http.StatusForbidden).WantText("[role=alert]", "The user name, the password or the MFA code is wrong.")
	s.Clock.Pass(time.Minute)
	form.Set("code", "000000")
	b.Post(s.door()+"/sign-in", form).WantStatus(http.StatusForbidden).WantText("[role=alert]", "The user name, the password or the MFA code is wrong.")
	s.Clock.Pass(time.Minute)
	form.Set("code", vpn.TOTP(key, s.Clock.Now()))
	b.Follow(b.Post(s.door()+"/sign-in", form)).WantText("header", "Signed in as alice")
}

// To a visitor an endpoint without the portal is as one that does not exist.
func TestClosedDoors(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	open := s.Endpoint.ID
	mutual := s.CreateEndpoint("mutual", "10.60.0.0/22", "1200").ID
	s.SetPortal(false)
	b := s.browser()
	pages := map[string]bool{}
	for _, id := range []vpn.EndpointID{open, mutual, vpn.NewEndpointID(), "cvpn-endpoint-x"} {
		for _, p := range []webtest.Page{b.Get(id.PortalPath()), b.Get(id.PortalPath() + "/saml"), b.Post(id.PortalPath()+"/sign-in", url.Values{"username": {"alice"}, "password": {password.Reveal()}})} {
			p.WantStatus(http.StatusNotFound).WantText("#endpoint-error", "There is no self-service portal for this Client VPN endpoint ID")
			if p.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s: %s", id, p.Header.Get("Set-Cookie"))
			}
			pages[strings.ReplaceAll(p.Body, string(id), "")] = true
		}
	}
	if len(pages) != 1 {
		t.Errorf("%d different pages", len(pages))
	}
}

// Two users: each route that needs a session refuses visitors, and tells one user nothing of the other.
func TestUsersAreApart(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	visitor, alice, bob := s.browser(), s.signedIn("alice"), s.signedIn("bob")
	alice.Post(s.download(), nil).WantStatus(http.StatusOK)
	bob.Get("/portal").WantText("header", "Signed in as bob").WantText(".offer summary", "not downloaded it yet")
	saml := s.AskBrowser(false) // an endpoint of another identity provider
	s.SetPortal(true)
	if text := alice.Get("/portal").Text("main"); strings.Contains(text, s.Endpoint.Name) {
		t.Errorf("alice sees the endpoint of another provider: %s", text)
	}
	for _, id := range []string{string(s.Endpoint.ID), string(vpn.NewEndpointID()), "x"} {
		alice.Post("/portal/endpoints/"+id+"/configuration", nil).WantStatus(http.StatusNotFound)
	}
	for _, p := range []webtest.Page{visitor.Get("/portal"), visitor.Post(s.download(), nil), visitor.Post("/portal/sign-out", nil)} {
		if p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/" {
			t.Errorf("a visitor: status %d to %s", p.Status, p.Header.Get("Location"))
		}
	}
	alice.Send(http.MethodPost, "/portal/sign-out", nil, http.Header{"Sec-Fetch-Site": {"cross-site"}}).WantStatus(http.StatusForbidden)
	alice.Post("/portal/sign-out", nil).WantStatus(http.StatusSeeOther)
	bob.Get("/portal").WantStatus(http.StatusOK)
	alice.Get("/portal").WantStatus(http.StatusSeeOther)

	rows := s.Query("SELECT id FROM vpn_user WHERE name = 'bob'")
	_, err := s.Users.Block(t.Context(), s.Admin, []vpn.UserID{vpn.UserID(rows[0])}, "left")
	s.Must(err)
	ended := bob.Get("/portal")
	if !strings.HasPrefix(ended.Header.Get("Location"), "/find?endpoint=cvpn-endpoint-") || !strings.Contains(ended.Header.Get("Set-Cookie"), "__Host-sallyport-portal=;") {
		t.Errorf("blocked: %d to %s, %s", ended.Status, ended.Header.Get("Location"), ended.Header.Get("Set-Cookie"))
	}
	bob.Follow(bob.Follow(ended)).WantText("main", "Your session has ended")

	// Users of a SAML provider are led there by a link, and come back with a session.
	b := s.browser()
	begun := b.Get(b.Get(s.door()).WantStatus(http.StatusOK).Href("Sign in with Corporate IdP"))
	to := begun.Header.Get("Location")
	if !strings.HasPrefix(to, "https://idp.example.test/sso") {
		t.Fatalf("leads to %q", to)
	}
	answer := func(form url.Values) webtest.Page {
		return b.Send(http.MethodPost, "/saml/"+string(saml.ID)+"/acs", strings.NewReader(form.Encode()), http.Header{
			"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://idp.example.test"},
		})
	}
	form := controltest.AnswerTo(to, "carol@example.com")
	b.Follow(answer(form)).WantStatus(http.StatusOK).WantText("header", "Signed in as carol@example.com").WantText("main", s.Endpoint.Name)
	answer(form).WantStatus(http.StatusNotFound)
	out := b.Follow(b.Follow(b.Post("/portal/sign-out", nil))).WantText("[role=status]", "You are signed out").WantText("[role=status]", "Corporate IdP still knows you in this browser")
	webtest.CheckMarkup(t, "signed out", out)
	s.Provider.Fail(vpn.Refuse(vpn.Denied, vpn.CodeSAMLAnswerRefused, "The signature is wrong."))
	answer(controltest.AnswerTo(b.Get(s.door()+"/saml").Header.Get("Location"), "carol@example.com")).WantStatus(http.StatusForbidden).WantText("h1", "The sign-in failed")
}

// Each platform has its program and four steps; the file for the command line is the console's.
func TestSteps(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	b := s.signedIn("alice")
	for _, p := range vpn.Platforms() {
		for _, c := range vpn.SuitingPrograms(p, vpn.ClientNeeds{}) {
			at := "/portal?platform=" + string(p) + "&program=" + string(c.ID)
			page := b.Get(at).WantStatus(http.StatusOK).WantText("#steps", p.Label())
			webtest.CheckMarkup(t, at, page)
			if n := page.Doc.Find(".steps > li").Length(); n != 4 {
				t.Errorf("%s: %d steps", at, n)
			}
			if c.Site != "" && page.Doc.Find(`.steps a[href="`+c.Site+`"]`).Length() != 1 {
				t.Errorf("%s does not lead to %s", at, c.Site)
			}
			if page.Doc.Find("button[name=variant]").Length() != 0 {
				t.Errorf("%s offers another file, from which nothing differs", at)
			}
		}
	}
	b.Get("/portal?platform=windows").WantText(".steps", "Download the program from the page of its makers").WantText(".steps", "Use the button above")
	command := url.Values{"variant": {"command-line"}}
	b.Post(s.download(), command).WantStatus(http.StatusConflict)

	saml := s.AskBrowser(false)
	s.SetPortal(true)
	c := s.browser()
	to := c.Get(c.Get(s.door()).Href("Sign in with Corporate IdP")).Header.Get("Location")
	c.Follow(c.Send(http.MethodPost, "/saml/"+string(saml.ID)+"/acs", strings.NewReader(controltest.AnswerTo(to, "carol@example.com").Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://idp.example.test"},
	})).WantStatus(http.StatusOK)
	page := c.Get("/portal?platform=linux").WantText(".steps", "WEB_AUTH::").WantText("button[name=variant]", "Download file for the command line")
	page.WantText("main", "NetworkManager cannot open the page on which you sign in")
	want, err := s.Endpoints.CommandLineConfiguration(t.Context(), s.Admin, s.Endpoint.ID, "")
	s.Must(err)
	if got := c.Post(s.download(), command).WantStatus(http.StatusOK); got.Body != want.Text || !strings.Contains(got.Body, "setenv IV_SSO webauth") {
		t.Errorf("the file is\n%s\nwant\n%s", got.Body, want.Text)
	}
}
