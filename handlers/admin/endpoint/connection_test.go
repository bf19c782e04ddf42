package endpoint_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

func TestConnections(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	tab := u.Endpoint + "/connections"
	alice := u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	again := u.Connect(t, "alice", "10.20.0.6", vpn.ConnectionActive)
	bob := u.Connect(t, `bob <i>"x"</i>`, "10.20.0.7", vpn.ConnectionActive)
	gone := u.Connect(t, "carol", "10.20.0.8", vpn.ConnectionTerminated)
	u.Kit.Dataplane.Do(func() {
		u.Kit.Dataplane.Live = []vpn.LiveConnection{{ID: alice.ID, Device: netip.MustParseAddrPort("203.0.113.9:5000"), Counters: vpn.Counters{BytesIn: 5 << 20, PacketsIn: 4321, BytesOut: 12, PacketsOut: 1}}}
	})
	u.Update(t, func(tx *store.Tx) error {
		full := vpn.RefusedAttempt{Endpoint: u.ID(), CommonName: "oscar", Code: vpn.CodeAddressesExhausted, Reason: "No address is free."}
		if err := tx.CreateAttempt(t.Context(), full, time.Now()); err != nil {
			return err
		}
		return tx.CreateAttempt(t.Context(), vpn.RefusedAttempt{
			Endpoint: u.ID(), Device: netip.MustParseAddrPort("198.51.100.9:1234"), CommonName: "mallory", Username: "corp\\mallory", Code: vpn.CodeCertificateExpired, Reason: "The certificate has expired.", Count: 12346,
		}, time.Now().Add(-time.Minute))
	})

	p := u.Admin.Get(tab)
	webtest.CheckMarkup(t, tab, p)
	row := p.Row(string(alice.ID))
	for _, want := range []string{"alice", "10.20.0.5", "203.0.113.9:5000", "Linux, OpenVPN 2.6.14", "1 hour ago", "5.0 MiB", "4,321 packets", "12 B", "1 packet", "Active"} {
		row.WantText("td", want)
	}
	u.Admin.Get(tab+"?view=ended").Row(string(gone.ID)).WantText("td", "The client left.")
	p = u.Admin.Get(tab + "?status=terminated")
	p.Row(string(gone.ID)).WantText("td", "Terminated").WantText("td", "The client left.")
	p = u.Admin.Get(tab + "?view=refused")
	webtest.CheckMarkup(t, tab+"?view=refused", p)
	p.Row("mallory").WantText("td", "The certificate has expired.").WantText("td", "and 12,345 more, the first 1 minute ago").WantText("td", "1 minute ago").WantText("td", "198.51.100.9:1234")
	p.Row("mallory").WantText("code", "ClientCertificateExpired").WantText("td", "corp\\mallory")
	for _, at := range []string{tab, "/connections"} { // the codes that occur come first, with their numbers
		var labels []string
		u.Admin.Get(at + "?view=refused").Doc.Find("select[name=code] option").Each(func(_ int, o *goquery.Selection) { labels = append(labels, o.Text()) })
		if len(labels) < 30 || !slices.Equal(labels[:4], []string{"Every code", "ClientCertificateExpired (1)", "ClientVpnAddressesExhausted (1)", "ClientCertificateBlocked"}) {
			t.Errorf("%s: the codes are %v", at, labels)
		}
	}
	if got := p.Doc.Find("select[name=code] optgroup").Length(); got != 8 {
		t.Errorf("%d groups of codes", got)
	}
	if got := u.Admin.Get(tab + "?view=refused&code=ClientCertificateExpired").Text("tbody"); !strings.Contains(got, "mallory") || strings.Contains(got, "oscar") {
		t.Errorf("the filter by code shows %q", got)
	}
	if got := u.Admin.Get(tab + "?view=refused&format=csv").Body; !strings.Contains(got, ",ClientVpnAddressesExhausted,") {
		t.Errorf("the exported file is %q", got)
	}
	if p.Doc.Find("main i").Length() != 0 {
		t.Error("a user name became markup")
	}
	if got := u.Admin.Get(tab + "?status=terminated").Text("tbody"); strings.Contains(got, "alice") || !strings.Contains(got, "carol") {
		t.Errorf("the filter for terminated shows %q", got)
	}
	u.Admin.Get(tab+"?q=10.20.0.7").Row("bob").WantText("td", "10.20.0.7")

	ask := tab + "/terminate?id=" + string(bob.ID)
	p = u.Admin.Get(ask).WantText("h1", "Terminate 1 connection?").WantText("td", "bob").WantText("main", "1 user is disconnected.")
	webtest.CheckMarkup(t, ask, p)
	u.Admin.Follow(u.Admin.Post(tab+"/terminate", url.Values{"id": {p.Value("id")}})).WantText("[role=status]", "1 connection will be terminated")
	u.Admin.Get(tab).Row(string(bob.ID)).WantText("td", "Terminating").WantText("td", "Terminated by administrator admin")

	p = u.Admin.Get(tab+"/terminate?user=alice").WantText("h1", "all connections of alice")
	if got := p.Doc.Find("tbody tr").Length(); got != 2 {
		t.Errorf("%d connections are listed, want both of alice", got)
	}
	u.Admin.Follow(u.Admin.Post(tab+"/terminate", url.Values{"user": {p.Value("user")}})).WantText("[role=status]", "2 connections")
	u.Admin.Get(tab).Row(string(again.ID)).WantText("td", "Terminating")
	u.Admin.Get(tab+"/terminate").WantText("main", "Select at least one connection")
	u.Admin.Get(tab+"/terminate?id="+string(gone.ID)).WantStatus(http.StatusConflict).WantText("main", "has already ended")
}

