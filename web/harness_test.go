package web_test

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sallyport/control"
	"sallyport/control/access"
	"sallyport/control/controltest"
	"sallyport/handlers/admin"
	"sallyport/vpn"
	"sallyport/web"
)

// site is the whole console over a real database, with a dataplane that the test speaks for.
type site struct {
	*httptest.Server
	kit *controltest.Kit
}

// services are the kit's use cases as the console takes them.
func (s *site) services() admin.Services {
	k := s.kit
	return admin.Services{
		Core: k.Core, Access: k.Access, Networks: k.Networks, Certificates: k.Certificates, Endpoints: k.Endpoints, Nodes: k.Nodes, Tutorial: k.Tutorial,
	}
}

const (
	password = controltest.Password
	boss     = "boss"
	reader   = "reader"
)

type siteOption func(*web.Config)

// newSite starts a console without any administrator, over TLS.
func newSite(t testing.TB, options ...siteOption) *site {
	t.Helper()
	s := unstarted(t, options...)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func unstarted(t testing.TB, options ...siteOption) *site {
	t.Helper()
	kit := controltest.NewWithClock(t, controltest.RunningClock())
	kit.Dataplane.Say(vpn.NodeStatus{}, nil)
	kit.Services = kit.NewServices(controltest.Options{Settings: &control.Settings{PublicName: "vpn.example.test", Version: "test", Reserved: []vpn.Reservation{
		{Owner: "the console", Listen: vpn.Listen{Addr: netip.IPv4Unspecified(), Transport: vpn.TCP, Port: 8443}},
	}}})
	s := &site{kit: kit}
	config := web.Config{Services: s.services(), Log: kit.Core.Log, Now: kit.Clock.Now, SessionLife: controltest.Limits.Absolute}
	for _, o := range options {
		o(&config)
	}
	s.Server = httptest.NewUnstartedServer(web.New(config))
	s.Server.Config.ErrorLog = slog.NewLogLogger(kit.Core.Log.Handler(), slog.LevelDebug)
	return s
}

// staffed starts a console with an administrator and a read-only account.
func staffed(t testing.TB, options ...siteOption) *site {
	t.Helper()
	s := newSite(t, options...)
	s.staff(t)
	return s
}

func (s *site) staff(t testing.TB) {
	t.Helper()
	token, _, err := s.kit.Access.NewSetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.kit.Access.CompleteSetup(t.Context(), access.SetupRequest{Token: token, Username: boss, Password: password, Again: password})
	if err != nil {
		t.Fatal(err)
	}
	by := control.Principal{Kind: control.Administrator, ID: string(signed.Administrator.ID), Name: boss, Role: vpn.RoleAdministrator}
	_, err = s.kit.Access.AddAdministrator(t.Context(), by, access.AdministratorSpec{Username: reader, Role: vpn.RoleReadOnly, Password: password, Again: password})
	if err != nil {
		t.Fatal(err)
	}
}

// browser is one visitor: it keeps cookies and says where it comes from as browsers do, but
// does not follow redirects by itself.
type browser struct {
	t      testing.TB
	site   *site
	client *http.Client
}

func (s *site) visitor(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, s, &http.Client{
		Jar: jar,
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the test server's own certificate
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// as signs a visitor in.
func (s *site) as(t testing.TB, username string) *browser {
	t.Helper()
	b := s.visitor(t)
	p := b.post("/sign-in", url.Values{"username": {username}, "password": {password}})
	if p.status != http.StatusSeeOther {
		t.Fatalf("sign in as %s: got %d, want 303\n%s", username, p.status, p.body)
	}
	return b
}

// page is an answer with its document.
type page struct {
	t      testing.TB
	status int
	header http.Header
	body   string
	doc    *goquery.Document
}

func (b *browser) get(path string) page { return b.send(http.MethodGet, path, nil, nil) }

func (b *browser) post(path string, form url.Values) page {
	return b.send(http.MethodPost, path, strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"},
	})
}

func (b *browser) send(method, path string, body io.Reader, header http.Header) page {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.site.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	p := page{t: b.t, status: answer.StatusCode, header: answer.Header, body: string(text)}
	if p.doc, err = goquery.NewDocumentFromReader(strings.NewReader(p.body)); err != nil {
		b.t.Fatal(err)
	}
	return p
}

// follow gets the page that a redirect leads to.
func (b *browser) follow(p page) page {
	b.t.Helper()
	if p.status != http.StatusSeeOther {
		b.t.Fatalf("got status %d, want 303 See Other\n%s", p.status, p.text("main"))
	}
	return b.get(p.header.Get("Location"))
}

// text is what a person reads in the elements that match, in one line.
func (p page) text(selector string) string {
	return strings.Join(strings.Fields(p.doc.Find(selector).Text()), " ")
}

func (p page) wantStatus(want int) page {
	p.t.Helper()
	if p.status != want {
		p.t.Fatalf("got status %d, want %d: %s", p.status, want, p.text("main"))
	}
	return p
}

func (p page) wantText(selector, want string) page {
	p.t.Helper()
	if got := p.text(selector); !strings.Contains(got, want) {
		p.t.Errorf("%s reads %q, want it to contain %q", selector, got, want)
	}
	return p
}

// wantFieldError looks for the sentence beside a field and for the marks that a screen reader needs.
func (p page) wantFieldError(name, want string) page {
	p.t.Helper()
	input := p.doc.Find(`[name="` + name + `"]`).First()
	if input.Length() == 0 {
		p.t.Fatalf("there is no field %q", name)
	}
	id, _ := input.Attr("id")
	if got, _ := input.Attr("aria-invalid"); got != "true" {
		p.t.Errorf("field %q: aria-invalid is %q, want true", name, got)
	}
	if by, _ := input.Attr("aria-describedby"); !strings.Contains(by, id+"-error") {
		p.t.Errorf("field %q is described by %q, want its error %q among them", name, by, id+"-error")
	}
	return p.wantText("#"+id+"-error", want).wantText("#error-summary a[href='#"+id+"']", p.text("label[for='"+id+"']"))
}

// cookie is the session cookie of the visitor's jar.
func (b *browser) cookie() *http.Cookie {
	b.t.Helper()
	u, err := url.Parse(b.site.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if strings.HasSuffix(c.Name, "sallyport") {
			return c
		}
	}
	return nil
}

func proxies(list ...string) siteOption {
	return func(c *web.Config) {
		for _, p := range list {
			c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(p))
		}
	}
}
