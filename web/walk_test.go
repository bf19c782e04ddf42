package web_test

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// What a walk through the console stumbled over, where the markup of a page shows whether it does again. What needs a browser is in
// browser/walk_test.go.

// newWalk is an endpoint with two target networks, a route of one of them, and connections through each.
func newWalk(t *testing.T) *webtest.Fixture {
	t.Helper()
	u := webtest.NewReadyEndpoint(t)
	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneB}})
	u.SetApplied(t)
	for i, a := range u.Associations(t) {
		for n := range i + 1 {
			u.Update(t, func(tx *store.Tx) error {
				return tx.CreateConnection(t.Context(), vpn.Connection{
					ID: vpn.NewConnectionID(), Endpoint: u.ID(), Association: a.ID, Session: vpn.NewSessionID(), Node: "node-1", Status: vpn.ConnectionActive,
					Username: "alice", CommonName: "alice", Serial: "1", Fingerprint: "ab", ClientIP: netip.AddrFrom4([4]byte{10, 20, byte(i), byte(5 + n)}),
					Device: netip.MustParseAddrPort("198.51.100.7:40000"), Platform: "linux", ClientVersion: "2.6.14", EstablishedAt: time.Now().Add(-time.Hour),
				})
			})
		}
	}
	return u
}

// walkLists are the lists of the console.
func walkLists(u *webtest.Fixture) []string {
	return []string{
		"/endpoints", "/networks", u.Network, "/certificates", "/administrators", "/connections",
		u.Endpoint + "/associations", u.Endpoint + "/rules", u.Endpoint + "/routes", u.Endpoint + "/connections",
	}
}

// Each list has its search and its number of rows in the same place; a read-only account has no column without anything in it.
func TestListsAreAlike(t *testing.T) {
	t.Parallel()
	u := newWalk(t)
	reader := u.SignIn(t, webtest.ReadOnly)
	for _, at := range walkLists(u) {
		p := u.Admin.Get(at)
		if p.Doc.Find(".list-tools input[name=q]").Length() != 1 || p.Doc.Find(".list-summary").Length() != 1 || p.Doc.Find(".card .list-tools:not(.card .card-body .list-tools)").Length() != 0 {
			t.Errorf("%s does not have one search and one number of rows, outside of a card", at)
		}
		r := reader.Get(at)
		r.Doc.Find("main thead th").Each(func(i int, th *goquery.Selection) {
			filled := r.Doc.Find("main tbody tr").FilterFunction(func(_ int, row *goquery.Selection) bool {
				cell := row.Children().Eq(i)
				return strings.TrimSpace(cell.Text()) != "" || cell.Find("input, svg").Length() > 0
			})
			if filled.Length() == 0 && r.Doc.Find("main tbody tr").Length() > 0 && !strings.HasPrefix(strings.TrimSpace(th.Text()), "Description") {
				t.Errorf("%s has the column %q with nothing in it for a read-only account", at, strings.TrimSpace(th.Text()))
			}
		})
	}
	tags := reader.Get(u.Endpoint+"/tags").WantText("main", "There are no tags.")
	if tags.Doc.Find("main [data-tags] input").Length() != 0 {
		t.Error("a read-only account sees empty boxes of tags")
	}
}

