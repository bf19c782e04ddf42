package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web"
	"sallyport/web/webtest"
)

// portalSite is the public pages with an endpoint whose directory has alice and bob.
type portalSite struct {
	*controltest.Site
	base string
}

const portalPassword vpn.Secret = "right-password"

func newPortalSite(t *testing.T) *portalSite {
	t.Helper()
	s := &portalSite{Site: controltest.NewSite(t)}
	s.AskPasswords(false)
	for _, name := range []string{"alice", "bob"} {
		s.Directory.Put(portalPassword, vpn.ProviderUser{Key: "key-" + name, Name: name, Groups: []vpn.Group{{ID: "staff", Name: "staff"}}})
	}
	s.SetPortal(true)
	s.base = webtest.NewPublic(t, s.Kit)
	return s
}

func (s *portalSite) signedIn(name string) *webtest.Browser {
	s.T.Helper()
	b := webtest.NewBrowser(s.T, s.base)
	b.Post(s.Endpoint.ID.PortalPath()+"/sign-in", url.Values{"username": {name}, "password": {portalPassword.Reveal()}}).WantStatus(http.StatusSeeOther)
	return b
}

// vpnSession stores a VPN session of alice.
func (s *portalSite) vpnSession() vpn.SessionID {
	s.T.Helper()
	now := s.Clock.Now()
	x := vpn.Session{ID: vpn.NewSessionID(), Endpoint: s.Endpoint.ID, Username: "alice", Provider: s.Endpoint.Provider(), UserKey: "key-alice", StartedAt: now, EndsAt: now.Add(time.Hour)}
	s.Must(s.Store.Update(s.T.Context(), func(tx *store.Tx) error { return tx.CreateVPNSession(s.T.Context(), x) }))
	return x.ID
}

// For each parameter of a route of users who are signed in: what alice has of it, and what no user has. A route with another
// parameter fails the test until it is here.
func (s *portalSite) portalObjects() map[string][2]string {
	now := s.Clock.Now()
	device := vpn.Device{
		ID: vpn.NewDeviceID(), UserRef: vpn.UserRef{Provider: s.Endpoint.Provider(), Key: "key-alice"}, UserName: "alice", Endpoint: s.Endpoint.ID, Name: "laptop", Serial: "7", Fingerprint: "f7",
		Authority: s.CA.ID, NotBefore: now, NotAfter: now.Add(time.Hour), CreatedAt: now,
	}
	s.Must(s.Store.Update(s.T.Context(), func(tx *store.Tx) error { return tx.CreateDevice(s.T.Context(), device) }))
	session := s.vpnSession()
	s.AskBrowser(false) // an endpoint of another identity provider
	s.SetPortal(true)
	return map[string][2]string{
		":endpoint": {string(s.Endpoint.ID), string(vpn.NewEndpointID())},
		":session":  {string(session), string(vpn.NewSessionID())},
		":signin":   {string(session), string(vpn.NewSessionID())},
		":device":   {string(device.ID), string(vpn.NewDeviceID())},
		":platform": {string(vpn.Windows), "plan9"}, // no installer is there, as of a platform that does not exist
	}
}

