package web

import (
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
