package web_test

import (
	"context"
	"crypto/tls"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/control"
	"sallyport/pki"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web"
)

// site is the whole console over a real database, with a dataplane that the test speaks for.
type site struct {
	*httptest.Server
	control   *control.Service
	store     *store.Store
	dataplane *fakeDataplane
	log       *lockedBuffer
	ahead     atomic.Int64 // how far the site's clock is ahead of the real one
}

// pass moves the site's clock.
func (s *site) pass(d time.Duration) { s.ahead.Add(int64(d)) }

func (s *site) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

const (
	password = "correct horse battery"
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
	sealer, err := pki.NewSealer(pki.NewSealKey())
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), store.Options{Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := &site{store: db, dataplane: &fakeDataplane{}, log: &lockedBuffer{}}
	log := slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.control = control.New(control.Config{
		Store: db, Dataplane: s.dataplane, PKI: pki.Maker{}, Log: log, Now: s.now, Node: "node-1", Zones: []string{"zone-a", "zone-b"},
		Settings: control.Settings{PublicName: "vpn.example.test", Version: "test", Reserved: []vpn.Reservation{
			{Owner: "the console", Listen: vpn.Listen{Addr: netip.IPv4Unspecified(), Transport: vpn.TCP, Port: 8443}},
		}},
		Limits: control.SessionLimits{Idle: time.Hour, Absolute: 8 * time.Hour},
	})
	config := web.Config{Control: s.control, Log: log, Now: s.now, SessionLife: 8 * time.Hour}
	for _, o := range options {
		o(&config)
	}
	s.Server = httptest.NewUnstartedServer(web.New(config))
	s.Server.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
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
	token, _, err := s.control.NewSetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.control.CompleteSetup(t.Context(), control.SetupRequest{Token: token, Username: boss, Password: password, Again: password})
	if err != nil {
		t.Fatal(err)
	}
	by := control.Principal{Kind: control.Administrator, ID: string(signed.Administrator.ID), Name: boss, Role: vpn.RoleAdministrator}
	_, err = s.control.AddAdministrator(t.Context(), by, control.AdministratorSpec{Username: reader, Role: vpn.RoleReadOnly, Password: password, Again: password})
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

// fakeDataplane answers as the test says.
type fakeDataplane struct {
	mu      sync.Mutex
	status  vpn.NodeStatus
	failure error
	applied map[vpn.EndpointID]vpn.Desired
	live    []vpn.LiveConnection
	ended   []vpn.ConnectionID
	hangs   bool
	asked   int
}

func (d *fakeDataplane) Status(ctx context.Context) (vpn.NodeStatus, error) {
	d.mu.Lock()
	hangs := d.hangs
	d.asked++
	d.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return vpn.NodeStatus{}, vpn.Refuse(vpn.Unavailable, "", "The dataplane does not answer in time.")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status, d.failure
}

// hang makes the dataplane take questions and answer none, or answer again.
func (d *fakeDataplane) hang(does bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hangs = does
}

// questions is how often its status was asked for.
func (d *fakeDataplane) questions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func (d *fakeDataplane) Apply(_ context.Context, desired vpn.Desired) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.applied == nil {
		d.applied = map[vpn.EndpointID]vpn.Desired{}
	}
	d.applied[desired.Endpoint] = desired
	return d.failure
}

func (d *fakeDataplane) Forget(_ context.Context, id vpn.EndpointID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.applied, id)
	return d.failure
}

func (d *fakeDataplane) Events(ctx context.Context, _ string, _ uint64) iter.Seq2[vpn.Event, error] {
	return func(yield func(vpn.Event, error) bool) {
		<-ctx.Done()
		yield(vpn.Event{}, ctx.Err())
	}
}

func (d *fakeDataplane) Logins(ctx context.Context) iter.Seq2[vpn.LoginRequest, error] {
	return func(yield func(vpn.LoginRequest, error) bool) {
		<-ctx.Done()
		yield(vpn.LoginRequest{}, ctx.Err())
	}
}

func (d *fakeDataplane) Acknowledge(context.Context, string, uint64) error { return nil }

func (d *fakeDataplane) Decide(context.Context, []vpn.LoginDecision) error { return nil }

func (d *fakeDataplane) Terminate(_ context.Context, ids []vpn.ConnectionID, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = append(d.ended, ids...)
	return d.failure
}

func (d *fakeDataplane) Connections(context.Context) ([]vpn.LiveConnection, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live, d.failure
}

func (d *fakeDataplane) say(status vpn.NodeStatus, failure error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status, d.failure = status, failure
}

// lockedBuffer is a log that handlers write and the test reads.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func proxies(list ...string) siteOption {
	return func(c *web.Config) {
		for _, p := range list {
			c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(p))
		}
	}
}
