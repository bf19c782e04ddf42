package endpoint_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/control/endpoint"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// An administrator asks who reaches what, reads why, and is led to what is missing.
func TestAccessPage(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	b, path := u.Admin, u.Endpoint+"/test-access"
	p := b.Get(u.Endpoint).WantText(".access-box", "Can clients reach")
	if got := p.Href("Test access"); got != path {
		t.Errorf("the endpoint leads to %s", got)
	}
	p = b.Get(path).WantStatus(http.StatusOK).WantText("h1", "Test access")
	webtest.CheckMarkup(t, path, p)
	if p.Doc.Find("#answer, .alert-danger").Length() > 0 || strings.Contains(p.Text("form"), "Access groups") {
		t.Errorf("before a question: %s", p.Text("main"))
	}
	ask := func(query string) webtest.Page {
		t.Helper()
		p := b.Get(path + "?" + query).WantStatus(http.StatusOK)
		webtest.CheckMarkup(t, path, p)
		return p
	}
	ask("destination=10.0.0.77").WantValue("destination", "10.0.0.77").WantText("#answer .alert-success", "Allowed: a client reaches 10.0.0.77.").WantText("#answer", "Decides: grants").
		WantText("#answer", "office-a").WantText("#answer", "eth0, directly").WantText("#answer", "source NAT")
	p = ask("destination=198.51.100.7").WantText("#answer .alert-danger", "No route of the endpoint: a client does not reach 198.51.100.7.").WantText("#answer", "No route of the route table contains 198.51.100.7. Nor does an authorization rule: both are needed.")
	b.Get(p.Href("Add authorization rule")).WantValue("destination", "198.51.100.7/32")
	b.Get(p.Href("Create route")).WantStatus(http.StatusOK).WantValue("destination", "198.51.100.7/32")
	b.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"198.51.100.0/24"}, "subnet": {u.ZoneA}})
	p = ask("destination=198.51.100.7").WantText("#answer .alert-danger", "No authorization rule contains 198.51.100.7.")
	b.Get(p.Href("Add authorization rule")).WantStatus(http.StatusOK).WantValue("destination", "198.51.100.7/32")
	b.Create(u.Endpoint+"/rules/new", url.Values{"destination": {"198.51.100.0/24"}, "access": {"all"}})
	ask("destination=198.51.100.7").WantText("#answer .alert-warning", "This is the answer once every change is in effect.").WantText("#answer", "Authorizing")
	u.SetApplied(t)
	b.Create(u.Endpoint+"/associations/new", url.Values{"network": {strings.TrimPrefix(u.Network, "/networks/")}, "subnet": {u.ZoneB}})
	p = ask("destination=198.51.100.7").WantText("#answer .alert-warning", "It depends on the target network whether a client reaches 198.51.100.7.").WantText("#answer", "None contains the address")
	b.Get(p.Href("Show route table")).WantStatus(http.StatusOK).WantText("main", "198.51.100.0/24")
	for query, want := range map[string]string{
		"destination=127.0.0.1": "no packet may be sent", "destination=10.20.0.1": "answers ping and nothing else", "destination=10.20.0.9": "no local route",
	} {
		ask(query).WantText("#answer .alert-danger", want)
	}
	for name, way := range map[string]vpn.WayOut{
		"only by the default route": {Interface: "eth0", Gateway: netip.MustParseAddr("192.0.2.254"), Default: true}, "Only a rule for exactly 10.0.0.77/32 opens it": {Own: true},
		"The host policy forbids 10.0.0.77": {Forbidden: true}, "The interface is down.": {Problem: "The interface is down."},
	} {
		u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.Ways = map[netip.Addr]vpn.WayOut{netip.MustParseAddr("10.0.0.77"): way} })
		ask("destination=10.0.0.77").WantText("#answer", name)
	}
	setHostWays(u, map[string]vpn.WayOut{"10.0.0.77": {Problem: "No route of this host leads to 10.0.0.77/32."}})
	p = ask("destination=10.0.0.77").WantText("#answer .alert-danger", "No way from this host: a client does not reach 10.0.0.77.").WantText("#answer td", "No way")
	b.Get(p.Href("How the host gets a way")).WantText("main", "Whether the host reaches the destination")
	b.Get(p.Href("Test whether 10.0.0.77 answers")).WantText("h1", "Test target network office-a").WantValue("address", "10.0.0.77")
	setHostWays(u, map[string]vpn.WayOut{"10.0.0.77": {Interface: "eth0", Default: true}})
	p = ask("destination=10.0.0.77").WantText("#answer .alert-warning", "Only the default route of this host leads there (eth0, directly).")
	b.Get(p.Href("Test whether 10.0.0.77 answers")).WantValue("address", "10.0.0.77")
	ask("destination=198.51.100.7").WantText("#answer", "It depends")
	u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.Down = controltest.ErrDown })
	ask("destination=10.0.0.77").WantText("#answer", "The way out is not known").WantText("#answer", "The dataplane does not answer.")
	u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.Down = nil })

	b.Get(path+"?destination=").WantStatus(http.StatusUnprocessableEntity).WantRefusedField("destination", "Enter the IPv4 address")
	b.Get(path+"?destination=10.0.0.77&user=%3Cb%3Eunknown").WantStatus(http.StatusUnprocessableEntity).WantRefusedField("user", "has connected yet").WantValue("user", "<b>unknown")
	b.Get(path+"?destination=10.0.0.77&group=x").WantStatus(http.StatusUnprocessableEntity).WantText("#error-summary", "belong to no group")
	reader := u.SignIn(t, webtest.ReadOnly)
	p = reader.Get(path + "?destination=192.0.2.7").WantStatus(http.StatusOK)
	if p.Doc.Find("#answer a.btn").Length() > 0 {
		t.Error("a reader is offered a change")
	}
	u.Visitor(t).Get(path + "?destination=10.0.0.77").WantStatus(http.StatusSeeOther)
	b.Get("/endpoints/cvpn-endpoint-0123456789abcdef0/test-access?destination=10.0.0.77").WantStatus(http.StatusNotFound)
}

