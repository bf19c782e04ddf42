package endpoint_test

import (
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// optionFaults are the options of an endpoint form with a fault in each that can have one.
func optionFaults(form url.Values, want map[string]string) (right []string) {
	for name, value := range map[string]string{"dns1": "resolver", "dns2": "224.0.0.1", "session_timeout": "0", "banner_enabled": "on", "banner": strings.Repeat("ä", 1401)} {
		form.Set(name, value)
	}
	want["dns1"], want["dns2"], want["session_timeout"], want["banner"] = "is not an IPv4 address", "multicast", "from 1 to 168", "1401 characters"
	return []string{"dns_enabled", "split_tunnel", "ipv6_outside", "source_nat", "sign_in_again", "banner_enabled", "self_service_portal"}
}

// One submit names all that is wrong with a new endpoint: what cannot be read, and what something else forbids.
func TestAllFaultsOfANewEndpoint(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Kit.Set(control.SystemPrincipal("test"), "endpoint_quota", "1")
	form := url.Values{
		"name": {"a<b"}, "description": {strings.Repeat("d", 256)}, "client_cidr": {"10.40.0.0/23"}, "certificate": {"cert-gone"}, "client_ca": {"cert-lost"},
		"mutual": {"on"}, "user_based": {"on"}, "directory": {"d-gone"}, "transport": {"sctp"}, "listen_addr": {"gateway"}, "port": {"65536"}, "network": {"vpc-gone"}, "tag_key": {"", "a"}, "tag_value": {"lone", "<"},
	}
	want := map[string]string{
		"name": "is not allowed", "description": "256 characters", "client_cidr": "too small", "certificate": "does not exist any more", "client_ca": "does not exist any more", "directory": "does not exist any more",
		"transport": "UDP or TCP", "listen_addr": "is not an IPv4 address", "port": "from 1 to 65535", "network": "does not exist any more", "tags": "has no key. Tags may have letters",
	}
	right := append(optionFaults(form, want), "mutual", "user_based", "user_authentication")
	noSAML := append(slices.Clone(right), "saml", "portal_saml")
	u.WantAllFaults(t, webtest.WrongForm{Path: "/endpoints/new", Form: form, Want: want, Right: noSAML, Whole: "the quota is 1"})

	saml := maps.Clone(form)
	saml.Set("user_authentication", "federated")
	saml.Set("saml", "saml-gone")
	saml.Set("portal_saml", "saml-lost")
	wantSAML := maps.Clone(want)
	delete(wantSAML, "directory")
	wantSAML["saml"], wantSAML["portal_saml"] = "does not exist any more", "does not exist any more"
	u.WantAllFaults(t, webtest.WrongForm{Path: "/endpoints/new", Form: saml, Want: wantSAML, Right: append(right, "directory"), Whole: "the quota is 1"})

	// All of it can be read now, and belongs to others.
	var refused vpn.Check
	refused.Bad("listen_addr", "This host has no address 192.0.2.77 to listen on.")
	u.Kit.Dataplane.Do(func() { u.Kit.Dataplane.RefusePlace = refused.Err() })
	form.Set("client_cidr", "10.0.4.0/22")
	form.Set("listen_addr", "192.0.2.77")
	form.Set("transport", "udp")
	form.Set("port", "443")
	form.Set("network", path.Base(u.Network))
	form.Set("certificate", path.Base(u.Client))
	form.Set("client_ca", path.Base(u.Client))
	for field, words := range map[string]string{
		"client_cidr": "overlaps with 10.0.0.0/16 of network office", "listen_addr": "has no address 192.0.2.77", "port": "belongs to endpoint main",
		"network": "The client CIDR 10.0.4.0/22 overlaps", "certificate": "is not a server certificate",
	} {
		want[field] = words
	}
	delete(want, "client_ca") // a client certificate stands for its authority
	delete(want, "transport")
	u.WantAllFaults(t, webtest.WrongForm{Path: "/endpoints/new", Form: form, Want: want, Right: append(noSAML, "client_ca", "transport"), Whole: "the quota is 1"})
}

// The same for a modification, before anything is announced, and with what another administrator saved meanwhile.
func TestAllFaultsOfAModification(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Admin.Create("/endpoints/new", u.EndpointForm("second", "10.40.0.0/22", "1194"))
	form := u.Admin.Get(u.Endpoint + "/edit").FormValues("form.form-card")
	for name, value := range map[string]string{"name": "a<b", "description": strings.Repeat("d", 256), "certificate": path.Base(u.Authority), "port": "1194", "network": "vpc-gone"} {
		form.Set(name, value)
	}
	want := map[string]string{
		"name": "is not allowed", "description": "256 characters", "certificate": "is not a server certificate", "port": "belongs to endpoint second", "network": "does not exist any more",
	}
	right := optionFaults(form, want)
	u.WantAllFaults(t, webtest.WrongForm{Path: u.Endpoint + "/edit", Form: form, Want: want, Right: right})

	other := u.Admin.Get(u.Endpoint + "/edit").FormValues("form.form-card")
	other.Set("name", "renamed")
	u.Admin.Create(u.Endpoint+"/edit", other)
	u.Admin.Post(u.Endpoint+"/edit", form).WantStatus(409).WantText("#name-error", "is not allowed. Another administrator saved: “renamed”.").
		WantText("#session_timeout-error", "from 1 to 168. Another administrator saved: “24”.")
}

// The parts of an endpoint, at their quotas and while too many changes wait.
func TestAllFaultsOfTheParts(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	u.Kit.Set(control.SystemPrincipal("test"), "rule_quota", "1", "route_quota", "1")
	u.Admin.Create(u.Endpoint+"/routes/new", url.Values{"destination": {"10.9.0.0/16"}, "subnet": {u.ZoneA}})
	long := strings.Repeat("d", 256)
	u.WantAllFaults(t, webtest.WrongForm{Path: u.Endpoint + "/rules/new", Whole: "the quota is 1", Right: []string{"access"},
		Form: url.Values{"destination": {"10.0.0.5/16"}, "access": {"all"}, "description": {long}},
		Want: map[string]string{"destination": "host bits", "description": "256 characters"}})
	u.WantAllFaults(t, webtest.WrongForm{Path: u.Endpoint + "/routes/new", Whole: "the quota is 1", Right: []string{"target"},
		Form: url.Values{"destination": {"everywhere"}, "subnet": {"subnet-gone"}, "description": {long}},
		Want: map[string]string{"destination": "everywhere", "subnet": "not associated", "description": "256 characters"}})
	u.Kit.Set(control.SystemPrincipal("test"), "pending_change_quota", "1")
	for _, form := range []url.Values{{"network": {"vpc-gone"}, "subnet": {"subnet-gone"}}, {"network": {"vpc-gone"}}} {
		form.Set("copy_routes", "cvpn-assoc-gone")
		u.WantAllFaults(t, webtest.WrongForm{Path: u.Endpoint + "/associations/new", Whole: "wait for the dataplane", Form: form,
			Want: map[string]string{"network": "does not exist any more", "subnet": "ubnet", "copy_routes": "not associated any more"}})
	}
}
