package web_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// The labels are the guide's own (lines 1135 to 1258, 1651 to 2204).
func TestLabelsAreTheGuides(t *testing.T) {
	t.Parallel()
	u := ready(t)
	u.connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	for page, labels := range map[string][]string{
		"/endpoints":     {"Client VPN endpoints", "Create Client VPN endpoint"},
		"/endpoints/new": {"Name tag", "Description", "Client IPv4 CIDR", "Server certificate", "Authentication options", "Use mutual authentication", "Client certificate", "Transport Protocol", "Listen address", "VPN port", "Create Client VPN endpoint"},
		u.endpoint: {"Details", "Target network associations", "Authorization rules", "Route table", "Connections", "Tags",
			"Download client configuration", "Modify Client VPN endpoint", "Transport Protocol", "Session timeout hours", "Client VPN endpoint ID"},
		u.endpoint + "/associations":     {"Associate target network", "Disassociate"},
		u.endpoint + "/associations/new": {"VPC", "Choose a subnet to associate", "Associate target network"},
		u.endpoint + "/rules":            {"Add authorization rule", "Remove authorization rule"},
		u.endpoint + "/rules/new":        {"Destination network to enable access", "Grant access to", "Allow access to all users", "Description", "Add authorization rule"},
		u.endpoint + "/routes":           {"Route table", "Create route"},
		u.endpoint + "/routes/new":       {"Route destination", "Subnet ID for target network association", "Create route"},
		u.endpoint + "/connections":      {"Terminate connection", "Refused attempts"},
		u.endpoint + "/configuration":    {"Download client configuration"},
		u.endpoint + "/edit":             {"Modify Client VPN endpoint"},
	} {
		p := u.b.get(page).wantStatus(http.StatusOK)
		for _, l := range labels {
			if !strings.Contains(p.labels(), l) {
				t.Errorf("%s does not have %q: %s", page, l, p.labels())
			}
		}
		checkMarkup(t, page, p)
	}
}

func TestEndpointComesToLife(t *testing.T) {
	t.Parallel()
	u := began(t)
	p := u.b.get(u.endpoint).wantText("#endpoint-state", "Pending-associate").wantText("#endpoint-state", "after you associate the first target network")
	p.wantText("section[aria-label='What clients can reach']", "No target network: clients cannot connect").wantText("dl", "1,021 addresses")
	u.b.get(u.endpoint+"/configuration").wantText("[role=status], .alert", "Clients cannot connect yet")
	u.b.get(u.endpoint+"/associations/new").wantText("#subnet", "office-a")
	u.b.get(u.endpoint+"/connections").wantText(".empty", "No connections yet").wantText("main", "No client was refused so far")

	u.b.make(u.endpoint+"/associations/new", url.Values{"subnet": {u.zoneA}})
	u.b.get(u.endpoint+"/associations").row(u.zoneA).wantText("td", "Associating").wantText("td", "No dataplane has reported")
	u.applied(t)
	u.b.get(u.endpoint+"/associations").wantText("#endpoint-state", "Available").row(u.zoneA).wantText("td", "Associated")
	routes := u.b.get(u.endpoint + "/routes")
	routes.row("10.0.0.0/16").wantText("td", "Automatic").wantText("td", "Active")
	if routes.row("10.1.0.0/16").doc.Find("a.btn").Length() != 0 {
		t.Error("an automatic route can be deleted")
	}
	u.b.make(u.endpoint+"/rules/new", url.Values{"destination": {"0.0.0.0/0"}})
	u.b.make(u.endpoint+"/rules/new", url.Values{"destination": {"192.0.2.0/24"}})
	u.b.get(u.endpoint+"/rules").row("192.0.2.0/24").wantText("td", "Authorizing").wantText("td", "No route leads there yet")
	u.b.make(u.endpoint+"/routes/new", url.Values{"destination": {"0.0.0.0/0"}, "subnet": {u.zoneA}, "description": {"out"}})
	u.b.make(u.endpoint+"/routes/new", url.Values{"destination": {"10.20.0.0/22"}, "subnet": {"local"}})
	u.applied(t)
	p = u.b.get(u.endpoint + "/rules")
	p.row("0.0.0.0/0 (everywhere)").wantText("td", "Active").wantText("td", "all users")
	if got := p.text("main"); strings.Contains(got, "No route leads there") {
		t.Errorf("a route leads everywhere now, yet the rules say %q", got)
	}
	u.b.get(u.endpoint).wantText("section", "office-a").wantText("section", "0.0.0.0/0")
	p = u.b.get(u.endpoint + "/routes").row("10.20.0.0/22")
	p.wantText("td", "local")

	// To look at the page that offers the file is not to have downloaded it.
	if steps := u.b.get("/").text(".guide-steps"); strings.Contains(steps, "configuration file ● Done") {
		t.Error("the tutorial says that the file was downloaded")
	}
	config := u.b.get(u.endpoint + "/configuration/download").wantStatus(http.StatusOK)
	if strings.Contains(config.body, "PRIVATE KEY") || !strings.Contains(config.body, "remote vpn.example.test 443") {
		t.Errorf("got the file %q", config.body)
	}
	if got := config.header.Get("Content-Disposition"); got != "attachment; filename="+path.Base(u.endpoint)+".ovpn" {
		t.Errorf("got disposition %q", got)
	}
	u.b.get("/").wantText(".guide-steps", "configuration file ● Done")
	config = u.b.post(u.endpoint+"/configuration", url.Values{"client": {path.Base(u.client)}}).wantStatus(http.StatusOK)
	if !strings.Contains(config.body, "<key>") {
		t.Errorf("the file has no key: %q", config.body)
	}
	u.b.post(u.endpoint+"/configuration", nil).wantStatus(http.StatusUnprocessableEntity).wantRefusedField("client", "Choose the client certificate")
	u.b.post(u.endpoint+"/configuration", url.Values{"client": {path.Base(u.server)}}).wantStatus(http.StatusUnprocessableEntity).wantRefusedField("client", "is not a client certificate")
}