// A question about a user, or about groups, is answered with the groups that rules name.
func TestAccessPageOfUser(t *testing.T) {
	t.Parallel()
	u, e := newUserEndpoint(t)
	b, path := u.Admin, "/endpoints/"+string(e.ID)
	system := control.SystemPrincipal("test")
	_, err := u.Kit.Endpoints.Associate(t.Context(), system, e.ID, endpoint.AssociationSpec{Subnet: vpn.SubnetID(u.ZoneA)})
	u.Kit.Must(err)
	b.Get(path+"/test-access").WantText("form", "No rule of this endpoint names a group")
	u.Update(t, func(tx *store.Tx) error {
		return tx.SeeUser(t.Context(), vpn.Sighting{UserRef: vpn.UserRef{Provider: e.Provider(), Key: "1"}, Name: "alice", At: u.Kit.Clock.Now(), Groups: []vpn.Group{{ID: "S-1-5-7", Name: "Engineering"}}})
	})
	b.Create(path+"/rules/new", url.Values{"destination": {"10.0.0.0/16"}, "access": {"group"}, "group": {"S-1-5-7"}})
	b.Create(path+"/rules/new", url.Values{"destination": {"10.0.7.0/24"}, "access": {"group"}, "group": {"S-1-5-8"}})
	p := b.Get(path+"/test-access?destination=10.0.7.9&user=Alice").WantStatus(http.StatusOK).WantValue("user", "Alice").
		WantText("#answer .alert-danger", "Denied: alice does not reach 10.0.7.9.").WantText("#answer", "those for 10.0.7.0/24, and they are for groups that alice is not in").
		WantText("#answer", "was in 1 group when last seen: Engineering").WantText("#answer", "Wider: not asked").WantText("#answer", "not connected to this endpoint")
	webtest.CheckMarkup(t, path, p)
	b.Get(path+"/test-access?destination=10.0.7.9&group=S-1-5-8").WantText("#answer", "a user of group S-1-5-8 reaches 10.0.7.9")
	b.Get(path+"/test-access?destination=10.0.7.9&group=S-1-5-8&group=S-1-5-7").WantText("#answer", "a user of these 2 groups reaches 10.0.7.9")
	p = b.Get(path+"/test-access?destination=10.0.7.9&group=S-1-5-8&user=alice").WantStatus(http.StatusUnprocessableEntity).WantText("#group-error", "Clear one of the two")
	if p.Doc.Find("input[name=group][value='S-1-5-8'][checked]").Length() != 1 {
		t.Error("the chosen group is forgotten")
	}
	b.Get("/users").WantStatus(http.StatusOK)
	user, _ := b.Get("/users").Doc.Find("tbody a[href^='/users/user-']").First().Attr("href")
	p = b.Get(b.Get(user).Href("Test access")).WantStatus(http.StatusOK).WantValue("user", "alice")
	if p.Doc.Find("#answer, .alert-danger").Length() > 0 {
		t.Error("an answer without a question")
	}
}

// The list of rules is searched by an address: it says which rules decide.
func TestRulesSearchedByAddress(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Admin.Create(u.Endpoint+"/rules/new", url.Values{"destination": {"10.0.2.0/24"}, "access": {"all"}})
	p := u.Admin.Get(u.Endpoint+"/rules?q=10.0.2.77").WantText("#rules-about", "10.0.2.0/24 is the most specific destination that contains 10.0.2.77")
	webtest.CheckMarkup(t, u.Endpoint+"/rules", p)
	p.Row("10.0.2.0/24").WantText("td", "Decides")
	p.Row("10.0.0.0/16").WantText("td", "Wider: not asked")
	u.Admin.Get(p.Href("Test access")).WantStatus(http.StatusOK)
	if got, _ := p.Doc.Find("#rules-test").Attr("href"); got != u.Endpoint+"/test-access?destination=10.0.2.77" {
		t.Errorf("leads to %s", got)
	}
	u.Admin.Get(u.Endpoint+"/rules?q=10.0.0.0/22").WantText("#rules-about", "10.0.0.0/16 is the most specific").Row("10.0.2.0/24").WantText("td", "Decides about a part")
	u.Admin.Get(u.Endpoint+"/rules?q=8.8.8.8").WantText("#rules-about", "No rule contains 8.8.8.8, so it is denied.")
	if p := u.Admin.Get(u.Endpoint + "/rules?q=10.0"); p.Doc.Find("#rules-about").Length() > 0 || strings.Contains(p.Text("table"), "not asked") {
		t.Error("a part of an address is taken for an address")
	}
}
