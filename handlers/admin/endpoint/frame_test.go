package endpoint_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

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
		part := p.Doc.Find("[hx-get]:not(#node-banner)")
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
	href, _ := u.Admin.Get(tab).Doc.Find("[hx-get]:not(#node-banner)").Attr("hx-get")
	u.Connect(t, "bob", "10.20.0.6", vpn.ConnectionActive)
	for _, tab := range []string{"", "/associations", "/rules", "/routes", "/connections"} { // wherever one looks, the tabs' counts are of now
		q := renew(u.Endpoint+tab).WantText("#connection-count", "2").WantText("#association-count", "1")
		if oob, _ := q.Doc.Find("[hx-select-oob]").Attr("hx-select-oob"); !strings.Contains(oob, "#connection-count") || !strings.Contains(oob, "#association-count") {
			t.Errorf("%s: the counts of the tabs are not renewed: %q", tab, oob)
		}
	}
	for _, tab := range []string{"/rules", "/routes"} {
		seen, _ := u.Admin.Get(u.Endpoint + tab).Doc.Find("[hx-get]:not(#node-banner)").Attr("hx-get")
		u.Connect(t, "carol", "10.20.0."+strconv.Itoa(7+len(tab)), vpn.ConnectionActive)
		renew(seen).WantStatus(http.StatusOK) // though nothing else on the tab has changed
	}
	p := renew(href + "&connection=" + string(alice.ID)).WantStatus(http.StatusOK)
	if p.Doc.Find("input[checked]").Length() != 1 || p.Doc.Find("#pick-"+string(alice.ID)+"[checked]").Length() != 1 {
		t.Errorf("the tick did not survive: %s", p.Body)
	}
	if next, _ := p.Doc.Find("[hx-get]:not(#node-banner)").Attr("hx-get"); strings.Contains(next, "cvpn-connection") {
		t.Errorf("the next renewal would carry old ticks: %s", next)
	}
	list, _ := u.Admin.Get("/endpoints").Doc.Find("[hx-get]:not(#node-banner)").Attr("hx-get")
	if q := renew(list); q.Status != http.StatusNoContent {
		t.Errorf("the list of endpoints: got %d, want 204", q.Status)
	}
	if q := renew("/endpoints/cvpn-endpoint-gone"); q.Status != http.StatusNotFound || q.Header.Get("HX-Redirect") != "/endpoints" {
		t.Errorf("an endpoint that is gone: got %d to %q, want 404 and the way to the list", q.Status, q.Header.Get("HX-Redirect"))
	}
}
