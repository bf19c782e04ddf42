package web_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sallyport/web"
	"sallyport/web/webtest"
)

func TestLanding(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator).At(s.StartPublic(t))
	p := b.Get("/").WantStatus(http.StatusOK).WantText("h1", "VPN self-service portal").WantText("main", "Start the connection in your VPN client")
	webtest.CheckMarkup(t, "/", p)
	if p.Doc.Find("script, nav").Length() != 0 || p.Header.Get("Set-Cookie") != "" {
		t.Errorf("the page has a script, a menu or a cookie: %s", p.Body)
	}
	p = b.Get("/nothing-here").WantStatus(http.StatusNotFound).WantText("main", "no page at this address")
	webtest.CheckMarkup(t, "/nothing-here", p)
	b.Post("/", nil).WantStatus(http.StatusMethodNotAllowed).WantText("main", "cannot be used in this way")
	if p := b.Send(http.MethodHead, "/", nil, nil).WantStatus(http.StatusOK); p.Body != "" {
		t.Errorf("HEAD has the body %q", p.Body)
	}
}

func TestPublicHealth(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	b := s.Visitor(t).At(s.StartPublic(t))
	if p := b.Get("/healthz").WantStatus(http.StatusOK); p.Body != "ok\n" {
		t.Errorf("got %q, want ok", p.Body)
	}
	_ = s.Kit.Store.Close()
	b.Get("/healthz").WantStatus(http.StatusServiceUnavailable)
	b.Get("/").WantStatus(http.StatusOK)
}

func TestPublicHeaders(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	b := s.Visitor(t).At(s.StartPublic(t))
	style, _ := b.Get("/").Doc.Find("link[rel=stylesheet]").Attr("href")
	for path, cached := range map[string]string{"/": "no-store", "/nothing-here": "no-store", "/healthz": "no-store", style: "public, max-age=31536000, immutable", "/saml/x/acs": "no-store"} {
		h := b.Get(path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
			"X-Frame-Options":         "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": cached,
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000", "X-Robots-Tag": "noindex",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if h.Get("Permissions-Policy") == "" {
			t.Errorf("%s: no permissions policy", path)
		}
	}
}

// Another site can have a browser send a form to the place of an identity provider's answer, and to nothing else.
func TestOtherSitesSendAnswersOnly(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	b := s.Visitor(t).At(s.StartPublic(t))
	send := func(method, path string, header http.Header) webtest.Page {
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		return b.Send(method, path, strings.NewReader("SAMLResponse=x"), header)
	}
	elsewhere := []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}}}
	for _, r := range web.PublicTable(s.PublicServices()) {
		if exempt := r.Policy == "identity-provider"; exempt != (r.Method+" "+braces(r.Path) == web.ACSPattern) {
			t.Errorf("%s %s has the policy %s", r.Method, r.Path, r.Policy)
		}
	}
	refused := []string{
		"POST /", "POST /healthz", "POST /static/x", "POST /saml/acs", "POST /saml/x/acs/", "POST /saml/x/acs/y", "POST /saml/x/y/acs", "POST /saml/x/metadata", "POST /SAML/x/acs", "POST /saml/x/ACS",
		"POST /a/x", "POST /a/x/confirm", "POST /saml/x/acs/../../../a/x/confirm", "POST /a/x/confirm/../../../saml/x/acs", "POST //saml/x/acs", "POST /saml//acs",
		"PUT /saml/x/acs", "DELETE /saml/x/acs", "PATCH /saml/x/acs",
	}
	for _, r := range web.PublicTable(s.PublicServices()) {
		if r.Method == http.MethodPost && r.Policy != "identity-provider" {
			refused = append(refused, "POST "+concrete(r.Path))
		}
	}
	for _, header := range elsewhere {
		for _, what := range refused {
			method, path, _ := strings.Cut(what, " ")
			if p := send(method, path, header.Clone()); p.Status != http.StatusForbidden || !strings.Contains(p.Text("main"), "another site") {
				t.Errorf("%s from another site (%v): got %d %q", what, header, p.Status, p.Text("main"))
			}
		}
		if p := send(http.MethodPost, "/saml/x/acs", header.Clone()); p.Status == http.StatusForbidden && strings.Contains(p.Text("main"), "another site") {
			t.Errorf("an answer with %v was refused as another site's", header)
		}
	}
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"same-origin"}}, {}} {
		if p := send(http.MethodPost, "/nothing", header.Clone()); p.Status != http.StatusNotFound {
			t.Errorf("a form of the pages themselves (%v): got %d", header, p.Status)
		}
	}
}

// braces writes the pattern of a route as http.ServeMux has it.
func braces(path string) string {
	return parameter.ReplaceAllStringFunc(path, func(p string) string { return "{" + p[1:] + "}" })
}

