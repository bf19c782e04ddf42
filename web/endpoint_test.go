package web_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// The labels are the guide's own (lines 1135 to 1258, 1651 to 2204).
func TestLabelsAreTheGuides(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	for page, labels := range map[string][]string{
		"/endpoints":     {"Client VPN endpoints", "Create Client VPN endpoint"},
		"/endpoints/new": {"Name tag", "Description", "Client IPv4 CIDR", "Server certificate", "Authentication options", "Use mutual authentication", "Client certificate", "Transport Protocol", "Listen address", "VPN port", "Create Client VPN endpoint"},
		u.Endpoint: {"Details", "Target network associations", "Authorization rules", "Route table", "Connections", "Tags",
			"Download client configuration", "Modify Client VPN endpoint", "Transport Protocol", "Session timeout hours", "Client VPN endpoint ID"},
		u.Endpoint + "/associations":     {"Associate target network", "Disassociate"},
		u.Endpoint + "/associations/new": {"VPC", "Choose a subnet to associate", "Associate target network"},
		u.Endpoint + "/rules":            {"Add authorization rule", "Remove authorization rule"},
		u.Endpoint + "/rules/new":        {"Destination network to enable access", "Grant access to", "Allow access to all users", "Description", "Add authorization rule"},
		u.Endpoint + "/routes":           {"Route table", "Create route"},
		u.Endpoint + "/routes/new":       {"Route destination", "Subnet ID for target network association", "Create route"},
		u.Endpoint + "/connections":      {"Terminate connection", "Refused attempts"},
		u.Endpoint + "/configuration":    {"Download client configuration"},
		u.Endpoint + "/edit":             {"Modify Client VPN endpoint"},
	} {
		p := u.Admin.Get(page).WantStatus(http.StatusOK)
		for _, l := range labels {
			if !strings.Contains(p.Labels(), l) {
				t.Errorf("%s does not have %q: %s", page, l, p.Labels())
			}
		}
		webtest.CheckMarkup(t, page, p)
	}
}

