package web_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
)

func TestConnections(t *testing.T) {
	t.Parallel()
	u := ready(t)
	tab := u.endpoint + "/connections"
	alice := u.connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	again := u.connect(t, "alice", "10.20.0.6", vpn.ConnectionActive)
	bob := u.connect(t, `bob <i>"x"</i>`, "10.20.0.7", vpn.ConnectionActive)
	gone := u.connect(t, "carol", "10.20.0.8", vpn.ConnectionTerminated)
	u.kit.Dataplane.Do(func() {
		u.kit.Dataplane.Live = []vpn.LiveConnection{{ID: alice.ID, Device: netip.MustParseAddrPort("203.0.113.9:5000"), Counters: vpn.Counters{BytesIn: 5 << 20, PacketsIn: 4321, BytesOut: 12, PacketsOut: 1}}}
	})
	u.update(t, func(tx *store.Tx) error {
		return tx.CreateAttempt(t.Context(), vpn.RefusedAttempt{
			Endpoint: u.id(), Device: netip.MustParseAddrPort("198.51.100.9:1234"), CommonName: "mallory", Reason: "The certificate has expired.",
		}, time.Now().Add(-time.Minute))
	})

	p := u.b.get(tab)
	checkMarkup(t, tab, p)
	row := p.row(string(alice.ID))
	for _, want := range []string{"alice", "10.20.0.5", "203.0.113.9:5000", "linux 2.6.14", "1 hour ago", "5.0 MiB", "4,321 packets", "12 B", "1 packet", "Active"} {
		row.wantText("td", want)
	}
	p.row(string(gone.ID)).wantText("td", "Terminated").wantText("td", "The client left.")
	p.row("mallory").wantText("td", "The certificate has expired.").wantText("td", "1 minute ago").wantText("td", "198.51.100.9:1234")
	if p.doc.Find("main i").Length() != 0 {
		t.Error("a user name became markup")
	}
	if got := u.b.get(tab + "?status=terminated").text("tbody"); strings.Contains(got, "alice") || !strings.Contains(got, "carol") {
		t.Errorf("the filter for terminated shows %q", got)
	}
	u.b.get(tab+"?q=10.20.0.7").row("bob").wantText("td", "10.20.0.7")

	ask := tab + "/terminate?connection=" + string(bob.ID)
	p = u.b.get(ask).wantText("h1", "Terminate 1 connection?").wantText("td", "bob").wantText("main", "1 of the 3 clients that are connected")
	checkMarkup(t, ask, p)
	u.b.follow(u.b.post(tab+"/terminate", url.Values{"connection": {p.value("connection")}})).wantText("[role=status]", "1 connection will be terminated")
	u.b.get(tab).row(string(bob.ID)).wantText("td", "Terminating").wantText("td", "Terminated by administrator boss")

	p = u.b.get(tab+"/terminate?user=alice").wantText("h1", "all connections of alice")
	if got := p.doc.Find("tbody tr").Length(); got != 2 {
		t.Errorf("%d connections are listed, want both of alice", got)
	}
	u.b.follow(u.b.post(tab+"/terminate", url.Values{"user": {p.value("user")}})).wantText("[role=status]", "2 connections")
	u.b.get(tab).row(string(again.ID)).wantText("td", "Terminating")
	u.b.get(tab+"/terminate").wantStatus(http.StatusConflict).wantText("main", "Select at least one connection")
	u.b.get(tab+"/terminate?connection="+string(gone.ID)).wantStatus(http.StatusConflict).wantText("main", "has already ended")
}

