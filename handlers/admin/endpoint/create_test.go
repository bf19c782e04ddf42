package endpoint_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/web/webtest"
)

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
		{"/endpoints/new", "client_cidr", "10.1.0.0/22", "overlaps with 10.1.0.0/16 of network office"},
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
		{"/endpoints/new", "listen_addr", "224.0.0.1", "cannot be the address of a host"},
		{"/endpoints/new", "name", `<script>alert(1)</script>`, "is not allowed"},
		{"/endpoints/new", "name", "two\nlines", "a line break"},
		{"/endpoints/new", "name", `"quoted"`, "is not allowed"},
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
	p := u.Admin.Post("/endpoints/new", v).WantStatus(http.StatusUnprocessableEntity).WantText("#tags-error", "is repeated")
	p.WantValue("tag_key", "team")
	if after := u.Digest(t); after != before {
		t.Errorf("refused forms changed something:\n%s\nwas:\n%s", after, before)
	}
}

func TestTransportAndListenAddress(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Admin.Get("/endpoints/new").WantText("#transport-help", "UDP typically offers better performance than TCP. You cannot change the transport protocol after you create the Client VPN endpoint.").
		WantText("#listen_addr-help", "Every address of this host")
	if got := u.Admin.Get("/endpoints/new").Options("listen_addr"); len(got) != 1 || got["192.0.2.10"] == "" {
		t.Errorf("the listen addresses are %v", got)
	}
	v := u.EndpointForm("by tcp", "10.40.0.0/22", "8443")
	v.Set("transport", "tcp")
	p := u.Admin.Post("/endpoints/new", v).WantStatus(http.StatusUnprocessableEntity)
	p.WantRefusedField("port", "TCP port 8443 belongs to the console, and an endpoint cannot share it; 443 is free.")
	if got := p.Doc.Find("#transport option[selected]").Text(); got != "TCP" {
		t.Errorf("the refused form has the transport %q, want TCP as chosen", got)
	}
	v.Set("port", "443") // the tutorial's endpoint has it by UDP
	v.Set("listen_addr", "192.0.2.10")
	path := u.Admin.Create("/endpoints/new", v)
	u.Admin.Get(path).WantText("dl", "Transport ProtocolTCP").WantText("dl", "Listen address192.0.2.10").WantText("dl", "VPN port443")
	u.Admin.Get(u.Endpoint).WantText("dl", "Listen addressEvery address of this host")
	if got := u.Admin.Post(path+"/configuration/download", nil).Body; !strings.Contains(got, "proto tcp") || !strings.Contains(got, " 443") {
		t.Errorf("the file of a TCP endpoint is %q", got)
	}
	// A modification refuses the port of the console as well.
	edit := u.Admin.Get(path + "/edit")
	u.Admin.Post(path+"/edit", url.Values{"version": {edit.Value("version")}, "name": {"by tcp"}, "certificate": {edit.Value("certificate")}, "port": {"8443"}}).
		WantStatus(http.StatusUnprocessableEntity).WantRefusedField("port", "belongs to the console")
}

// The form proposes what cannot be changed later: a client range that no network and no endpoint has.
func TestNewEndpointProposesARange(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Admin.Get("/endpoints/new").WantValue("client_cidr", "10.128.0.0/22")
	u.Admin.Create("/endpoints/new", u.EndpointForm("second", "10.128.0.0/20", "1195"))
	u.Admin.Get("/endpoints/new").WantValue("client_cidr", "10.128.16.0/22")
	form := u.EndpointForm("bad", "what", "1196")
	u.Admin.Post("/endpoints/new", form).WantStatus(http.StatusUnprocessableEntity).WantValue("client_cidr", "what")
}

// While no dataplane answers, the listen address is typed. Where the host policy does not allow every address, the
// first that it allows is chosen.
func TestListenAddressOfTheHost(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.Machine.EveryAddress = false })
	p := u.Admin.Get("/endpoints/new").WantValue("listen_addr", "192.0.2.10").WantText("#listen_addr-help", "host policy")
	if _, disabled := p.Doc.Find("#listen_addr option").First().Attr("disabled"); !disabled {
		t.Error("all addresses can be chosen though the policy does not allow them")
	}
	u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.Down = controltest.ErrDown })
	p = u.Admin.Get("/endpoints/new").WantText("#listen_addr-help", "No dataplane answers, so the address is not checked.")
	if !p.Doc.Find("#listen_addr").Is("input") {
		t.Error("the listen address cannot be typed")
	}
}

// A refusal for which the guide has a code shows it beside the sentence; what is wrong with the input shows none.
func TestRefusedFormShowsTheCode(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Kit.Set(control.SystemPrincipal("test"), "endpoint_quota", "1")
	p := u.Admin.Post("/endpoints/new", u.EndpointForm("second", "10.40.0.0/22", "1194")).WantStatus(http.StatusUnprocessableEntity)
	p.WantText("#error-summary", "the quota is 1").WantText("#error-summary code", "ClientVpnEndpointLimitExceeded")
	webtest.CheckMarkup(t, "/endpoints/new", p)
	u.Kit.Set(control.SystemPrincipal("test"), "endpoint_quota", "2")
	p = u.Admin.Post("/endpoints/new", u.EndpointForm("second", "10.40.0.0/23", "1194")).WantStatus(http.StatusUnprocessableEntity)
	if got := p.Doc.Find("#error-summary code").Text(); got != "" {
		t.Errorf("a field that is wrong shows the code %s", got)
	}
}