func TestEndpointComesToLife(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	p := u.Admin.Get(u.Endpoint).WantText("#endpoint-state", "Pending-associate").WantText("#endpoint-state", "after you associate the first target network")
	p.WantText("section[aria-label='What clients can reach']", "No target network: clients cannot connect").WantText("dl", "1,021 addresses")
	u.Admin.Get(u.Endpoint+"/configuration").WantText("[role=status], .alert", "Clients cannot connect yet")
	u.Admin.Get(u.Endpoint+"/associations/new").WantText("#subnet", "office-a")
	u.Admin.Get(u.Endpoint+"/connections").WantText(".empty", "No connections yet").WantText("main", "No client was refused so far")

	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneA}})
	u.Admin.Get(u.Endpoint+"/associations").Row(u.ZoneA).WantText("td", "Associating").WantText("td", "No dataplane has reported")
	u.SetApplied(t)
	u.Admin.Get(u.Endpoint+"/associations").WantText("#endpoint-state", "Available").Row(u.ZoneA).WantText("td", "Associated")
	routes := u.Admin.Get(u.Endpoint + "/routes")
	routes.Row("10.0.0.0/16").WantText("td", "Automatic").WantText("td", "Active")
	if routes.Row("10.1.0.0/16").Doc.Find("a.btn").Length() != 0 {
		t.Error("an automatic route can be deleted")
	}
	u.Admin.Create(u.Endpoint+"/rules/new", url.Values{"destination": {"0.0.0.0/0"}})
	u.Admin.Create(u.Endpoint+"/rules/new", url.Values{"destination": {"192.0.2.0/24"}})
	u.Admin.Get(u.Endpoint+"/rules").Row("192.0.2.0/24").WantText("td", "Authorizing").WantText("td", "No route leads there yet")
	u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"0.0.0.0/0"}, "subnet": {u.ZoneA}, "description": {"out"}})
	u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"10.20.0.0/22"}, "subnet": {"local"}})
	u.SetApplied(t)
	p = u.Admin.Get(u.Endpoint + "/rules")
	p.Row("0.0.0.0/0 (everywhere)").WantText("td", "Active").WantText("td", "all users")
	if got := p.Text("main"); strings.Contains(got, "No route leads there") {
		t.Errorf("a route leads everywhere now, yet the rules say %q", got)
	}
	u.Admin.Get(u.Endpoint).WantText("section", "office-a").WantText("section", "0.0.0.0/0")
	p = u.Admin.Get(u.Endpoint + "/routes").Row("10.20.0.0/22")
	p.WantText("td", "local")

	// To look at the page that offers the file is not to have downloaded it.
	if steps := u.Admin.Get("/").Text(".guide-steps"); strings.Contains(steps, "configuration file ● Done") {
		t.Error("the tutorial says that the file was downloaded")
	}
	config := u.Admin.Get(u.Endpoint + "/configuration/download").WantStatus(http.StatusOK)
	if strings.Contains(config.Body, "PRIVATE KEY") || !strings.Contains(config.Body, "remote vpn.example.test 443") {
		t.Errorf("got the file %q", config.Body)
	}
	if got := config.Header.Get("Content-Disposition"); got != "attachment; filename="+path.Base(u.Endpoint)+".ovpn" {
		t.Errorf("got disposition %q", got)
	}
	u.Admin.Get("/").WantText(".guide-steps", "configuration file ● Done")
	config = u.Admin.Post(u.Endpoint+"/configuration", url.Values{"client": {path.Base(u.Client)}}).WantStatus(http.StatusOK)
	if !strings.Contains(config.Body, "<key>") {
		t.Errorf("the file has no key: %q", config.Body)
	}
	u.Admin.Post(u.Endpoint+"/configuration", nil).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("client", "Choose the client certificate")
	u.Admin.Post(u.Endpoint+"/configuration", url.Values{"client": {path.Base(u.Server)}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("client", "is not a client certificate")
}

func TestBadEndpointsAndPartsChangeNothing(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	before := u.Digest(t)
	long := strings.Repeat("ä", 10000)
	associations, rules, routes := u.Endpoint+"/associations/new", u.Endpoint+"/rules/new", u.Endpoint+"/routes/new"
	for _, c := range []struct{ form, field, value, want string }{
		{"/endpoints/new", "client_cidr", "10.40.0.0/23", "too small"},
		{"/endpoints/new", "client_cidr", "10.32.0.0/11", "too large"},
		{"/endpoints/new", "client_cidr", "10.40.0.1/22", "has host bits set; the range that contains it is 10.40.0.0/22"},
		{"/endpoints/new", "client_cidr", "10.20.0.0/20", "overlaps with 10.20.0.0/22"},
		{"/endpoints/new", "client_cidr", "", "Enter an IPv4 range"},
		{"/endpoints/new", "client_cidr", `<script>alert(1)</script>`, "not an IPv4 range"},
		{"/endpoints/new", "certificate", "", "Choose a server certificate"},
		{"/endpoints/new", "certificate", path.Base(u.Client), "is not a server certificate"},
		{"/endpoints/new", "port", "443", "belongs to endpoint main"},
		{"/endpoints/new", "port", "70000", "from 1 to 65535"},
		{"/endpoints/new", "port", "21000", "OpenVPN processes of this host"},
		{"/endpoints/new", "port", "21255", "OpenVPN processes of this host"},
		{"/endpoints/new", "transport", "sctp", "is UDP or TCP"},
		{"/endpoints/new", "listen_addr", "vpn.example.test", "is not an IPv4 address"},
		{"/endpoints/new", "listen_addr", "224.0.0.1", "no host's own address"},
		{"/endpoints/new", "name", `<script>alert(1)</script>`, "is none of these"},
		{"/endpoints/new", "name", "two\nlines", "a line break"},
		{"/endpoints/new", "name", `"quoted"`, "is none of these"},
		{"/endpoints/new", "name", long, "10000 characters"},
		{"/endpoints/new", "description", "two\nlines", "a line break is not allowed"},
		{associations, "subnet", "", "Choose a subnet to associate"},
		{associations, "subnet", u.ZoneA, "already associated"},
		{rules, "destination", "10.0.0.0/16", "There is already an authorization rule"},
		{rules, "destination", "10.0.0.7", "10.0.0.7/32 is this one address"},
		{rules, "destination", `"><script>alert(1)</script>`, "not an IPv4 range"},
		{rules, "description", long, "10000 characters"},
		{routes, "destination", "10.0.0.0/16", "There is already a route"},
		{routes, "destination", "10.20.1.0/24", "only the local route"},
		{routes, "subnet", u.ZoneB, "is not associated"},
		{routes, "subnet", "", "Choose a subnet of a target network association"},
	} {
		v := u.EndpointForm("fine", "10.40.0.0/22", "1194")
		v.Set("destination", "192.0.2.0/24")
		v.Set("subnet", u.ZoneA)
		v.Set(c.field, c.value)
		p := u.Admin.Post(c.form, v)
		if p.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s %.40q: got %d, want 422", c.form, c.field, c.value, p.Status)
			continue
		}
		p.WantRefusedField(c.field, c.want)
		webtest.CheckMarkup(t, c.form, p)
		if kept := p.Value(c.field); kept != c.value && c.field != "subnet" && c.field != "certificate" && c.field != "transport" {
			t.Errorf("%s: the form holds %.60q, want %.60q as typed", c.field, kept, c.value)
		}
	}
	v := u.EndpointForm("fine", "10.40.0.0/22", "1194")
	v["tag_key"], v["tag_value"] = []string{"team", "team", ""}, []string{"a", "b", ""}
	p := u.Admin.Post("/endpoints/new", v).WantStatus(http.StatusUnprocessableEntity).WantText("#tags-error", "is there twice")
	p.WantValue("tag_key", "team")
	if after := u.Digest(t); after != before {
		t.Errorf("refused forms changed something:\n%s\nwas:\n%s", after, before)
	}
}

