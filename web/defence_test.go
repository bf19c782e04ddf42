package web_test

import (
	"bytes"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"sallyport/web"
	"sallyport/web/webtest"
)

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	for _, path := range []string{"/", "/sign-in", "/nothing-here", "/healthz", "/static/nothing-such.css"} {
		h := b.Get(path).Header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: the policy is %q, want %s in it", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") {
			t.Errorf("%s: the policy is %q, want nothing unsafe", path, csp)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
			"Strict-Transport-Security": "max-age=31536000", "X-Frame-Options": "DENY",
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

func TestPlainHTTPHasAPlainCookieAndNoTransportSecurity(t *testing.T) {
	t.Parallel()
	s := webtest.NewUnstarted(t)
	s.Start()
	t.Cleanup(s.Close)
	s.AddAccounts(t)
	b := s.Visitor(t)
	p := b.Post("/sign-in", webtest.Credentials(webtest.Administrator, webtest.Password)).WantStatus(http.StatusSeeOther)
	cookie := p.Header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "sallyport=") || strings.Contains(cookie, "Secure") {
		t.Errorf("the cookie is %q, want a plain name without Secure", cookie)
	}
	if got := p.Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("plain HTTP promises %q", got)
	}
	b.Follow(p).WantStatus(http.StatusOK)
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	form := "theme=dark"
	for name, c := range map[string]struct {
		header http.Header
		want   int
	}{
		"same origin":      {http.Header{"Sec-Fetch-Site": {"same-origin"}}, http.StatusSeeOther},
		"typed by hand":    {http.Header{"Sec-Fetch-Site": {"none"}}, http.StatusSeeOther},
		"no browser":       {http.Header{}, http.StatusSeeOther},
		"own origin":       {http.Header{"Origin": {s.URL}}, http.StatusSeeOther},
		"another site":     {http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		"a sibling":        {http.Header{"Sec-Fetch-Site": {"same-site"}}, http.StatusForbidden},
		"another origin":   {http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		"an opaque origin": {http.Header{"Origin": {"null"}}, http.StatusForbidden},
	} {
		c.header.Set("Content-Type", "application/x-www-form-urlencoded")
		p := s.Visitor(t).Send(http.MethodPost, "/theme", strings.NewReader(form), c.header)
		if p.Status != c.want {
			t.Errorf("%s: got %d, want %d", name, p.Status, c.want)
		}
		if c.want == http.StatusForbidden {
			p.WantText("main", "another site")
			if p.Header.Get("Content-Security-Policy") == "" {
				t.Errorf("%s: the refusal has no security headers", name)
			}
		}
	}
}

func TestLargeFormsAreRefused(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	large := append([]byte("username="), bytes.Repeat([]byte("a"), 10<<20)...)
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	b.Send(http.MethodPost, "/administrators/new", bytes.NewReader(large), header).
		WantStatus(http.StatusRequestEntityTooLarge).WantText("main", "larger than 1024 KiB")
	// Without Content-Length the limit applies while reading.
	chunked := struct{ *bytes.Reader }{bytes.NewReader(large[:2<<20])}
	b.Send(http.MethodPost, "/administrators/new", chunked, header).
		WantStatus(http.StatusRequestEntityTooLarge).WantText("main", "larger than 1024 KiB")
}

func TestOnlyDeclaredProxiesAreTrusted(t *testing.T) {
	t.Parallel()
	claim := http.Header{"X-Forwarded-For": {"203.0.113.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"evil.example"}}
	for _, c := range []struct {
		name    string
		options []webtest.Option
		source  string
		secure  bool
	}{
		{"no proxy is trusted", nil, "127.0.0.1", false},
		{"another is trusted", []webtest.Option{proxies("192.0.2.0/24")}, "127.0.0.1", false},
		{"this one is trusted", []webtest.Option{proxies("127.0.0.0/8")}, "203.0.113.7", true},
	} {
		s := webtest.NewUnstarted(t, c.options...)
		s.Start()
		t.Cleanup(s.Close)
		p := s.Visitor(t).Send(http.MethodGet, "/sign-in", nil, claim)
		if got := p.Header.Get("Strict-Transport-Security") != ""; got != c.secure {
			t.Errorf("%s: the connection counts as secure: %t, want %t", c.name, got, c.secure)
		}
		if want := `"source":"` + c.source + `"`; !strings.Contains(s.Kit.Log.String(), want) {
			t.Errorf("%s: want %s in the log, got %s", c.name, want, s.Kit.Log.String())
		}
		s.Visitor(t).Send(http.MethodGet, "/sign-in", nil, claim)
		told := strings.Count(s.Kit.Log.String(), "not among trusted_proxies")
		if want := map[bool]int{true: 0, false: 1}[c.secure]; told != want {
			t.Errorf("%s: an undeclared proxy is told of %d times, want %d", c.name, told, want)
		}
	}
}

func TestHostileTextIsEscaped(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	hostile := `"><script>alert(1)</script>'`
	p := b.Get("/administrators?q=" + url.QueryEscape(hostile)).WantStatus(http.StatusOK)
	webtest.CheckMarkup(t, "/administrators", p)
	p.WantText("main", hostile)
	p = b.Post("/administrators/new", url.Values{"username": {hostile}}).WantStatus(http.StatusUnprocessableEntity)
	webtest.CheckMarkup(t, "/administrators/new", p)
	if got, _ := p.Doc.Find("input[name=username]").Attr("value"); got != hostile {
		t.Errorf("the user name came back as %q, want %q", got, hostile)
	}
}

// Every client can request a path of 60 KiB: the log truncates it.
func TestLongPathsAreTruncatedInTheLog(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	s.Visitor(t).Send(http.MethodPost, "/"+strings.Repeat("x", 30<<10), nil, nil).WantStatus(http.StatusNotFound)
	if got := s.Kit.Log.String(); strings.Contains(got, strings.Repeat("x", 1000)) || !strings.Contains(got, strings.Repeat("x", 200)) {
		t.Errorf("the log has %d bytes", len(got))
	}
}

func proxies(list ...string) webtest.Option {
	return func(c *web.Config) {
		for _, p := range list {
			c.TrustedProxies = append(c.TrustedProxies, netip.MustParsePrefix(p))
		}
	}
}
