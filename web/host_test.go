package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sallyport/web"
	"sallyport/web/webtest"
)

func named(names ...string) webtest.Option {
	return func(c *web.Config) { c.Names = names }
}

// ask sends a request under a host name, from an address.
func ask(s *webtest.Site, host, from string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/sign-in", nil)
	r.Host, r.RemoteAddr = host, from
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(w, r)
	return w
}

func TestHostNames(t *testing.T) {
	t.Parallel()
	s := webtest.NewUnstarted(t, named("vpn.example.test", "Gateway", ""), proxies("192.0.2.80/32"))
	t.Cleanup(s.Close)
	s.Start()
	s.AddAccounts(t)
	const otherHost, proxy = "203.0.113.9:5000", "192.0.2.80:5000"
	for _, c := range []struct {
		host, from, forwardedHost string
		want                      int
	}{
		{"127.0.0.1:8443", otherHost, "", http.StatusOK},
		{"192.0.2.1", otherHost, "", http.StatusOK},
		{"[2001:db8::1]:8443", otherHost, "", http.StatusOK},
		{"[::1]", otherHost, "", http.StatusOK},
		{"localhost:8443", otherHost, "", http.StatusOK},
		{"vpn.example.test:8443", otherHost, "", http.StatusOK},
		{"VPN.Example.Test.", otherHost, "", http.StatusOK},
		{"gateway", otherHost, "", http.StatusOK},
		{"evil.example", otherHost, "", http.StatusMisdirectedRequest},
		{"evil.example:8443", otherHost, "", http.StatusMisdirectedRequest},
		{"vpn.example.test.evil.example", otherHost, "", http.StatusMisdirectedRequest},
		{"localhost.evil.example", otherHost, "", http.StatusMisdirectedRequest},
		{"127.0.0.1.evil.example", otherHost, "", http.StatusMisdirectedRequest},
		{"", otherHost, "", http.StatusMisdirectedRequest},
		// A proxy passes on the name that the browser used, or the address of the console. What it says of
		// the name in another header is ignored.
		{"vpn.example.test", proxy, "", http.StatusOK},
		{"10.0.0.5:8443", proxy, "vpn.example.test", http.StatusOK},
		{"evil.example", proxy, "", http.StatusMisdirectedRequest},
		{"evil.example", proxy, "vpn.example.test", http.StatusMisdirectedRequest},
		{"evil.example", otherHost, "vpn.example.test", http.StatusMisdirectedRequest},
	} {
		header := http.Header{}
		if c.forwardedHost != "" {
			header.Set("X-Forwarded-Host", c.forwardedHost)
		}
		w := ask(s, c.host, c.from, header)
		if w.Code != c.want {
			t.Errorf("host %q from %s: got %d, want %d", c.host, c.from, w.Code, c.want)
		}
		if c.want == http.StatusOK {
			continue
		}
		p := webtest.Document(t, w.Body.String())
		webtest.CheckMarkup(t, c.host, p)
		if c.host != "" && !strings.Contains(p.Text("main"), "the setting console_names") {
			t.Errorf("host %q: the page reads %q, want the setting in it", c.host, p.Text("main"))
		}
		if strings.Contains(p.Body, "<form method=\"post\" action=\"/sign-in\"") || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("host %q: the page has the form or a cookie", c.host)
		}
	}
}
