package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// Over plain HTTP, only this host and the declared proxies are answered.
func TestOnlyProxies(t *testing.T) {
	t.Parallel()
	h := onlyProxies("The console", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for remote, want := range map[string]int{
		"127.0.0.1:5": http.StatusNoContent, "[::1]:5": http.StatusNoContent, "[::ffff:127.0.0.1]:5": http.StatusNoContent,
		"10.0.0.7:5": http.StatusNoContent, "10.0.1.7:5": http.StatusForbidden, "[2001:db8::1]:5": http.StatusForbidden, "?": http.StatusForbidden,
	} {
		r := httptest.NewRequest(http.MethodGet, "/sign-in", nil)
		r.RemoteAddr = remote
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: got %d, want %d", remote, w.Code, want)
		}
	}
}

// The scheme is what a declared proxy reports, wherever it is; of several reports the last counts, which is its own.
func TestClientScheme(t *testing.T) {
	t.Parallel()
	var got string
	h := trustProxyHeaders([]netip.Prefix{netip.MustParsePrefix("203.0.113.80/32")}, slog.New(slog.DiscardHandler), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = clientScheme(r) }))
	for _, c := range []struct {
		remote  string
		reports []string
		want    string
	}{
		{"203.0.113.80:1", []string{"https"}, "https"}, {"203.0.113.80:1", []string{"HTTPS"}, "https"}, {"203.0.113.80:1", []string{"http, https"}, "https"}, {"203.0.113.80:1", []string{"http", "https"}, "https"},
		{"203.0.113.80:1", []string{"https, http"}, "http"}, {"203.0.113.80:1", []string{"https", "http"}, "http"}, {"203.0.113.80:1", nil, "http"}, {"203.0.113.80:1", []string{""}, "http"},
		{"203.0.113.81:1", []string{"https"}, "http"}, {"10.0.0.1:1", []string{"https"}, "http"}, {"127.0.0.1:1", []string{"https"}, "http"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header["X-Forwarded-Proto"] = c.reports
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s reports %q: got %s, want %s", c.remote, c.reports, got, c.want)
		}
	}
}