func TestBadEndpointsAndPartsChangeNothing(t *testing.T) {
	t.Parallel()
	u := ready(t)
	before := u.digest(t)
	long := strings.Repeat("ä", 10000)
	associations, rules, routes := u.endpoint+"/associations/new", u.endpoint+"/rules/new", u.endpoint+"/routes/new"
	for _, c := range []struct{ form, field, value, want string }{
		{"/endpoints/new", "client_cidr", "10.40.0.0/23", "too small"},
		{"/endpoints/new", "client_cidr", "10.32.0.0/11", "too large"},
		{"/endpoints/new", "client_cidr", "10.40.0.1/22", "has host bits set; the range that contains it is 10.40.0.0/22"},
		{"/endpoints/new", "client_cidr", "10.20.0.0/20", "overlaps with 10.20.0.0/22"},
		{"/endpoints/new", "client_cidr", "", "Enter an IPv4 range"},
		{"/endpoints/new", "client_cidr", `<script>alert(1)</script>`, "not an IPv4 range"},
		{"/endpoints/new", "certificate", "", "Choose a server certificate"},
		{"/endpoints/new", "certificate", path.Base(u.client), "is not a server certificate"},
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
		{associations, "subnet", u.zoneA, "already associated"},
		{rules, "destination", "10.0.0.0/16", "There is already an authorization rule"},
		{rules, "destination", "10.0.0.7", "10.0.0.7/32 is this one address"},
		{rules, "destination", `"><script>alert(1)</script>`, "not an IPv4 range"},
		{rules, "description", long, "10000 characters"},
		{routes, "destination", "10.0.0.0/16", "There is already a route"},
		{routes, "destination", "10.20.1.0/24", "only the local route"},
		{routes, "subnet", u.zoneB, "is not associated"},
		{routes, "subnet", "", "Choose a subnet of a target network association"},
	} {
		v := u.endpointForm("fine", "10.40.0.0/22", "1194")
		v.Set("destination", "192.0.2.0/24")
		v.Set("subnet", u.zoneA)
		v.Set(c.field, c.value)
		p := u.b.post(c.form, v)
		if p.status != http.StatusUnprocessableEntity {
			t.Errorf("%s %s %.40q: got %d, want 422", c.form, c.field, c.value, p.status)
			continue
		}
		p.wantRefusedField(c.field, c.want)
		checkMarkup(t, c.form, p)
		if kept := p.value(c.field); kept != c.value && c.field != "subnet" && c.field != "certificate" && c.field != "transport" {
			t.Errorf("%s: the form holds %.60q, want %.60q as typed", c.field, kept, c.value)
		}
	}
	v := u.endpointForm("fine", "10.40.0.0/22", "1194")
	v["tag_key"], v["tag_value"] = []string{"team", "team", ""}, []string{"a", "b", ""}
	p := u.b.post("/endpoints/new", v).wantStatus(http.StatusUnprocessableEntity).wantText("#tags-error", "is there twice")
	p.wantValue("tag_key", "team")
	if after := u.digest(t); after != before {
		t.Errorf("refused forms changed something:\n%s\nwas:\n%s", after, before)
	}
}

