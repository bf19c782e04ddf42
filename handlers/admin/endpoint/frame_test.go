package endpoint_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// A renewal is answered with 204 while nothing changed, and otherwise with the part alone.
func TestPartsRenewThemselves(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	alice := u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	renew := func(path string) webtest.Page {
		return u.Admin.Send(http.MethodGet, path, nil, http.Header{"Hx-Request": {"true"}})
	}
	for _, tab := range []string{"", "/associations", "/rules", "/routes", "/connections"} {
		p := u.Admin.Get(u.Endpoint + tab)
		part := p.Doc.Find("[data-live]:not(#node-banner)")
		if part.Length() != 1 {
			t.Fatalf("%s has %d parts that renew themselves, want 1", tab, part.Length())
		}
		href, _ := part.Attr("hx-get")
		id, _ := part.Attr("id")
		if q := renew(href); q.Status != http.StatusNoContent || q.Body != "" {
			t.Errorf("%s: nothing changed, got %d and %d bytes, want 204 and none", tab, q.Status, len(q.Body))
		}
		q := renew(u.Endpoint + tab).WantStatus(http.StatusOK)
		if q.Doc.Find("#"+id).Length() != 1 || q.Doc.Find("#endpoint-state").Length() != 1 || q.Doc.Find("nav, main").Length() != 0 {
			t.Errorf("%s: want the part and the state alone, got %s", tab, q.Body)
		}
	}
	tab := u.Endpoint + "/connections"
	href, _ := u.Admin.Get(tab).Doc.Find("[data-live]:not(#node-banner)").Attr("hx-get")
	u.Connect(t, "bob", "10.20.0.6", vpn.ConnectionActive)
	for _, tab := range []string{"", "/associations", "/rules", "/routes", "/connections"} { // wherever one looks, the tabs' counts are of now
		q := renew(u.Endpoint+tab).WantText("#connection-count", "2").WantText("#association-count", "1")
		if oob, _ := q.Doc.Find("[hx-select-oob]").Attr("hx-select-oob"); !strings.Contains(oob, "#connection-count") || !strings.Contains(oob, "#association-count") {
			t.Errorf("%s: the counts of the tabs are not renewed: %q", tab, oob)
		}
	}
	for _, tab := range []string{"/rules", "/routes"} {
		seen, _ := u.Admin.Get(u.Endpoint + tab).Doc.Find("[data-live]:not(#node-banner)").Attr("hx-get")
		u.Connect(t, "carol", "10.20.0."+strconv.Itoa(7+len(tab)), vpn.ConnectionActive)
		renew(seen).WantStatus(http.StatusOK) // though nothing else on the tab has changed
	}
	p := renew(href + "&id=" + string(alice.ID)).WantStatus(http.StatusOK)
	if p.Doc.Find("input[checked]").Length() != 1 || p.Doc.Find("#pick-"+string(alice.ID)+"[checked]").Length() != 1 {
		t.Errorf("the tick did not survive: %s", p.Body)
	}
	if next, _ := p.Doc.Find("[data-live]:not(#node-banner)").Attr("hx-get"); strings.Contains(next, "cvpn-connection") {
		t.Errorf("the next renewal would carry old ticks: %s", next)
	}
	list, _ := u.Admin.Get("/endpoints").Doc.Find("[data-live]:not(#node-banner)").Attr("hx-get")
	if q := renew(list); q.Status != http.StatusNoContent {
		t.Errorf("the list of endpoints: got %d, want 204", q.Status)
	}
	if q := renew("/endpoints/cvpn-endpoint-gone"); q.Status != http.StatusNotFound || q.Header.Get("HX-Redirect") != "/endpoints" {
		t.Errorf("an endpoint that is gone: got %d to %q, want 404 and the way to the list", q.Status, q.Header.Get("HX-Redirect"))
	}
}

// The header stays: every tab has the state, what failed with its sentence, the remote name and the live
// sessions, and a title that names the tab. The list and the menu say it as well.
func TestHeaderIsOnEveryTab(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	u.Connect(t, "bob", "10.20.0.6", vpn.ConnectionAway)
	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneB}})
	var failed vpn.Association
	u.Update(t, func(tx *store.Tx) error {
		list, err := tx.AssociationsOf(t.Context(), u.ID())
		failed = list[len(list)-1]
		return err
	})
	fault := vpn.Fault{Subject: string(failed.ID), Message: "The interface eth1 is down.", Since: time.Now()}
	u.SetApplied(t, fault)
	u.Kit.Dataplane.Say(vpn.NodeStatus{Endpoints: []vpn.EndpointStatus{{Endpoint: u.ID(), Faults: []vpn.Fault{fault}}}}, nil)
	u.Kit.Clock.Pass(3 * time.Second)
	for tab, title := range map[string]string{
		"": "Details", "/associations": "Target network associations", "/rules": "Authorization rules", "/routes": "Route table", "/connections": "Connections", "/tags": "Tags",
	} {
		p := u.Admin.Get(u.Endpoint+tab).WantText("title", title+" · main").WantText("#session-count", "1 connected, 1 away").WantText("#connection-count", "2").
			WantText(".endpoint-facts", "vpn.example.test").WantText("#endpoint-state", "Available").WantText("#endpoint-state", "1 of 2 target networks failed").
			WantText("#endpoint-trouble", "The interface eth1 is down.").WantText("#rule-count", "1").WantText("#route-count", "4")
		if n := p.Doc.Find("[aria-label='Client VPN endpoint'] .nav-link").Length(); n > 7 {
			t.Errorf("%s: %d tabs, want at most 7", tab, n)
		}
		p.WantText("nav[aria-label=Main]", "1 endpoint with a fault")
	}
	u.Admin.Get(u.Endpoint+"/connections").WantText("#active-count", "2").WantText(".list-summary", "2 connections")
	u.Admin.Get("/endpoints").Row("main").WantText("td", "1 away")
	u.Admin.Get("/endpoints").Row("main").WantText("td", "1 of 2 target networks failed")
}