// A live connection shows until when its session lasts: the timeout counts from the login, and a shorter one holds at once.
func TestConnectionUntil(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	alice := u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	began := time.Now().Add(-90 * time.Minute)
	u.Update(t, func(tx *store.Tx) error {
		return tx.CreateVPNSession(t.Context(), vpn.Session{ID: alice.Session, Endpoint: u.ID(), StartedAt: began, EndsAt: began.Add(24 * time.Hour)})
	})
	for _, path := range []string{"/connections", u.Endpoint + "/connections", "/connections?sort=in"} {
		u.Admin.Get(path).Row("alice").WantText("td", "1 hour ago").WantText("td", "in 22 hours")
	}
	u.Update(t, func(tx *store.Tx) error {
		e, err := tx.LockEndpoint(t.Context(), u.ID())
		if err != nil {
			return err
		}
		e.SessionTimeout = 8 * time.Hour
		return tx.SaveEndpoint(t.Context(), e)
	})
	u.Admin.Get("/connections").Row("alice").WantText("td", "in 6 hours")
	if file := u.Admin.Get("/connections?format=csv").Body; !strings.Contains(file, began.Add(8*time.Hour).UTC().Format(time.RFC3339)) {
		t.Errorf("the file does not have the end of the session: %s", file)
	}
}

// Connections of several endpoints are chosen together; the confirmation tells people from their devices.
func TestTerminateSeveral(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	other := u.Admin.Create("/endpoints/new", u.EndpointForm("other", "10.40.0.0/22", "4443"))
	alice, again := u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive), u.Connect(t, "alice", "10.20.0.6", vpn.ConnectionAway)
	u.Connect(t, "bob", "10.20.0.7", vpn.ConnectionActive)
	carol := u.Connect(t, "carol", "10.40.0.5", vpn.ConnectionActive)
	carol.Endpoint = vpn.EndpointID(path.Base(other))
	u.Update(t, func(tx *store.Tx) error { return tx.SaveConnection(t.Context(), carol) })

	if n := u.Admin.Get("/connections?status=away").Doc.Find("tbody tr").Length(); n != 1 {
		t.Errorf("%d connections are away, want 1", n)
	}
	if n := u.Admin.Get("/connections?sort=in").Doc.Find("tbody tr").Length(); n != 4 {
		t.Errorf("%d connections are sorted by what they sent, want 4", n)
	}
	if n := u.Admin.Get("/connections?pick=all").Doc.Find("input[name=id][checked]").Length(); n != 4 {
		t.Errorf("%d of 4 boxes are ticked", n)
	}
	ask := "/connections/terminate?return=" + url.QueryEscape("/connections?q=a") + "&id=" + string(alice.ID) + "&id=" + string(again.ID) + "&id=" + string(carol.ID)
	p := u.Admin.Get(ask).WantText("h1", "Terminate 3 connections?").WantText("main", "2 users are disconnected on 3 devices.")
	webtest.CheckMarkup(t, ask, p)
	form := url.Values{"return": {p.Doc.Find("main input[name=return]").AttrOr("value", "")}}
	p.Doc.Find("input[name=id]").Each(func(_ int, e *goquery.Selection) { form.Add("id", e.AttrOr("value", "")) })
	answer := u.Admin.Post("/connections/terminate", form)
	if at := answer.Header.Get("Location"); at != "/connections?q=a" {
		t.Errorf("the answer leads to %q, want the list as it was", at)
	}
	u.Admin.Follow(answer).WantText("[role=status]", "3 connections will be terminated")
	if got := u.Admin.Get("/connections?status=active").Text("tbody"); !strings.Contains(got, "bob") || strings.Contains(got, "alice") || strings.Contains(got, "carol") {
		t.Errorf("active are %q, want bob alone", got)
	}
	u.Admin.Get("/connections/terminate").WantText("main", "Select at least one connection")
}