func TestSecondSubnetOfAZone(t *testing.T) {
	t.Parallel()
	u := ready(t)
	u.b.make(u.network+"/subnets/new", url.Values{"name": {"office-a2"}, "cidr": {"10.0.2.0/24"}, "zone": {"zone-a"}})
	third := u.subnet("10.0.2.0/24")
	p := u.b.get(u.endpoint+"/associations/new").wantText("details", "Availability zone zone-a already has a target network")
	if p.doc.Find(`option[value="`+third+`"][disabled]`).Length() != 1 || p.doc.Find(`option[value="`+u.zoneB+`"]:not([disabled])`).Length() != 1 {
		t.Errorf("want the subnet of the taken zone disabled and the other not: %s", p.text("#subnet"))
	}
	u.b.post(u.endpoint+"/associations/new", url.Values{"subnet": {third}}).wantStatus(http.StatusUnprocessableEntity).wantRefusedField("subnet", "already has a target network")
	u.b.make(u.endpoint+"/associations/new", url.Values{"subnet": {u.zoneB}})
}

func TestTwoAdministratorsSaveTheSameEndpoint(t *testing.T) {
	t.Parallel()
	u := ready(t)
	first, second := u.b.get(u.endpoint+"/edit"), u.as(t, boss)
	second.get(u.endpoint + "/edit")
	version := first.value("version")
	u.b.make(u.endpoint+"/edit", url.Values{"version": {version}, "name": {"hers"}, "description": {"her words"}, "certificate": {path.Base(u.server)}, "port": {"443"}})

	p := second.post(u.endpoint+"/edit", url.Values{"version": {version}, "name": {"his"}, "description": {"his words"}, "certificate": {path.Base(u.server)}, "port": {"1194"}})
	p.wantStatus(http.StatusConflict).wantText("#error-summary", "Another administrator changed this endpoint")
	p.wantValue("name", "his").wantValue("description", "his words").wantValue("port", "1194")
	p.wantRefusedField("name", "“hers”").wantRefusedField("description", "“her words”").wantRefusedField("port", "“443”")
	if got := u.stored(t).Name; got != "hers" {
		t.Errorf("the endpoint is called %q, want hers: the second save must change nothing", got)
	}
	second.make(u.endpoint+"/edit", url.Values{"version": {p.value("version")}, "name": {"his"}, "description": {"his words"}, "certificate": {path.Base(u.server)}, "port": {"1194"}})
	if got := u.stored(t); got.Name != "his" || got.Listen.Port != 1194 {
		t.Errorf("got %q port %d, want his 1194 after saving again", got.Name, got.Listen.Port)
	}

	tags := url.Values{"version": {version}, "tag_key": {"team", ""}, "tag_value": {"vpn", ""}}
	p = second.post(u.endpoint+"/tags", tags).wantStatus(http.StatusUnprocessableEntity).wantText("#tags-error", "no tags")
	tags.Set("version", p.wantValue("tag_key", "team").value("version"))
	second.make(u.endpoint+"/tags", tags)
	second.get(u.endpoint+"/tags").wantValue("tag_value", "vpn")
}

func TestChangesNameWhatIsLost(t *testing.T) {
	t.Parallel()
	u := ready(t)
	u.b.make(u.endpoint+"/routes/new", url.Values{"destination": {"192.0.2.0/24"}, "subnet": {u.zoneA}, "description": {"partner"}})
	u.connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	u.connect(t, "bob", "10.20.0.6", vpn.ConnectionActive)
	u.b.get(u.endpoint+"/edit").wantText("#port-help", "resets 2 connections that are open now")

	link := func(tab, row string) string {
		href, _ := u.b.get(u.endpoint + tab).row(row).doc.Find("a.btn").Attr("href")
		return href
	}
	rule := link("/rules", "10.0.0.0/16")
	u.b.get(rule).wantText("h1", "10.0.0.0/16").wantText("main", "2 clients are connected").
		wantText("main", "No other rule covers 10.0.0.0/16, so no client reaches it any more.")
	u.b.make(u.endpoint+"/rules/new", url.Values{"destination": {"0.0.0.0/0"}, "access": {"all"}})
	u.b.get(rule).wantText("main", "10.0.0.0/16 is then covered by 0.0.0.0/0, which allows all users.")
	route := link("/routes", "192.0.2.0/24")
	u.b.get(route).wantText("main li", "the route to 192.0.2.0/24 through subnet "+u.zoneA+" (partner)")
	association := link("/associations", u.zoneA)
	p := u.b.get(association).wantText("main", "This is the last one").wantText("main", "2 clients are connected")
	for _, loss := range []string{"10.0.0.0/16 (added automatically)", "10.1.0.0/16 (added automatically)", "192.0.2.0/24 (partner)"} {
		p.wantText("main li", loss)
	}

	p = u.b.get(u.endpoint+"/delete").wantText("main", "2 clients are connected").wantText("main", "1 association").wantText(".alert", "while it has an associated target network")
	wantNoButton(t, p)
	if p.doc.Find(`main a[href="`+u.endpoint+`/associations"]`).Length() == 0 || p.doc.Find("[name=confirm]").Length() != 0 {
		t.Error("an endpoint in use: want a link to what is in the way and no field for the word")
	}
	u.b.post(u.endpoint+"/delete", url.Values{"confirm": {"delete"}}).wantStatus(http.StatusUnprocessableEntity).wantText("[role=alert]", "still has an associated target network")

	u.b.make(rule, nil)
	u.b.get(u.endpoint+"/rules").row("10.0.0.0/16").wantText("td", "Revoking")
	u.b.post(rule, nil).wantStatus(http.StatusConflict).wantText("main", "already being removed")
	u.b.make(route, nil)
	wantNoButton(t, u.b.get(route).wantText(".alert", "is being deleted already"))
	u.b.make(association, nil)
	u.b.get(u.endpoint+"/associations").row(u.zoneA).wantText("td", "Disassociating")
	p = u.b.get(u.endpoint + "/delete")
	// The script keeps a form's first submit button off until the word is typed: it must be this one.
	if got := p.doc.Find("form:has([data-confirm-text=delete]) [type=submit]").First().Text(); got != "Delete" {
		t.Errorf("the button that typing the word switches on is %q, want Delete", got)
	}
	u.b.post(u.endpoint+"/delete", url.Values{"confirm": {"yes"}}).wantStatus(http.StatusUnprocessableEntity).wantText("#confirm-error", "Type the word delete")
	u.b.make(u.endpoint+"/delete", url.Values{"confirm": {"delete"}})
	p = u.b.get(u.endpoint).wantText("#endpoint-state", "Deleting")
	if got := p.text("main .btn-list"); got == "" || strings.Contains(got, "Modify") {
		t.Errorf("an endpoint that is being deleted offers %q", got)
	}
}