// Pages that ask for confirmation keep the way to what they are about, by name, and say how many are concerned.
func TestConfirmPagesKeepTheWay(t *testing.T) {
	t.Parallel()
	u := newWalk(t)
	crumbs := func(at string, want ...string) webtest.Page {
		t.Helper()
		p := u.Admin.Get(at)
		for _, w := range want {
			if got := p.Text(".breadcrumb"); !strings.Contains(got, w) {
				t.Errorf("%s: the way is %q, want %s in it", at, got, w)
			}
		}
		return p
	}
	link := func(list, part string) string {
		t.Helper()
		href, there := u.Admin.Get(list).Doc.Find(`main tbody a[href*="` + part + `"]`).First().Attr("href")
		if !there {
			t.Fatalf("%s has no link to …%s", list, part)
		}
		return href
	}
	crumbs(link(u.Endpoint+"/rules", "/delete"), "main", "Authorization rules")
	crumbs(link(u.Endpoint+"/routes", "/edit"), "main", "Route table")
	crumbs(link(u.Endpoint+"/connections", "/terminate"), "main", "Connections")
	crumbs(link(u.Endpoint+"/connections", "/block"), "main", "Connections")
	crumbs(u.Endpoint+"/delete", "main")
	crumbs(u.Network+"/delete", "office")
	crumbs(u.Network+"/subnets/delete?id="+u.ZoneA, "office")

	// One of two target networks: what its connections do.
	first := link(u.Endpoint+"/associations", string(u.Associations(t)[0].ID)+"/delete")
	crumbs(first, "main", "Target network associations").WantText("main", "1 of 3 connections moves to office-b.")
	for n := range 8 { // an endpoint has at most 10 routes
		u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(n), 0}), 24).String()}, "subnet": {u.ZoneA}})
	}
	if p := u.Admin.Get(first); p.Doc.Find("main ul > li").Length() != 11 || p.Doc.Find("main form > .card-body > ul > li").Length() != 8 || !strings.Contains(p.Text("main details summary"), "and 3 more") {
		t.Errorf("the losses are not folded: %s", p.Text("main"))
	}

	// An endpoint in use: the menu says what comes first, and the page says what comes first, does it and comes back.
	u.Admin.Get(u.Endpoint).WantText(".dropdown-menu", "once its 2 target networks are disassociated")
	webtest.WantNoButton(t, u.Admin.Get(u.Endpoint+"/delete"))
	all := u.Admin.Get(u.Endpoint + "/delete").Href("Disassociate all of them")
	if q, err := url.Parse(all); err != nil || q.Query().Get("return") != u.Endpoint+"/delete" || len(q.Query()["id"]) != 2 {
		t.Errorf("what is in the way is taken away at %q, %v", all, err)
	}
	u.Admin.Get(all).WantText("main", "Disassociate 2 target networks?")
}

// The number of certificates that an authority issued leads to them, and a connection says by which target network it goes.
func TestFiguresLeadOn(t *testing.T) {
	t.Parallel()
	u := newWalk(t)
	issued := u.Admin.Get(u.Authority).Href("2 certificates")
	p := u.Admin.Get(issued)
	if got := p.Text("tbody"); !strings.Contains(got, "server") || !strings.Contains(got, "alice") || p.Doc.Find("tbody tr").Length() != 2 {
		t.Errorf("the authority's certificates at %q are: %s", issued, got)
	}
	for _, at := range []string{u.Endpoint + "/connections", "/connections"} {
		list := u.Admin.Get(at).WantText("thead", "Target network")
		for subnet, n := range map[string]int{"office-a": 1, "office-b": 2} {
			if got := list.Doc.Find("tbody tr:contains('" + subnet + "')").Length(); got != n {
				t.Errorf("%s: %d connections by %s, want %d", at, got, subnet, n)
			}
		}
	}
}

// badWords are words that the walk could not read: a word for another thing, a time that is said twice, an event said twice.
var badWords = regexp.MustCompile(`the guide calls|[Ss]ince \d+ \w+ ago|Default route of the network|Terminating – Terminated|in 9 years`)

// No page has such a word.
func TestWordsOfPages(t *testing.T) {
	t.Parallel()
	u := newWalk(t)
	u.Admin.Create("/certificates/authority/new", url.Values{"common_name": {"New CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"3650"}})
	failed := u.Associations(t)[1]
	u.SetApplied(t, vpn.Fault{Subject: string(failed.ID), Message: "The interface eth1 is down.", Since: time.Now().Add(-time.Minute)})
	pages := append(walkLists(u), "/", "/getting-started", "/node", "/settings", "/certificates/issue", "/endpoints/new", u.Authority, u.Client, u.Endpoint, u.Endpoint+"/associations/new", u.Endpoint+"/rules/new",
		u.Endpoint+"/routes/new", u.Endpoint+"/configuration", u.Endpoint+"/test-access", u.Endpoint+"/delete", "/certificates?use=authority", "/search?q=office", "/account", "/identity-providers")
	for _, at := range pages {
		text := u.Admin.Get(at).WantStatus(200).Text("main")
		if w := badWords.FindString(text); w != "" {
			t.Errorf("%s says %q", at, w)
		}
	}
}