// Every page of a list with many rows is fast.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	const many = 30_000
	began := time.Now()
	u.Update(t, func(tx *store.Tx) error {
		for i := range many {
			c := vpn.Connection{
				ID: vpn.NewConnectionID(), Endpoint: u.ID(), Session: vpn.NewSessionID(), Node: "node-1", Status: vpn.ConnectionTerminated,
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
	tab := u.Endpoint + "/connections"
	for _, query := range []string{"?view=ended", "?view=ended&sort=established_at", "?view=ended&sort=username&dir=desc", "?view=ended&q=user29999"} {
		began := time.Now()
		p := u.Admin.Get(tab + query).WantStatus(http.StatusOK)
		took := time.Since(began)
		t.Logf("%-30q %v", query, took)
		if took > 3*time.Second {
			t.Errorf("%q took %v", query, took)
		}
		if p.Doc.Find("tbody tr").Length() == 0 {
			t.Errorf("%q shows no row", query)
		}
	}
	p := u.Admin.Get(tab+"?view=ended").WantText(".list-summary", "more than 1,000 connections").WantText(".tabs", "Ended 1,000+")
	const begin = "tbody tr:first-child .cell-user" // not the whole row: its relative times run on
	first := p.Text(begin)
	p = u.Admin.Get(p.Href("Next"))
	if p.Text(begin) == first {
		t.Error("the next page is the same")
	}
	if back := u.Admin.Get(p.Href("Previous")); back.Text(begin) != first {
		t.Errorf("the previous page begins with %q, want %q", back.Text(begin), first)
	}
}

// The page over all endpoints has the same three views; what was counted never runs backwards, and the live
// counters can be sorted by.
func TestAllConnections(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	alice := u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	bob := u.Connect(t, "bob", "10.20.0.6", vpn.ConnectionActive)
	u.Connect(t, "carol", "10.20.0.8", vpn.ConnectionTerminated)
	say := func(live ...vpn.LiveConnection) {
		u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.Live = live })
		u.Kit.Clock.Pass(2 * time.Second)
	}
	say(vpn.LiveConnection{ID: alice.ID, Counters: vpn.Counters{BytesIn: 1 << 20}}, vpn.LiveConnection{ID: bob.ID, Counters: vpn.Counters{BytesIn: 5 << 20}})
	p := u.Admin.Get("/connections").WantText(".nav-link[aria-current]", "Connections").WantText(".list-summary", "2 connections")
	webtest.CheckMarkup(t, "/connections", p)
	p.Row("alice").WantText("td", "main").WantText("td", "1.0 MiB")
	for query, first := range map[string]string{"?sort=in": "alice", "?sort=in&dir=desc": "bob"} {
		if got := u.Admin.Get("/connections" + query).Text("tbody tr:first-child"); !strings.Contains(got, first) {
			t.Errorf("%s begins with %q, want %s", query, got, first)
		}
	}
	u.Admin.Get("/connections?view=ended").WantText("tbody", "carol")
	u.Admin.Get("/connections?view=refused").WantText(".empty", "No client was refused")
	u.Admin.Post(u.Endpoint+"/connections/terminate", url.Values{"user": {"alice"}})
	say(vpn.LiveConnection{ID: bob.ID, Counters: vpn.Counters{BytesIn: 5 << 20}}) // the dataplane has ended it, and its end is not stored yet
	u.Admin.Get("/connections").Row("alice").WantText("td", "Terminating").WantText("td", "1.0 MiB")
	file := u.Admin.Get("/connections?format=csv").WantStatus(http.StatusOK)
	if !strings.HasPrefix(file.Body, "User,Common name,") || !strings.Contains(file.Body, "\nbob,") {
		t.Errorf("the file is %q", file.Body)
	}
}