func TestStatesAreExplained(t *testing.T) {
	t.Parallel()
	u := ready(t)
	var association string
	for _, a := range u.b.get(u.endpoint + "/associations").doc.Find("code").Nodes {
		if text := a.FirstChild.Data; strings.HasPrefix(text, "cvpn-assoc-") {
			association = text
		}
	}
	since := time.Now().Add(-5 * time.Minute)
	u.applied(t, vpn.Fault{Subject: association, Message: "The nft program <b>failed</b>.", Since: since})
	u.b.get(u.endpoint+"/associations").wantText("#endpoint-state", "The nft program <b>failed</b>.").row(association).wantText("td", "Association-failed")
	p := u.b.get(u.endpoint).wantText("[role=alert]", "The nft program").wantText("[role=alert] time", "5 minutes ago")
	if p.doc.Find("main b").Length() != 0 {
		t.Error("a sentence of the dataplane became markup")
	}
	u.b.get("/endpoints").row("main").wantText("td", "The nft program")
}

func TestTransportAndListenAddress(t *testing.T) {
	t.Parallel()
	u := began(t)
	u.b.get("/endpoints/new").wantText("#transport-help", "UDP typically offers better performance than TCP. You cannot change the transport protocol after you create the Client VPN endpoint.").
		wantText("#listen_addr-help", "every address of this host")
	v := u.endpointForm("by tcp", "10.40.0.0/22", "8443")
	v.Set("transport", "tcp")
	p := u.b.post("/endpoints/new", v).wantStatus(http.StatusUnprocessableEntity)
	p.wantRefusedField("port", "TCP port 8443 is the console's own, and an endpoint never shares a port with it; 443 is free.")
	if got := p.doc.Find("#transport option[selected]").Text(); got != "TCP" {
		t.Errorf("the refused form has the transport %q, want TCP as chosen", got)
	}
	v.Set("port", "443") // the tutorial's endpoint has it by UDP
	v.Set("listen_addr", "192.0.2.10")
	path := u.b.make("/endpoints/new", v)
	u.b.get(path).wantText("dl", "Transport ProtocolTCP").wantText("dl", "Listen address192.0.2.10").wantText("dl", "VPN port443")
	u.b.get(u.endpoint).wantText("dl", "Listen addressEvery address of this host")
	if got := u.b.get(path + "/configuration/download").body; !strings.Contains(got, "proto tcp") || !strings.Contains(got, " 443") {
		t.Errorf("the file of a TCP endpoint is %q", got)
	}
	// The port can be changed; the console's is refused then as well.
	edit := u.b.get(path + "/edit")
	u.b.post(path+"/edit", url.Values{"version": {edit.value("version")}, "name": {"by tcp"}, "certificate": {edit.value("certificate")}, "port": {"8443"}}).
		wantStatus(http.StatusUnprocessableEntity).wantRefusedField("port", "is the console's own")
}
