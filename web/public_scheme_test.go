package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"sallyport/control/controltest"
	"sallyport/handlers/portal"
	"sallyport/web"
)

// A proxy that does not report the scheme must not take the prefix __Host- from the cookie of a sign-in: another host of
// the domain could then give a browser a cookie that it knows itself.
func TestCookieBehindProxyWithoutScheme(t *testing.T) {
	s := controltest.NewSite(t)
	s.AskBrowser(false)
	login := *s.Login("")
	login.SSO = []string{"webauth"}
	v, err := s.SignIns.Begin(t.Context(), s.Endpoint.SAML, login, "node-1")
	s.Must(err)
	h := web.NewPublic(web.PublicConfig{
		Services: portal.Services{Core: s.Core, SignIns: s.SignIns, Branding: s.Branding, Providers: s.Identity}, Log: s.Core.Log, Now: s.Clock.Now,
		URL: &url.URL{Scheme: "https", Host: "vpn.example.test"}, PlainHTTP: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
	})
	r := httptest.NewRequest(http.MethodGet, "/a/"+v.Token.Reveal()+"/sign-in", nil)
	r.Host, r.RemoteAddr = "vpn.example.test", "127.0.0.1:5000"
	const planted = "AAAAAAAAAAAAAAAAAAAAAA"
	r.AddCookie(&http.Cookie{Name: "sallyport-login", Value: planted})
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	set := strings.Join(w.Header().Values("Set-Cookie"), "\n")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(set, "__Host-sallyport-login=") || strings.Contains(set, planted) {
		t.Errorf("answered %d with the cookies %q", w.Code, set)
	}
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("the browser is not told to use TLS alone")
	}
}
