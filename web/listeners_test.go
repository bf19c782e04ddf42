package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/handlers/portal/page"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web"
	"sallyport/web/webtest"
)

// shared are the paths that both listeners have.
var shared = []string{"/healthz", "/static/*", "/", "/endpoints/:endpoint"}

// Both route tables, with every kind of session on either listener: what is a session on the one is nothing on the other.
func TestListenersShareNoSession(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	public := s.StartPublic(t)
	console, pages := web.Table(s.Services()), web.PublicTable(s.PublicServices())
	paths := map[string]bool{}
	for _, r := range pages {
		paths[r.Path] = true
	}
	for _, r := range console {
		if paths[r.Path] != slices.Contains(shared, r.Path) {
			t.Errorf("%s is a route of the console; of the public pages too: %t", r.Path, paths[r.Path])
		}
	}
	visitor := s.Visitor(t)
	callers := map[string]*webtest.Browser{"a visitor": visitor, "an administrator": s.SignIn(t, webtest.Administrator), "a read-only account": s.SignIn(t, webtest.ReadOnly)}
	ask := func(b *webtest.Browser, r web.TableRow) webtest.Page {
		if r.Method == http.MethodPost {
			return b.Post(concrete(r.Path), nil)
		}
		return b.Get(concrete(r.Path))
	}
	for name, caller := range callers {
		b := caller.At(public)
		for _, r := range console {
			if slices.Contains(shared, r.Path) {
				continue
			}
			p := ask(b, r)
			// Below the address of an endpoint's portal there is another method, and no page.
			there := p.Status == http.StatusMethodNotAllowed && r.Method == http.MethodPost && strings.Count(r.Path, "/") == 2 && strings.HasPrefix(r.Path, "/endpoints/")
			if p.Status != http.StatusNotFound && !there || p.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s %s of %s on the public listener: status %d", r.Method, r.Path, name, p.Status)
			}
		}
		for _, r := range pages {
			if got, want := ask(b, r), ask(visitor.At(public), r); got.Status != want.Status || got.Body != want.Body {
				t.Errorf("%s %s: %s gets status %d, a visitor %d", r.Method, r.Path, name, got.Status, want.Status)
			}
		}
	}

	// A user of the self-service portal is a visitor in the console.
	user := s.Visitor(t)
	consoleURL, _ := url.Parse(s.URL)
	session, secret := vpn.NewPortalSession("d-1", vpn.ProviderUser{Key: "alice", Name: "alice"}, "127.0.0.1", time.Time{}, s.Kit.Clock.Now())
	s.Update(t, func(tx *store.Tx) error { return tx.CreatePortalSession(t.Context(), session) })
	user.Client.Jar.SetCookies(consoleURL, []*http.Cookie{{Name: "__Host-sallyport-portal", Value: secret.Reveal(), Path: "/", Secure: true}})
	user.At(public).Get("/portal").WantStatus(http.StatusOK).WantText("header", "Signed in as alice")
	for _, r := range console {
		if r.Policy != "signed-in" && r.Policy != "may-change" {
			continue
		}
		if p := ask(user, r); p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Header.Get("Location"), "/sign-in") {
			t.Errorf("%s %s of a portal user: status %d to %q, want the sign-in page", r.Method, r.Path, p.Status, p.Header.Get("Location"))
		}
	}

	// A value that is a session of the console is none under the name of a public cookie.
	token := callers["an administrator"].Cookie().Value
	for _, name := range page.CookieNames() {
		b := s.Visitor(t)
		b.Client.Jar.SetCookies(consoleURL, []*http.Cookie{{Name: name, Value: token, Path: "/", Secure: true}})
		for _, r := range console {
			if r.Policy != "signed-in" && r.Policy != "may-change" {
				continue
			}
			if p := ask(b, r); p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Header.Get("Location"), "/sign-in") {
				t.Errorf("%s %s with the cookie %s: status %d to %q, want the sign-in page", r.Method, r.Path, name, p.Status, p.Header.Get("Location"))
			}
		}
	}
	for _, c := range append(callers["an administrator"].Client.Jar.Cookies(consoleURL), &http.Cookie{Name: "sallyport"}, &http.Cookie{Name: "sallyport-browser"}) {
		if slices.Contains(page.CookieNames(), c.Name) {
			t.Errorf("both listeners have a cookie %s", c.Name)
		}
	}
}

// The console does not answer to the name of the public pages, under which it would get their cookies.
func TestConsoleIsNotAtThePublicName(t *testing.T) {
	t.Parallel()
	s := webtest.NewUnstarted(t, named("gateway", "portal.example.test", "192.0.2.7"), func(c *web.Config) { c.PublicHost = "Portal.example.test" })
	s.Start()
	t.Cleanup(s.Close)
	s.AddAccounts(t)
	for host, want := range map[string]int{
		"portal.example.test": http.StatusMisdirectedRequest, "PORTAL.example.test.:8443": http.StatusMisdirectedRequest,
		"gateway": http.StatusOK, "vpn.example.test": http.StatusOK, "192.0.2.7": http.StatusOK, "localhost": http.StatusOK,
	} {
		w := ask(s, host, "203.0.113.9:5000", nil)
		if w.Code != want || want != http.StatusOK && !strings.Contains(w.Body.String(), "is the name of the public pages (public_url)") {
			t.Errorf("host %q: got %d", host, w.Code)
		}
	}
	for publicHost, host := range map[string]string{"vpn.example.test": "vpn.example.test", "192.0.2.7": "192.0.2.7:8443", "2001:db8::7": "[2001:db8:0::7]:8443"} {
		s := webtest.NewUnstarted(t, func(c *web.Config) { c.PublicHost = publicHost })
		t.Cleanup(s.Close)
		if w := ask(s, host, "203.0.113.9:5000", nil); w.Code != http.StatusMisdirectedRequest {
			t.Errorf("public pages at %s, host %q: got %d", publicHost, host, w.Code)
		}
	}
}
