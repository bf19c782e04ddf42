package endpoint_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

func TestConfirmPagesNameWhatIsLost(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"192.0.2.0/24"}, "subnet": {u.ZoneA}, "description": {"partner"}})
	u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	u.Connect(t, "bob", "10.20.0.6", vpn.ConnectionActive)
	u.Admin.Get(u.Endpoint+"/edit").WantText("#port-help", "cuts off 2 connections until the users have a new configuration file")

	link := func(tab, row string) string {
		href, _ := u.Admin.Get(u.Endpoint + tab).Row(row).Doc.Find("a.btn[href$='/delete']").Attr("href")
		return href
	}
	rule := link("/rules", "10.0.0.0/16")
	u.Admin.Get(rule).WantText("h1", "10.0.0.0/16").WantText("main", "2 clients are connected").
		WantText("main", "No other rule covers 10.0.0.0/16, so no client reaches it any more.")
	u.Admin.Create(u.Endpoint+"/rules/new", url.Values{"destination": {"0.0.0.0/0"}, "access": {"all"}})
	u.Admin.Get(rule).WantText("main", "10.0.0.0/16 is then covered by 0.0.0.0/0, which allows all users.")
	route := link("/routes", "192.0.2.0/24")
	u.Admin.Get(route).WantText("main li", "the route to 192.0.2.0/24 through subnet "+u.ZoneA+" (partner)")
	association := link("/associations", u.ZoneA)
	p := u.Admin.Get(association).WantText("main", "This is the last one").WantText("main", "2 clients are connected")
	for _, loss := range []string{"10.0.0.0/16 (added automatically)", "10.1.0.0/16 (added automatically)", "192.0.2.0/24 (partner)"} {
		p.WantText("main li", loss)
	}

	p = u.Admin.Get(u.Endpoint+"/delete").WantText("main", "2 clients are connected").WantText("main", "1 association").WantText(".alert", "still has an associated target network")
	webtest.WantNoButton(t, p)
	if p.Doc.Find(`main a[href="`+u.Endpoint+`/associations"]`).Length() == 0 || p.Doc.Find("[name=confirm]").Length() != 0 {
		t.Error("an endpoint in use: want a link to what is in the way and no field for the word")
	}
	u.Admin.Post(u.Endpoint+"/delete", url.Values{"confirm": {"delete"}}).WantStatus(http.StatusUnprocessableEntity).WantText("[role=alert]", "still has an associated target network")

	u.Admin.Create(rule, nil)
	u.Admin.Get(u.Endpoint+"/rules").Row("10.0.0.0/16").WantText("td", "Revoking")
	u.Admin.Post(rule, nil).WantStatus(http.StatusConflict).WantText("main", "already being removed")
	u.Admin.Create(route, nil)
	webtest.WantNoButton(t, u.Admin.Get(route).WantText(".alert", "already being deleted"))
	u.Admin.Create(association, nil)
	u.Admin.Get(u.Endpoint+"/associations").Row(u.ZoneA).WantText("td", "Disassociating")
	p = u.Admin.Get(u.Endpoint + "/delete")
	// app.js disables the first submit button of the form until the word is typed: it must be this one.
	if got := p.Doc.Find("form:has([data-confirm-text=delete]) [type=submit]").First().Text(); got != "Delete" {
		t.Errorf("the button that typing the word switches on is %q, want Delete", got)
	}
	u.Admin.Post(u.Endpoint+"/delete", url.Values{"confirm": {"yes"}}).WantStatus(http.StatusUnprocessableEntity).WantText("#confirm-error", "Type the word delete")
	u.Admin.Create(u.Endpoint+"/delete", url.Values{"confirm": {"delete"}})
	p = u.Admin.Get(u.Endpoint).WantText("#endpoint-state", "Deleting")
	if got := p.Text("main .btn-list"); got == "" || strings.Contains(got, "Modify") {
		t.Errorf("an endpoint that is being deleted offers %q", got)
	}
}
