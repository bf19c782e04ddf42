package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// renewal is the header with which htmx requests a part of a page.
var renewal = http.Header{"Hx-Request": {"true"}}

func TestRenewalsDoNotPostponeTheIdleLimit(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	for range 3 { // requests of the user, not of the page
		s.Kit.Clock.Pass(40 * time.Minute)
		b.Get("/endpoints").WantStatus(http.StatusOK)
	}
	for range 2 { // and leaves the tab open
		s.Kit.Clock.Pass(25 * time.Minute)
		if p := b.Send(http.MethodGet, "/endpoints", nil, renewal); p.Status != http.StatusOK && p.Status != http.StatusNoContent {
			t.Fatalf("a renewal within the limit: got %d", p.Status)
		}
	}
	s.Kit.Clock.Pass(15 * time.Minute)
	if p := b.Send(http.MethodGet, "/endpoints", nil, renewal); p.Status != http.StatusUnauthorized || p.Header.Get("HX-Redirect") != "/sign-in" {
		t.Errorf("after 65 minutes of renewals only: got %d leading to %q, want 401 and the sign-in page", p.Status, p.Header.Get("HX-Redirect"))
	}
	b.Get("/endpoints").WantStatus(http.StatusSeeOther)
}

func TestRenewalsTakeNoFlashMessage(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	b.Create("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16"}})
	b.Send(http.MethodGet, "/", nil, renewal) // another tab
	b.Get("/networks").WantText("[role=status]", "Network office created")
}

func TestRefusedChangesAreAudited(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	ro := s.SignIn(t, webtest.ReadOnly)
	ro.Get("/networks/new").WantStatus(http.StatusForbidden)
	p := ro.Post("/networks/new", url.Values{"name": {"mine"}, "cidrs": {"10.0.0.0/16"}}).WantStatus(http.StatusForbidden)
	ro.Post("/certificates/cert-1/delete", nil).WantStatus(http.StatusForbidden)
	var trail vpn.Page[vpn.AuditRecord]
	s.Update(t, func(tx *store.Tx) (err error) {
		trail, err = tx.AuditRecords(t.Context(), vpn.List{Filter: map[string]string{"actor": webtest.ReadOnly}})
		return err
	})
	var got []string
	for _, r := range trail.Items {
		if r.Action != "SignIn" {
			got = append(got, string(r.Action)+" "+r.Subject)
		}
		if r.Subject == "/networks/new" && (r.Request != p.Header.Get("X-Request-Id") || r.Source != "127.0.0.1" || r.Result == "ok") {
			t.Errorf("got the record %+v, want the request, its source and the refusal in it", r)
		}
	}
	if len(got) != 2 || got[0] != "DeleteCertificate /certificates/cert-1/delete" || got[1] != "CreateVpc /networks/new" {
		t.Errorf("got %q, want the two attempts and no link that was followed", got)
	}
}
