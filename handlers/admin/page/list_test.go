package page_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// A list is narrowed by filters that stand in the address, and a chip takes each away again; a file has
// what the list shows, and no cell of it is a formula.
func TestLists(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	b := u.Admin
	form := u.EndpointForm("branch", "10.40.0.0/22", "1200")
	form["tag_key"], form["tag_value"] = []string{"team"}, []string{"Platform"}
	b.Create("/endpoints/new", form)
	b.Create(u.Endpoint+"/rules/new", url.Values{"destination": {"10.1.0.0/16"}, "access": {"all"}, "description": {"=1+1"}})

	p := b.Get("/endpoints?state=available").WantText("tbody", "main").WantText(".list-summary", "1 endpoint").WantText(".list-summary", "State: Available")
	if strings.Contains(p.Text("tbody"), "branch") {
		t.Error("the filter lets an endpoint of another state through")
	}
	if href, _ := p.Doc.Find("#without-state").Attr("href"); href != "/endpoints" {
		t.Errorf("the chip leads to %q, want the list without the filter", href)
	}
	if got := b.Get("/endpoints?state=nonsense").Text(".list-summary"); !strings.Contains(got, "2 endpoints") {
		t.Errorf("a value that is not offered filters: %q", got)
	}
	b.Get(u.Endpoint+"/rules?state=authorizing").WantText("tbody", "10.1.0.0/16").WantText(".list-summary", "1 authorization rule")
	u.SetApplied(t, vpn.Fault{Subject: string(u.ID()), Message: "The port is taken."})
	b.Get("/endpoints?state=trouble").WantText("tbody", "main").WantText(".list-summary", "1 endpoint")
	for _, q := range []string{"team", "team=platform", "PLATFORM"} {
		if got := b.Get("/endpoints?q=" + url.QueryEscape(q)).Text("tbody"); !strings.Contains(got, "branch") || strings.Contains(got, "main") {
			t.Errorf("the search for the tag by %q finds %q", q, got)
		}
	}
	b.Get("/endpoints?q=team%3Dplatform&state=pending-associate").WantText("tbody", "branch")

	file := b.Get(u.Endpoint + "/rules?format=csv&sort=destination").WantStatus(http.StatusOK)
	if got := file.Header.Get("Content-Disposition"); got != "attachment; filename=authorization-rules-"+path.Base(u.Endpoint)+".csv" {
		t.Errorf("the file is sent as %q", got)
	}
	lines := strings.Split(file.Body, "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "Destination,Access,") || !strings.HasPrefix(lines[2], "10.1.0.0/16,all users,,'=1+1,") {
		t.Errorf("the file is %q", file.Body)
	}
	for _, list := range []string{"/endpoints", "/networks", u.Network, "/certificates", "/administrators", u.Endpoint + "/associations", u.Endpoint + "/routes"} {
		href, _ := b.Get(list).Doc.Find("#list-file").Attr("href")
		if got := b.Get(href).Header.Get("Content-Type"); got != "text/csv; charset=utf-8" {
			t.Errorf("the file of %s is %q", list, got)
		}
	}
}

// The browser remembers how it shows lists.
func TestListLookIsRemembered(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.ReadOnly)
	if b.Get("/administrators").Doc.Find("table.table-compact").Length() != 1 {
		t.Error("a list is not compact before a choice was made")
	}
	p := b.Post("/list-view", url.Values{"size": {"25"}, "density": {"comfortable"}, "return": {"/administrators?sort=username"}})
	if got := p.Header.Get("Location"); got != "/administrators?sort=username" {
		t.Errorf("the choice leads to %q, want back", got)
	}
	p = b.Get("/administrators").WantValue("size", "25")
	if p.Doc.Find("table.table-compact").Length() != 0 {
		t.Error("the density was not remembered")
	}
	b.Post("/list-view", url.Values{"size": {"1000000"}, "density": {"compact"}}).WantStatus(http.StatusBadRequest)
}
