package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"sallyport/control/controltest"
	"sallyport/vpn"
	"sallyport/web"
	"sallyport/web/webtest"
)

// A session that is for setting up an authenticator reaches the page for that, and no other one of the portal, whatever the
// route. Each route that it reaches refuses forms of other sites.
func TestWithoutAuthenticatorOnlyMFA(t *testing.T) {
	t.Parallel()
	s := controltest.NewSite(t)
	spec := controltest.DirectorySpec()
	spec.MFA = true
	s.AskAnswers(spec, false)
	s.Directory.Put("right", vpn.ProviderUser{Key: "key-alice", Name: "alice"})
	s.SetPortal(true)
	b := webtest.NewBrowser(t, webtest.NewPublic(t, s.Kit))
	b.Post(s.Endpoint.ID.PortalPath()+"/sign-in", url.Values{"username": {"alice"}, "password": {"right"}}).WantStatus(http.StatusSeeOther)
	allowed := map[string]bool{
		"GET /portal/mfa": true, "GET /portal/mfa/new": true, "POST /portal/mfa/new": true, "POST /portal/mfa/confirm": true, "POST /portal/mfa/cancel": true, "POST /portal/sign-out": true,
	}
	routes := 0
	for _, r := range web.PublicTable(webtest.PublicServicesOf(s.Kit)) {
		if r.Policy != "portal-user" && r.Policy != "portal-mfa-user" {
			continue
		}
		routes++
		what := r.Method + " " + r.Path
		if allowed[what] != (r.Policy == "portal-mfa-user") {
			t.Errorf("%s has the policy %s", what, r.Policy)
		}
		if r.Method == http.MethodPost {
			b.Send(r.Method, concrete(r.Path), nil, http.Header{"Sec-Fetch-Site": {"cross-site"}}).WantStatus(http.StatusForbidden)
		}
		if allowed[what] {
			continue
		}
		if p := b.Send(r.Method, concrete(r.Path), nil, nil); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/portal/mfa" {
			t.Errorf("%s: status %d to %q", what, p.Status, p.Header.Get("Location"))
		}
	}
	if routes < 10 {
		t.Errorf("only %d routes of the portal", routes)
	}
	b.Get("/portal/mfa").WantStatus(http.StatusOK).WantText("h1", "Multi-factor authentication")
}