func TestSecondSubnetOfAZone(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Admin.Create(u.Network+"/subnets/new", url.Values{"name": {"office-a2"}, "cidr": {"10.0.2.0/24"}, "zone": {"zone-a"}})
	third := u.Subnet("10.0.2.0/24")
	p := u.Admin.Get(u.Endpoint+"/associations/new").WantText("details", "Availability zone zone-a already has a target network")
	if p.Doc.Find(`option[value="`+third+`"][disabled]`).Length() != 1 || p.Doc.Find(`option[value="`+u.ZoneB+`"]:not([disabled])`).Length() != 1 {
		t.Errorf("want the subnet of the taken zone disabled and the other not: %s", p.Text("#subnet"))
	}
	u.Admin.Post(u.Endpoint+"/associations/new", url.Values{"subnet": {third}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("subnet", "already has a target network")
	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneB}})
}

func TestTwoAdministratorsSaveTheSameEndpoint(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	first, second := u.Admin.Get(u.Endpoint+"/edit"), u.SignIn(t, webtest.Administrator)
	second.Get(u.Endpoint + "/edit")
	version := first.Value("version")
	u.Admin.Create(u.Endpoint+"/edit", url.Values{"version": {version}, "name": {"hers"}, "description": {"her words"}, "certificate": {path.Base(u.Server)}, "port": {"443"}})

	p := second.Post(u.Endpoint+"/edit", url.Values{"version": {version}, "name": {"his"}, "description": {"his words"}, "certificate": {path.Base(u.Server)}, "port": {"1194"}})
	p.WantStatus(http.StatusConflict).WantText("#error-summary", "Another administrator changed this endpoint")
	p.WantValue("name", "his").WantValue("description", "his words").WantValue("port", "1194")
	p.WantRefusedField("name", "“hers”").WantRefusedField("description", "“her words”").WantRefusedField("port", "“443”")
	if got := u.Stored(t).Name; got != "hers" {
		t.Errorf("the endpoint is called %q, want hers: the second save must change nothing", got)
	}
	second.Create(u.Endpoint+"/edit", url.Values{"version": {p.Value("version")}, "name": {"his"}, "description": {"his words"}, "certificate": {path.Base(u.Server)}, "port": {"1194"}})
	if got := u.Stored(t); got.Name != "his" || got.Listen.Port != 1194 {
		t.Errorf("got %q port %d, want his 1194 after saving again", got.Name, got.Listen.Port)
	}

	tags := url.Values{"version": {version}, "tag_key": {"team", ""}, "tag_value": {"vpn", ""}}
	p = second.Post(u.Endpoint+"/tags", tags).WantStatus(http.StatusUnprocessableEntity).WantText("#tags-error", "no tags")
	tags.Set("version", p.WantValue("tag_key", "team").Value("version"))
	second.Create(u.Endpoint+"/tags", tags)
	second.Get(u.Endpoint+"/tags").WantValue("tag_value", "vpn")
}

