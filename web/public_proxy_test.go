package web_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/saml/samltest"
	"sallyport/vpn"
	"sallyport/web"
	"sallyport/web/webtest"
)

// The addresses of a user and of a reverse proxy on this host.
const (
	proxiedUser  = "127.0.0.2"
	proxyAddress = "127.0.0.3"
)

// from dials with an address of this host.
func from(source string) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	return d.DialContext
}

// proxied is a browser that reaches the public pages, served without TLS, through a reverse proxy that speaks TLS.
func proxied(t *testing.T, s *controltest.Site, trusted string, keepHost bool) *webtest.Browser {
	t.Helper()
	base, err := url.Parse(s.Core.Settings.PublicURL)
	s.Must(err)
	pages := httptest.NewServer(web.NewPublic(web.PublicConfig{
		Services: webtest.PublicServicesOf(s.Kit), Log: s.Core.Log, Now: s.Clock.Now, URL: base, Loopback: true,
		PlainHTTP: true, TrustedProxies: []netip.Prefix{netip.MustParsePrefix(trusted)},
	}))
	t.Cleanup(pages.Close)
	to, err := url.Parse(pages.URL)
	s.Must(err)
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{
		Transport: &http.Transport{DialContext: from(proxyAddress)},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.SetXForwarded()
			r.Out.Header.Set("Forwarded", "for=203.0.113.9;host=evil.example;proto=http")
			r.Out.Header.Set("X-Real-Ip", "203.0.113.9")
			if keepHost {
				r.Out.Host = r.In.Host
			} else {
				r.Out.Header.Set("X-Forwarded-Host", "evil.example")
			}
		},
	})
	t.Cleanup(proxy.Close)
	b := webtest.NewBrowser(t, s.Core.Settings.PublicURL)
	transport, _ := b.Client.Transport.(*http.Transport)
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return from(proxiedUser)(ctx, network, proxy.Listener.Addr().String())
	}
	return b
}

// A user signs in through a reverse proxy: cookies and addresses are those of public_url, whatever host the proxy names, and
// the user's network address is the one that a declared proxy reports. The reports of another proxy count for nothing.
func TestSignInThroughAReverseProxy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		trusted  string
		keepHost bool
		source   string
	}{
		"declared":                         {proxyAddress + "/32", true, proxiedUser},
		"declared, with a host of its own": {proxyAddress + "/32", false, proxiedUser},
		"not declared":                     {"127.0.0.99/32", true, proxyAddress},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := controltest.NewSite(t)
			idp := samltest.New(t, "https://idp.example.test", "https://idp.example.test/sso")
			idp.Now = s.Clock.Now
			idp.Renew(t, s.Clock.Now().Add(-time.Hour), s.Clock.Now().AddDate(1, 0, 0))
			s.AskIDP(idp.Metadata())
			login := *s.Login("")
			login.SSO, login.Device = []string{"webauth"}, netip.MustParseAddrPort(proxiedUser+":40000")
			v, err := s.SignIns.Begin(t.Context(), s.Endpoint.SAML, login, "node-1")
			s.Must(err)
			b, link := proxied(t, s, c.trusted, c.keepHost), "/a/"+v.Token.Reveal()

			asked := b.Get(link).WantStatus(http.StatusOK)
			if elsewhere := strings.Contains(asked.Text("main"), "another network address"); elsewhere != (c.source != proxiedUser) {
				t.Errorf("the page says %q", asked.Text("main"))
			}
			leads := b.Get(link + "/sign-in").WantStatus(http.StatusSeeOther)
			if cookie := leads.Header.Get("Set-Cookie"); !strings.HasPrefix(cookie, "__Host-sallyport-login=") || !strings.Contains(cookie, "Secure") {
				t.Errorf("the cookie is %q", cookie)
			}
			if leads.Header.Get("Strict-Transport-Security") == "" {
				t.Error("the browser is not told to use TLS alone")
			}
			request, err := samltest.ReadRequest(leads.Header.Get("Location"))
			s.Must(err)
			acs := "/saml/" + string(v.Provider) + "/acs"
			if request.ACSURL != s.Core.Settings.PublicURL+acs {
				t.Errorf("the identity provider is told to answer to %s", request.ACSURL)
			}
			a := request.Answer("alice@example.com", "engineers")
			form := idp.Form(a)
			form.Set("RelayState", request.RelayState)
			answered := b.Send(http.MethodPost, acs, strings.NewReader(form.Encode()), http.Header{
				"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://idp.example.test"},
			}).WantStatus(http.StatusSeeOther)
			to, err := url.Parse(answered.Header.Get("Location"))
			s.Must(err)
			if to.Host != "" && !strings.HasPrefix(to.String(), s.Core.Settings.PublicURL+"/") {
				t.Errorf("the answer leads to %s", to)
			}
			p := b.Get(to.Path).WantStatus(http.StatusOK).WantText("main", "signed in as alice@example.com")
			b.Post(link+"/confirm", url.Values{"request": {p.Value("request")}, "answer": {"connect"}})
			if v, err = s.SignIns.SignIn(t.Context(), v.ID); err != nil || v.State != vpn.BrowserConfirmed || v.BrowserAddr.String() != c.source {
				t.Errorf("confirmed: %s from %s, %v", v.State, v.BrowserAddr, err)
			}
			if log := s.Log.String(); !strings.Contains(log, `"source":"`+c.source+`"`) || strings.Contains(log, "203.0.113.9") {
				t.Errorf("the log has another address than %s: %s", c.source, log)
			}
		})
	}
}
