package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

// renewal is how htmx asks for a part of a page.
var renewal = http.Header{"Hx-Request": {"true"}}

func TestAnOpenTabReachesTheIdleLimit(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	for range 3 { // somebody clicks
		s.kit.Clock.Pass(40 * time.Minute)
		b.get("/endpoints").wantStatus(http.StatusOK)
	}
	for range 2 { // and leaves the tab open
		s.kit.Clock.Pass(25 * time.Minute)
		if p := b.send(http.MethodGet, "/endpoints", nil, renewal); p.status != http.StatusOK && p.status != http.StatusNoContent {
			t.Fatalf("a renewal within the limit: got %d", p.status)
		}
	}
	s.kit.Clock.Pass(15 * time.Minute)
	if p := b.send(http.MethodGet, "/endpoints", nil, renewal); p.status != http.StatusUnauthorized || p.header.Get("HX-Redirect") != "/sign-in" {
		t.Errorf("after 65 minutes of renewals only: got %d leading to %q, want 401 and the sign-in page", p.status, p.header.Get("HX-Redirect"))
	}
	b.get("/endpoints").wantStatus(http.StatusSeeOther)
}

func TestARenewalLeavesTheMessageToItsPage(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	b.make("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16"}})
	b.send(http.MethodGet, "/", nil, renewal) // another tab
	b.get("/networks").wantText("[role=status]", "Network office created")
}

func TestRefusedChangesAreAudited(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	ro := s.as(t, reader)
	ro.get("/networks/new").wantStatus(http.StatusForbidden)
	p := ro.post("/networks/new", url.Values{"name": {"mine"}, "cidrs": {"10.0.0.0/16"}}).wantStatus(http.StatusForbidden)
	ro.post("/certificates/cert-1/delete", nil).wantStatus(http.StatusForbidden)
	var trail vpn.Page[vpn.AuditRecord]
	s.update(t, func(tx *store.Tx) (err error) {
		trail, err = tx.AuditRecords(t.Context(), vpn.List{Filter: map[string]string{"actor": reader}})
		return err
	})
	var got []string
	for _, r := range trail.Items {
		if r.Action != "SignIn" {
			got = append(got, string(r.Action)+" "+r.Subject)
		}
		if r.Subject == "/networks/new" && (r.Request != p.header.Get("X-Request-Id") || r.Source != "127.0.0.1" || r.Result == "ok") {
			t.Errorf("got the record %+v, want the request, its source and the refusal in it", r)
		}
	}
	if len(got) != 2 || got[0] != "POST /certificates/:certificate/delete /certificates/cert-1/delete" || got[1] != "POST /networks/new /networks/new" {
		t.Errorf("got %q, want the two attempts and no link that was followed", got)
	}
}
