package endpoint_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// Several rows are removed together, without scripts: the boxes are a form, the confirmation names each row, and
// rows that are refused are named with the reason while the others go.
func TestSeveralRows(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	for _, destination := range []string{"10.11.0.0/16", "10.12.0.0/16", "10.13.0.0/16"} {
		u.Admin.Create(u.Endpoint+"/rules/new", url.Values{"destination": {destination}, "access": {"all"}})
		u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {destination}, "subnet": {u.ZoneA}})
	}
	u.SetApplied(t)
	before := u.Stored(t).Generation
	for _, c := range []struct{ tab, button, first, names, done, effect string }{
		{"/rules", "Remove authorization rules", "10.11.0.0/16", "10.13.0.0/16 for all users", "2 authorization rules are being removed.", "the next wider rule"},
		{"/routes", "Delete routes", "10.12.0.0/16", "10.13.0.0/16 through subnet-", "2 routes are being deleted.", "no longer reach"},
	} {
		list := u.Endpoint + c.tab
		p := u.Admin.Get(list)
		webtest.CheckMarkup(t, list, p)
		p.WantText("main button", c.button)
		query := url.Values{"id": {boxOf(t, p, c.first), boxOf(t, p, "10.13.0.0/16")}, "return": {list + "?q=10"}}
		p = u.Admin.Get(list+"/delete?"+query.Encode()).WantText("h1", "2 ").WantText("li", c.names).WantText("main", c.effect)
		webtest.CheckMarkup(t, list+"/delete", p)
		answer := u.Admin.Post(list+"/delete", query)
		if at := answer.Header.Get("Location"); at != list+"?q=10" {
			t.Errorf("the answer leads to %q", at)
		}
		u.Admin.Follow(answer).WantText("[role=status]", c.done)

		if now := u.Stored(t).Generation; now != before+1 {
			t.Errorf("two rows are %d changes of the endpoint, want 1", now-before)
		}

		// One of the two is being removed already.
		left := boxOf(t, u.Admin.Get(list), map[string]string{"/rules": "10.12.0.0/16", "/routes": "10.11.0.0/16"}[c.tab])
		query["id"] = []string{query["id"][0], left, "nothing-such"}
		u.Admin.Post(list+"/delete", query).WantStatus(http.StatusUnprocessableEntity).WantText(".alert-success", "1 ").
			WantText(".alert-warning", "2 rows stayed").WantText("li", "already being").WantText("li", "nothing-such")
		digest := u.Digest(t)
		u.Admin.Post(list+"/delete", query).WantStatus(http.StatusUnprocessableEntity).WantText(".alert-warning", "3 rows stayed")
		if u.Digest(t) != digest {
			t.Error("a change of which every row was refused changed something")
		}
		u.SetApplied(t)
		before = u.Stored(t).Generation
		u.Admin.Get(list+"/delete").WantText("main", "Select at least one row")
		u.SignIn(t, webtest.ReadOnly).Get(list).WantText("body", "main")
		if n := u.SignIn(t, webtest.ReadOnly).Get(list).Doc.Find("input[name=id]").Length(); n != 0 {
			t.Errorf("a read-only account sees %d boxes", n)
		}
	}

	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneB}})
	list := u.Endpoint + "/associations"
	p := u.Admin.Get(list)
	var query url.Values = map[string][]string{}
	p.Doc.Find("input[name=id]").Each(func(_ int, e *goquery.Selection) { query.Add("id", e.AttrOr("value", "")) })
	u.Admin.Get(list+"/delete?"+query.Encode()).WantText("h1", "Disassociate 2 target networks?").WantText("main", "No target network is left")
	u.Admin.Follow(u.Admin.Post(list+"/delete", query)).WantText("[role=status]", "2 target networks are being disassociated.")
	if stored := u.Stored(t); stored.Network != "" {
		t.Errorf("the endpoint still belongs to network %s", stored.Network)
	}
}

// boxOf is the value of the box in the row with a text.
func boxOf(t *testing.T, p webtest.Page, text string) string {
	t.Helper()
	row := p.Doc.Find("tbody tr").FilterFunction(func(_ int, s *goquery.Selection) bool { return strings.Contains(s.Text(), text) })
	value, ok := row.Find("input[name=id]").Attr("value")
	if !ok {
		t.Fatalf("no row with %q has a box: %s", text, p.Text("tbody"))
	}
	return value
}

