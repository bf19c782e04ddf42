package endpoint_test

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

// The labels are those of the guide ("Getting started with Client VPN", "Client VPN endpoints").
func TestLabelsAreThoseOfTheGuide(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Connect(t, "alice", "10.20.0.5", vpn.ConnectionActive)
	for page, labels := range map[string][]string{
		"/endpoints":     {"Client VPN endpoints", "Create Client VPN endpoint"},
		"/endpoints/new": {"Name tag", "Description", "Client IPv4 CIDR", "Server certificate", "Use user-based authentication", "Active Directory authentication", "Directory ID", "Use mutual authentication", "Client certificate", "Transport Protocol", "Listen address", "VPN port", "Create Client VPN endpoint"},
		u.Endpoint: {"Details", "Target network associations", "Authorization rules", "Route table", "Connections", "Tags",
			"Download client configuration", "Modify Client VPN endpoint", "Transport Protocol", "Session timeout hours", "Client VPN endpoint ID"},
		u.Endpoint + "/associations":     {"Associate target network", "Disassociate"},
		u.Endpoint + "/associations/new": {"VPC", "Choose a subnet to associate", "Associate target network"},
		u.Endpoint + "/rules":            {"Add authorization rule", "Remove authorization rule"},
		u.Endpoint + "/rules/new":        {"Destination network to enable access", "Grant access to", "Allow access to all users", "Description", "Add authorization rule"},
		u.Endpoint + "/routes":           {"Route table", "Create route"},
		u.Endpoint + "/routes/new":       {"Route destination", "Subnet ID for target network association", "Create route"},
		u.Endpoint + "/connections":      {"Terminate connection", "Active", "Ended", "Refused"},
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

func TestEndpointBecomesAvailable(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	p := u.Admin.Get(u.Endpoint).WantText("#endpoint-state", "Pending-associate").WantText("#endpoint-state", "after you associate the first target network")
	p.WantText("section[aria-label='What clients can reach']", "No target network: clients cannot connect").WantText("dl", "1,021 addresses")
	u.Admin.Get(u.Endpoint+"/configuration").WantText("[role=status], .alert", "Clients cannot connect yet")
	u.Admin.Get(u.Endpoint+"/associations/new").WantText("#subnet", "office-a")
	u.Admin.Get(u.Endpoint+"/connections").WantText(".empty", "No client is connected")
	u.Admin.Get(u.Endpoint+"/connections?view=refused").WantText(".empty", "No client was refused so far")

	u.Admin.Create(u.Endpoint+"/associations/new", url.Values{"subnet": {u.ZoneA}})
	u.Admin.Get(u.Endpoint+"/configuration").WantText("[role=status], .alert", "The target network is being associated")
	u.Admin.Get(u.Endpoint+"/associations").Row(u.ZoneA).WantText("td", "Associating").WantText("td", "No dataplane has reported")
	u.SetApplied(t)
	u.Admin.Get(u.Endpoint+"/associations").WantText("#endpoint-state", "Available").Row(u.ZoneA).WantText("td", "Associated")
	routes := u.Admin.Get(u.Endpoint + "/routes")
	routes.Row("10.0.0.0/16").WantText("td", "Automatic").WantText("td", "Active")
	if routes.Row("10.1.0.0/16").Doc.Find("a.btn[href$='/delete']").Length() != 0 {
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

	// The page with the download link does not count as the download.
	if steps := u.Admin.Get("/getting-started").Text(".guide-steps"); strings.Contains(steps, "configuration file ● Done") {
		t.Error("the tutorial says that the file was downloaded")
	}
	config := u.Admin.Post(u.Endpoint+"/configuration/download", nil).WantStatus(http.StatusOK)
	if strings.Contains(config.Body, "PRIVATE KEY") || !strings.Contains(config.Body, "remote vpn.example.test 443") {
		t.Errorf("got the file %q", config.Body)
	}
	if got := config.Header.Get("Content-Disposition"); !strings.HasSuffix(got, "-"+path.Base(u.Endpoint)+".ovpn") {
		t.Errorf("got disposition %q", got)
	}
	u.Admin.Get("/getting-started").WantText(".guide-steps", "configuration file ● Done")
	config = u.Admin.Post(u.Endpoint+"/configuration", url.Values{"client": {path.Base(u.Client)}}).WantStatus(http.StatusOK)
	if !strings.Contains(config.Body, "<key>") {
		t.Errorf("the file has no key: %q", config.Body)
	}
	u.Admin.Post(u.Endpoint+"/configuration", nil).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("client", "Choose the client certificate")
	u.Admin.Post(u.Endpoint+"/configuration", url.Values{"client": {path.Base(u.Server)}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("client", "is not a client certificate")
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
	p := u.Admin.Get(u.Endpoint).WantText("[role=alert]", "The nft program").WantText("[role=alert] time", "for 5 minutes")
	if p.Doc.Find("main b").Length() != 0 {
		t.Error("a sentence of the dataplane became markup")
	}
	u.Admin.Get("/endpoints").Row("main").WantText("td", "The nft program")
}