// A part that renews itself says nothing while nothing changed, and otherwise comes alone.
func TestPartsRenewThemselves(t *testing.T) {
	t.Parallel()
	u := ready(t)
	alice := u.connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	renew := func(path string) page {
		return u.b.send(http.MethodGet, path, nil, http.Header{"Hx-Request": {"true"}})
	}
	for _, tab := range []string{"", "/associations", "/rules", "/routes", "/connections"} {
		p := u.b.get(u.endpoint + tab)
		part := p.doc.Find("[hx-get]:not(#node-banner)")
		if part.Length() != 1 {
			t.Fatalf("%s has %d parts that renew themselves, want 1", tab, part.Length())
		}
		href, _ := part.Attr("hx-get")
		id, _ := part.Attr("id")
		if q := renew(href); q.status != http.StatusNoContent || q.body != "" {
			t.Errorf("%s: nothing changed, got %d and %d bytes, want 204 and none", tab, q.status, len(q.body))
		}
		q := renew(u.endpoint + tab).wantStatus(http.StatusOK)
		if q.doc.Find("#"+id).Length() != 1 || q.doc.Find("#endpoint-state").Length() != 1 || q.doc.Find("nav, main").Length() != 0 {
			t.Errorf("%s: want the part and the state alone, got %s", tab, q.body)
		}
	}
	tab := u.endpoint + "/connections"
	href, _ := u.b.get(tab).doc.Find("[hx-get]:not(#node-banner)").Attr("hx-get")
	u.connect(t, "bob", "10.20.0.6", vpn.ConnectionActive)
	for _, tab := range []string{"", "/associations", "/rules", "/routes", "/connections"} { // wherever one looks, the tabs' counts are of now
		q := renew(u.endpoint+tab).wantText("#connection-count", "2").wantText("#association-count", "1")
		if oob, _ := q.doc.Find("[hx-select-oob]").Attr("hx-select-oob"); !strings.Contains(oob, "#connection-count") || !strings.Contains(oob, "#association-count") {
			t.Errorf("%s: the counts of the tabs are not renewed: %q", tab, oob)
		}
	}
	for _, tab := range []string{"/rules", "/routes"} {
		seen, _ := u.b.get(u.endpoint + tab).doc.Find("[hx-get]:not(#node-banner)").Attr("hx-get")
		u.connect(t, "carol", "10.20.0."+strconv.Itoa(7+len(tab)), vpn.ConnectionActive)
		renew(seen).wantStatus(http.StatusOK) // though nothing else on the tab has changed
	}
	p := renew(href + "&connection=" + string(alice.ID)).wantStatus(http.StatusOK)
	if p.doc.Find("input[checked]").Length() != 1 || p.doc.Find("#pick-"+string(alice.ID)+"[checked]").Length() != 1 {
		t.Errorf("the tick did not survive: %s", p.body)
	}
	if next, _ := p.doc.Find("[hx-get]:not(#node-banner)").Attr("hx-get"); strings.Contains(next, "cvpn-connection") {
		t.Errorf("the next renewal would carry old ticks: %s", next)
	}
	list, _ := u.b.get("/endpoints").doc.Find("[hx-get]:not(#node-banner)").Attr("hx-get")
	if q := renew(list); q.status != http.StatusNoContent {
		t.Errorf("the list of endpoints: got %d, want 204", q.status)
	}
	if q := renew("/endpoints/cvpn-endpoint-gone"); q.status != http.StatusNotFound || q.header.Get("HX-Redirect") != "/endpoints" {
		t.Errorf("an endpoint that is gone: got %d to %q, want 404 and the way to the list", q.status, q.header.Get("HX-Redirect"))
	}
}

// Lists stay fast with many rows, whichever page is asked for.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	u := ready(t)
	const many = 30_000
	began := time.Now()
	u.update(t, func(tx *store.Tx) error {
		for i := range many {
			c := vpn.Connection{
				ID: vpn.NewConnectionID(), Endpoint: u.id(), Session: vpn.NewSessionID(), Node: "node-1", Status: vpn.ConnectionTerminated,
				Username: fmt.Sprintf("user%05d", i), ClientIP: netip.MustParseAddr("10.20.0.5"),
				Device: netip.MustParseAddrPort("198.51.100.7:40000"), EstablishedAt: began.Add(-time.Duration(i) * time.Minute), EndedAt: began,
			}
			if err := tx.CreateConnection(t.Context(), c); err != nil {
				return err
			}
		}
		return nil
	})
	t.Logf("%d rows made in %v", many, time.Since(began))
	tab := u.endpoint + "/connections"
	for _, query := range []string{"", "?page=600", "?sort=username&dir=desc", "?q=user29999", "?status=terminated&page=7"} {
		began := time.Now()
		p := u.b.get(tab + query).wantStatus(http.StatusOK)
		took := time.Since(began)
		t.Logf("%-30q %v", query, took)
		if took > 3*time.Second {
			t.Errorf("%q took %v", query, took)
		}
		if p.doc.Find("tbody tr").Length() == 0 {
			t.Errorf("%q shows no row", query)
		}
	}
	u.b.get(tab+"?page=7").wantText("nav[aria-label=Pages]", "Page 7 of 600").wantText("nav[aria-label=Pages] a", "Next")
}