// Networks, subnets and certificates are deleted together as well; what is in use stays.
func TestSeveralDeleted(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	for _, name := range []string{"uno", "dos"} {
		u.Admin.Create("/networks/new", url.Values{"name": {name}, "cidrs": {"10.77.0.0/16"}})
		u.Admin.Create(u.Network+"/subnets/new", url.Values{"name": {name}, "cidr": {map[string]string{"uno": "10.0.70.0/24", "dos": "10.0.71.0/24"}[name]}, "zone": {"zone-z"}})
		u.Issue("client", name)
	}
	used := map[string]string{"/networks": path.Base(u.Network), u.Network: u.ZoneA, "/certificates": path.Base(u.Authority)}
	for list, form := range map[string]string{"/networks": "/networks/delete", u.Network: u.Network + "/subnets/delete", "/certificates": "/certificates/delete"} {
		p := u.Admin.Get(list)
		query := url.Values{"id": {boxOf(t, p, "uno"), boxOf(t, p, "dos"), used[list]}}
		webtest.CheckMarkup(t, list, p)
		u.Admin.Get(form+"?"+query.Encode()).WantText("h1", "Delete 3 ").WantText("li", "uno (").WantText("li", "dos (")
		u.Admin.Post(form, query).WantStatus(http.StatusUnprocessableEntity).WantText(".alert-success", "2 ").WantText(".alert-warning", "1 row stayed")
		if got := u.Admin.Get(list).Text("tbody"); strings.Contains(got, "dos") {
			t.Errorf("%s still has it: %s", list, got)
		}
	}
}

// Endpoints are deleted together once the word is typed; one that has a target network stays, and says why.
func TestSeveralEndpointsDeleted(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	free := []string{}
	for _, form := range []url.Values{u.EndpointForm("spare-1", "10.90.0.0/22", "2001"), u.EndpointForm("spare-2", "10.90.4.0/22", "2002")} {
		free = append(free, path.Base(u.Admin.Create("/endpoints/new", form)))
	}
	list := u.Admin.Get("/endpoints")
	webtest.CheckMarkup(t, "/endpoints", list)
	query := url.Values{"id": append(free, string(u.ID())), "return": {"/endpoints?q=s"}}
	p := u.Admin.Get("/endpoints/delete?" + query.Encode())
	p.WantText("h1", "Delete 2 Client VPN endpoints?").WantText("li", "spare-1 (cvpn-endpoint-").WantText("li", "spare-2 (").WantText("main", "still has an associated target network").WantText("main", "No client is connected")
	webtest.CheckMarkup(t, "/endpoints/delete", p)
	digest := u.Digest(t)
	u.Admin.Post("/endpoints/delete", query).WantStatus(http.StatusUnprocessableEntity).WantText("#confirm-error", "Type the word delete")
	if u.Digest(t) != digest {
		t.Error("endpoints were deleted without the word")
	}
	reader := u.SignIn(t, webtest.ReadOnly)
	reader.Post("/endpoints/delete", url.Values{"id": free, "confirm": {"delete"}}).WantStatus(http.StatusForbidden)
	if n := reader.Get("/endpoints").Doc.Find("input[name=id]").Length(); n != 0 {
		t.Errorf("a read-only account sees %d boxes", n)
	}
	query.Set("confirm", "delete")
	u.Admin.Post("/endpoints/delete", query).WantStatus(http.StatusUnprocessableEntity).WantText(".alert-success", "2 Client VPN endpoints are being deleted.").WantText("li", "Disassociate all target networks first")
	u.Admin.Get("/endpoints/delete?id="+string(u.ID())).WantText(".alert", "None of the chosen rows").WantText("main", "still has")
	if u.Stored(t).Deleting {
		t.Error("the endpoint with a target network is being deleted")
	}
	deleted := 0
	for _, r := range u.Kit.Audit() {
		if r.Action == vpn.DeleteClientVpnEndpoint && r.Result == "ok" {
			deleted++
		}
	}
	if deleted != 2 {
		t.Errorf("%d endpoints have an audit record of their own, want 2", deleted)
	}
}