// Every route of users who are signed in: a visitor is led to the sign-in, another site is refused, nothing is cached, and with
// another user's session an object of alice has the answer of one that does not exist.
func TestEveryPortalRouteWithTwoUsers(t *testing.T) {
	t.Parallel()
	s := newPortalSite(t)
	s.signedIn("alice")
	bob := s.signedIn("bob")
	visitor := webtest.NewBrowser(t, s.base)
	objects := s.portalObjects()
	services := (&webtest.Site{Kit: s.Kit}).PublicServices()
	seen := 0
	for _, r := range web.PublicTable(services) {
		if !strings.HasPrefix(r.Policy, "portal-") {
			continue
		}
		seen++
		send := func(b *webtest.Browser, path string) webtest.Page {
			if r.Method == http.MethodPost {
				return b.Post(path, nil)
			}
			return b.Get(path)
		}
		if p := send(visitor, concrete(r.Path)); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/" {
			t.Errorf("%s %s: a visitor got %d to %q", r.Method, r.Path, p.Status, p.Header.Get("Location"))
		}
		if r.Method == http.MethodPost {
			p := bob.Send(http.MethodPost, concrete(r.Path), strings.NewReader(""), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-site"}})
			if p.Status != http.StatusForbidden || !strings.Contains(p.Text("main"), "another site") {
				t.Errorf("%s %s from another site: %d", r.Method, r.Path, p.Status)
			}
		}
		parameters := parameter.FindAllString(r.Path, -1)
		if len(parameters) == 0 {
			continue
		}
		mine, none := r.Path, r.Path
		for _, p := range parameters {
			o, known := objects[p]
			if !known {
				t.Errorf("%s %s: the test has no %s of another user", r.Method, r.Path, p)
			}
			mine, none = strings.ReplaceAll(mine, p, o[0]), strings.ReplaceAll(none, p, o[1])
		}
		foreign, missing := send(bob, mine), send(bob, none)
		plain := func(p webtest.Page) string {
			body := p.Body
			for _, o := range objects {
				body = strings.NewReplacer(o[0], "ID", o[1], "ID").Replace(body)
			}
			return body
		}
		if foreign.Status != http.StatusNotFound || missing.Status != http.StatusNotFound || plain(foreign) != plain(missing) {
			t.Errorf("%s %s: %d for another user's, %d for none\n%s\n%s", r.Method, r.Path, foreign.Status, missing.Status, plain(foreign), plain(missing))
		}
		for _, p := range []webtest.Page{foreign, missing} {
			if p.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: cached %q", r.Method, r.Path, p.Header.Get("Cache-Control"))
			}
		}
	}
	if seen < 10 {
		t.Errorf("%d routes", seen)
	}
	if rows := s.Query("SELECT id FROM vpn_session WHERE ended_at <> 0"); len(rows) != 0 {
		t.Errorf("sessions of alice have ended: %v", rows)
	}
	if rows := s.Query("SELECT id FROM user_report"); len(rows) != 0 {
		t.Errorf("reports: %v", rows)
	}
}

// Before the sign-in an endpoint without the portal and one that does not exist have one answer: the same body, length and headers,
// after the same number of queries and without a question to a directory.
func TestClosedEndpointsAreAlike(t *testing.T) {
	t.Parallel()
	kit, queries := controltest.NewOn(t, controltest.RunningClock(), "")
	kit.Directory.Fail(vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "It was asked."))
	known := vpn.Endpoint{ID: vpn.NewEndpointID(), Name: "closed", Listen: vpn.Listen{Transport: vpn.UDP, Port: 1194}, ClientCIDR: netip.MustParsePrefix("10.20.0.0/22"), CreatedAt: kit.Clock.Now()}
	certificate := vpn.Certificate{ID: vpn.NewCertificateID(), Use: vpn.UseAuthority}
	known.Certificate, known.ClientCA = certificate.ID, certificate.ID
	kit.Must(kit.Store.Update(t.Context(), func(tx *store.Tx) error {
		if err := tx.CreateCertificate(t.Context(), certificate, "key"); err != nil {
			return err
		}
		return tx.CreateEndpoint(t.Context(), known)
	}))
	base := webtest.NewPublic(t, kit)
	form := url.Values{"username": {"alice"}, "password": {"right-password"}, "code": {"123456"}}
	for _, ask := range []struct{ method, below string }{{http.MethodGet, ""}, {http.MethodGet, "/saml"}, {http.MethodPost, "/sign-in"}} {
		var answers []string
		for _, id := range []vpn.EndpointID{known.ID, vpn.NewEndpointID()} {
			b := webtest.NewBrowser(t, base)
			before := queries.Load()
			var p webtest.Page
			if ask.method == http.MethodPost {
				p = b.Post(id.PortalPath()+ask.below, form)
			} else {
				p = b.Get(id.PortalPath() + ask.below)
			}
			asked := queries.Load() - before
			var headers []string
			for name, values := range p.Header {
				if name != "Date" && name != "X-Request-Id" {
					headers = append(headers, fmt.Sprint(name, values))
				}
			}
			slices.Sort(headers)
			answers = append(answers, fmt.Sprintf("%d %d queries %d bytes %v\n%s", p.Status, asked, len(p.Body), headers, strings.ReplaceAll(p.Body, string(id), "ID")))
			if p.Status != http.StatusNotFound || strings.Contains(p.Body, "It was asked") {
				t.Errorf("%s %s: %d", ask.method, ask.below, p.Status)
			}
		}
		if answers[0] != answers[1] {
			t.Errorf("%s %s: a closed endpoint has the answer\n%s\nand one that does not exist\n%s", ask.method, ask.below, answers[0], answers[1])
		}
	}
}