func TestChangesNameWhatIsLost(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"192.0.2.0/24"}, "subnet": {u.ZoneA}, "description": {"partner"}})
	u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	u.Connect(t, "bob", "10.20.0.6", vpn.ConnectionActive)
	u.Admin.Get(u.Endpoint+"/edit").WantText("#port-help", "resets 2 connections that are open now")

	link := func(tab, row string) string {
		href, _ := u.Admin.Get(u.Endpoint + tab).Row(row).Doc.Find("a.btn").Attr("href")
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

	p = u.Admin.Get(u.Endpoint+"/delete").WantText("main", "2 clients are connected").WantText("main", "1 association").WantText(".alert", "while it has an associated target network")
	webtest.WantNoButton(t, p)
	if p.Doc.Find(`main a[href="`+u.Endpoint+`/associations"]`).Length() == 0 || p.Doc.Find("[name=confirm]").Length() != 0 {
		t.Error("an endpoint in use: want a link to what is in the way and no field for the word")
	}
	u.Admin.Post(u.Endpoint+"/delete", url.Values{"confirm": {"delete"}}).WantStatus(http.StatusUnprocessableEntity).WantText("[role=alert]", "still has an associated target network")

	u.Admin.Create(rule, nil)
	u.Admin.Get(u.Endpoint+"/rules").Row("10.0.0.0/16").WantText("td", "Revoking")
	u.Admin.Post(rule, nil).WantStatus(http.StatusConflict).WantText("main", "already being removed")
	u.Admin.Create(route, nil)
	webtest.WantNoButton(t, u.Admin.Get(route).WantText(".alert", "is being deleted already"))
	u.Admin.Create(association, nil)
	u.Admin.Get(u.Endpoint+"/associations").Row(u.ZoneA).WantText("td", "Disassociating")
	p = u.Admin.Get(u.Endpoint + "/delete")
	// The script keeps a form's first submit button off until the word is typed: it must be this one.
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

func TestStatesAreExplained(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	var association string
	for _, a := range u.Admin.Get(u.Endpoint + "/associations").Doc.Find("code").Nodes {
		if text := a.FirstChild.Data; strings.HasPrefix(text, "cvpn-assoc-") {
			association = text
		}
	}
	since := time.Now().Add(-5 * time.Minute)
	u.SetApplied(t, vpn.Fault{Subject: association, Message: "The nft program <b>failed</b>.", Since: since})
	u.Admin.Get(u.Endpoint+"/associations").WantText("#endpoint-state", "The nft program <b>failed</b>.").Row(association).WantText("td", "Association-failed")
	p := u.Admin.Get(u.Endpoint).WantText("[role=alert]", "The nft program").WantText("[role=alert] time", "5 minutes ago")
	if p.Doc.Find("main b").Length() != 0 {
		t.Error("a sentence of the dataplane became markup")
	}
	u.Admin.Get("/endpoints").Row("main").WantText("td", "The nft program")
}

func TestTransportAndListenAddress(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Admin.Get("/endpoints/new").WantText("#transport-help", "UDP typically offers better performance than TCP. You cannot change the transport protocol after you create the Client VPN endpoint.").
		WantText("#listen_addr-help", "every address of this host")
	v := u.EndpointForm("by tcp", "10.40.0.0/22", "8443")
	v.Set("transport", "tcp")
	p := u.Admin.Post("/endpoints/new", v).WantStatus(http.StatusUnprocessableEntity)
	p.WantRefusedField("port", "TCP port 8443 is the console's own, and an endpoint never shares a port with it; 443 is free.")
	if got := p.Doc.Find("#transport option[selected]").Text(); got != "TCP" {
		t.Errorf("the refused form has the transport %q, want TCP as chosen", got)
	}
	v.Set("port", "443") // the tutorial's endpoint has it by UDP
	v.Set("listen_addr", "192.0.2.10")
	path := u.Admin.Create("/endpoints/new", v)
	u.Admin.Get(path).WantText("dl", "Transport ProtocolTCP").WantText("dl", "Listen address192.0.2.10").WantText("dl", "VPN port443")
	u.Admin.Get(u.Endpoint).WantText("dl", "Listen addressEvery address of this host")
	if got := u.Admin.Get(path + "/configuration/download").Body; !strings.Contains(got, "proto tcp") || !strings.Contains(got, " 443") {
		t.Errorf("the file of a TCP endpoint is %q", got)
	}
	// The port can be changed; the console's is refused then as well.
	edit := u.Admin.Get(path + "/edit")
	u.Admin.Post(path+"/edit", url.Values{"version": {edit.Value("version")}, "name": {"by tcp"}, "certificate": {edit.Value("certificate")}, "port": {"8443"}}).
		WantStatus(http.StatusUnprocessableEntity).WantRefusedField("port", "is the console's own")
}