func TestPublicHostNames(t *testing.T) {
	t.Parallel()
	s := webtest.NewUnstarted(t)
	base := func(address string) webtest.PublicOption {
		return func(c *web.PublicConfig) { c.URL, _ = url.Parse(address) }
	}
	beyond := func(c *web.PublicConfig) { c.Loopback = false }
	loopback := s.PublicHandler()
	named := s.PublicHandler(beyond)
	addressed := s.PublicHandler(beyond, base("https://[2001:DB8::0:7]:444"))
	const ok, no = http.StatusOK, http.StatusMisdirectedRequest
	for _, c := range []struct {
		host                       string
		loopback, named, addressed int
	}{
		{"portal.example.test", ok, ok, no},
		{"PORTAL.example.test.:8444", ok, ok, no},
		{"localhost:8444", ok, no, no},
		{"127.0.0.1", ok, no, no},
		{"[::1]:8444", ok, no, no},
		{"192.0.2.1", ok, no, no}, // over a proxy on this host
		{"[2001:db8::7]", ok, no, ok},
		{"[2001:db8:0:0::7]:444", ok, no, ok},
		{"vpn.example.test", no, no, no}, // a name of the console
		{"portal.example.test.evil.example", no, no, no},
		{"evil.example", no, no, no},
		{"", no, no, no},
	} {
		for i, h := range []http.Handler{loopback, named, addressed} {
			want := []int{c.loopback, c.named, c.addressed}[i]
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Host = c.host
			r.Header.Set("X-Forwarded-Host", "portal.example.test")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("host %q: got %d, want %d", c.host, w.Code, want)
			}
			if want == no && (!strings.Contains(w.Body.String(), "These pages are at https://") || w.Header().Get("Content-Security-Policy") == "") {
				t.Errorf("host %q: %s", c.host, w.Body.String())
			}
		}
	}
}

// No request leads a browser to another site.
func TestPublicPagesLeadNowhereElse(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	b := s.Visitor(t).At(s.StartPublic(t))
	paths := []string{"//evil.example", "/%2F/evil.example", "/\\evil.example", "/%5Cevil.example", "/https://evil.example", "/.//evil.example", "/static//evil.example", "/a//evil.example"}
	for _, r := range web.PublicTable(s.PublicServices()) {
		for _, query := range []string{"return", "next", "url", "RelayState", "redirect_uri", "to"} {
			paths = append(paths, concrete(r.Path)+"?"+query+"=https://evil.example/")
		}
	}
	for _, path := range paths {
		for _, p := range []webtest.Page{b.Get(path), b.Post(path, url.Values{"return": {"https://evil.example/"}, "RelayState": {"//evil.example/"}})} {
			if to := p.Header.Get("Location"); strings.Contains(to, "evil.example") && !strings.HasPrefix(to, b.Base) || p.Status >= 500 {
				t.Errorf("%s: status %d, leads to %q", path, p.Status, to)
			}
		}
	}
}

func TestLargePublicForms(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	b := s.Visitor(t).At(s.StartPublic(t))
	large := append([]byte("SAMLResponse="), bytes.Repeat([]byte("a"), 512<<10)...)
	b.Send(http.MethodPost, "/saml/x/acs", bytes.NewReader(large), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}).
		WantStatus(http.StatusRequestEntityTooLarge).WantText("main", "fewer groups")
}

// The log has neither the path, which holds the secret of a sign-in, nor the query.
func TestPublicLog(t *testing.T) {
	t.Parallel()
	s := webtest.New(t)
	b := s.Visitor(t).At(s.StartPublic(t))
	b.Get("/a/s3cret-path?x=s3cret-query")
	b.Post("/a/s3cret-path", url.Values{"x": {"s3cret-form"}})
	if log := s.Kit.Log.String(); strings.Contains(log, "s3cret") || !strings.Contains(log, `"msg":"public request"`) {
		t.Errorf("got %s", log)
	}
}

// Over plain HTTP only this host and the declared proxies are answered, and they say who the client is. The scheme is that of
// public_url, whatever is reported.
func TestPublicBehindAProxy(t *testing.T) {
	t.Parallel()
	s := webtest.NewUnstarted(t)
	h := s.PublicHandler(func(c *web.PublicConfig) {
		var console web.Config
		proxies("192.0.2.80/32")(&console)
		c.PlainHTTP, c.TrustedProxies = true, console.TrustedProxies
	})
	for from, want := range map[string]int{"192.0.2.80:1": http.StatusOK, "127.0.0.1:1": http.StatusOK, "203.0.113.9:1": http.StatusForbidden} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host, r.RemoteAddr = "portal.example.test", from
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-For", "203.0.113.7")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if secure := w.Header().Get("Strict-Transport-Security") != ""; w.Code != want || secure != (want == http.StatusOK) {
			t.Errorf("from %s: status %d, secure %t", from, w.Code, secure)
		}
	}
	if log := s.Kit.Log.String(); !strings.Contains(log, `"source":"203.0.113.7"`) {
		t.Errorf("the proxy's client is not in the log: %s", log)
	}
}
