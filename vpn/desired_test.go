package vpn

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// parts is an endpoint with two associations, of which one leaves, and everything else.
func newDesiredInput(t *testing.T) DesiredInput {
	t.Helper()
	e := newEndpoint(t)
	e.TLSCrypt, e.TokenSecret = Secret(block("OpenVPN Static key V1")), Secret(block("OpenVPN auth-token server key"))
	n := newNetwork(t, "10.0.0.0/16 10.1.0.0/16")
	p := DesiredInput{
		Server:    Certificate{ID: "cert-server", Use: UseServer, PEM: block("CERTIFICATE"), Chain: strings.Replace(block("CERTIFICATE"), "AAAA", "BBBB", 1)},
		ServerKey: Secret(block("PRIVATE KEY")), ClientCA: Certificate{Use: UseAuthority, PEM: strings.Replace(block("CERTIFICATE"), "AAAA", "CCCC", 1)},
		Blocks: AllBlocks(),
	}
	for i, zone := range []string{"zone-a", "zone-b", "zone-c"} {
		a, routes, err := e.Associate(n, newSubnet(t, n, fmt.Sprintf("10.0.%d.0/24", i), zone), p.Associations, now)
		if err != nil {
			t.Fatal(err)
		}
		p.Associations, p.Routes = append(p.Associations, a), append(p.Routes, routes...)
	}
	for _, s := range []RuleSpec{{Destination: "10.0.0.0/16", AllUsers: true}, {Destination: "0.0.0.0/0", Group: "ops"}, {Destination: "10.9.0.0/16", AllUsers: true}} {
		asking := e // a group needs users of a directory
		asking.Directory = "d-0123456789"
		r, err := asking.Authorize(s, p.Rules, testQuotas, now)
		e.Generation = asking.Generation
		if err != nil {
			t.Fatal(err)
		}
		p.Rules = append(p.Rules, r)
	}
	for _, s := range []RouteSpec{{Destination: "0.0.0.0/0", Targets: []string{string(p.Associations[0].Subnet)}}, {Destination: "10.20.0.0/22", Targets: []string{LocalTarget}}} {
		r, err := addRoute(&e, s, p.Associations, p.Routes, testQuotas, now)
		if err != nil {
			t.Fatal(err)
		}
		p.Routes = append(p.Routes, r)
	}
	gone, err := addRoute(&e, RouteSpec{Destination: "192.0.2.0/24", Targets: []string{string(p.Associations[0].Subnet)}}, p.Associations, p.Routes, testQuotas, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.RemoveRoute(&gone); err != nil {
		t.Fatal(err)
	}
	p.Routes = append(p.Routes, gone)
	leaving, err := e.Disassociate(&p.Associations[2], p.Routes, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range leaving {
		i := slices.IndexFunc(p.Routes, func(r Route) bool { return r.ID == l.ID })
		p.Routes[i] = l
	}
	if err := e.Revoke(&p.Rules[2]); err != nil {
		t.Fatal(err)
	}
	p.Endpoint = e
	return p
}

// What is no longer wanted is left out; the rest is there, and passes the dataplane's own check.
func TestDesired(t *testing.T) {
	t.Parallel()
	p := newDesiredInput(t)
	d := p.Desired()
	if err := d.Validate(); err != nil {
		t.Fatalf("what the domain made is refused: %v", err)
	}
	if d.Endpoint != p.Endpoint.ID || d.Generation != p.Endpoint.Generation || d.ClientCIDR != p.Endpoint.ClientCIDR || d.SessionTimeout != 24*time.Hour ||
		!d.SourceNAT || d.SplitTunnel || !d.ClientToClient || len(d.Blocks) != Blocks {
		t.Errorf("got %+v", d)
	}
	if len(d.Associations) != 2 || len(d.Rules) != 2 {
		t.Fatalf("got %d associations and %d rules", len(d.Associations), len(d.Rules))
	}
	for _, a := range d.Associations {
		want := []netip.Prefix{cidr("10.0.0.0/16"), cidr("10.1.0.0/16")}
		if a.ID == p.Associations[0].ID {
			want = append([]netip.Prefix{anyIPv4}, want...)
		}
		if !slices.Equal(a.Routes, want) {
			t.Errorf("routes of %s: %v, want %v", a.ID, a.Routes, want)
		}
	}
	k := d.Keys
	if k.Certificate != p.Server.PEM+p.Server.Chain || k.ClientCA != p.ClientCA.PEM || k.Key != p.ServerKey || k.TLSCrypt != p.Endpoint.TLSCrypt || k.TokenSecret != p.Endpoint.TokenSecret {
		t.Errorf("keys %#v", k)
	}
	p.ClientCA = p.Server // "the server certificate for both": what stands above it
	if got := p.Desired().Keys.ClientCA; got != p.Server.Chain {
		t.Errorf("client authority %q", got)
	}
	p.Endpoint.ClientCA, p.Endpoint.Directory, p.ClientCA = "", "d-1", Certificate{}
	if d := p.Desired(); d.Validate() != nil || !d.Passwords || !d.WithoutCertificates || d.Keys.ClientCA != "" {
		t.Errorf("without certificates: %+v, %v", d, d.Validate())
	}
	p.Routes = slices.DeleteFunc(p.Routes, Route.Local)
	if p.Desired().ClientToClient {
		t.Error("clients reach each other without a local route")
	}
}

// Equal wishes give equal bytes, in whatever order the store reads them.
func TestDesiredDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	p := newDesiredInput(t)
	want, err := json.Marshal(p.Desired())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		q := p
		q.Associations = rapid.Permutation(p.Associations).Draw(t, "associations")
		q.Rules = rapid.Permutation(p.Rules).Draw(t, "rules")
		q.Routes = rapid.Permutation(p.Routes).Draw(t, "routes")
		if got, _ := json.Marshal(q.Desired()); string(got) != string(want) {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
	var back Desired
	if err := json.Unmarshal(want, &back); err != nil || !reflect.DeepEqual(back, p.Desired()) {
		t.Errorf("the socket changes it: %v\n%+v", err, back)
	}
}

// The dataplane refuses whatever the domain could not have made.
func TestDesiredValidate(t *testing.T) {
	t.Parallel()
	longGroup := strings.Repeat("x", maxGroupID+1)
	for name, c := range map[string]struct {
		field string
		spoil func(*Desired)
	}{
		"endpoint ID":          {"endpoint", func(d *Desired) { d.Endpoint = "cvpn-endpoint-../../etc" }},
		"no endpoint ID":       {"endpoint", func(d *Desired) { d.Endpoint = "" }},
		"generation":           {"generation", func(d *Desired) { d.Generation = 0 }},
		"no listen address":    {"listen", func(d *Desired) { d.Listen.Addr = netip.Addr{} }},
		"IPv6 listen address":  {"listen", func(d *Desired) { d.Listen.Addr = ip("::") }},
		"transport":            {"listen", func(d *Desired) { d.Listen.Transport = "udp\nscript-security 2" }},
		"port":                 {"listen", func(d *Desired) { d.Listen.Port = 0 }},
		"no client CIDR":       {"client_cidr", func(d *Desired) { d.ClientCIDR = netip.Prefix{} }},
		"small client CIDR":    {"client_cidr", func(d *Desired) { d.ClientCIDR = cidr("10.20.0.0/23") }},
		"host bits":            {"client_cidr", func(d *Desired) { d.ClientCIDR = cidr("10.20.0.1/22") }},
		"negative workers":     {"workers", func(d *Desired) { d.Workers = -1 }},
		"many workers":         {"workers", func(d *Desired) { d.Workers = maxEndpointWorkers + 1 }},
		"no timeout":           {"session_timeout", func(d *Desired) { d.SessionTimeout = 0 }},
		"block below":          {"blocks", func(d *Desired) { d.Blocks = []int{-1} }},
		"block above":          {"blocks", func(d *Desired) { d.Blocks = []int{Blocks} }},
		"block twice":          {"blocks", func(d *Desired) { d.Blocks = []int{3, 3} }},
		"certificate":          {"keys.certificate", func(d *Desired) { d.Keys.Certificate = "x" }},
		"key":                  {"keys.key", func(d *Desired) { d.Keys.Key = "" }},
		"long certificate":     {"keys.certificate", func(d *Desired) { d.Keys.Certificate = strings.Repeat(d.Keys.Certificate, 2000) }},
		"many certificates":    {"keys.client_ca", func(d *Desired) { d.Keys.ClientCA = strings.Repeat(d.Keys.ClientCA, 33) }},
		"text beside PEM":      {"keys.client_ca", func(d *Desired) { d.Keys.ClientCA += "up /bin/sh\n" }},
		"text before PEM":      {"keys.client_ca", func(d *Desired) { d.Keys.ClientCA = "up /bin/sh\n" + d.Keys.ClientCA }},
		"broken PEM before":    {"keys.client_ca", func(d *Desired) { d.Keys.ClientCA = "-----BEGIN X-----\nup /bin/sh\n" + d.Keys.ClientCA }},
		"PEM of another type":  {"keys.key", func(d *Desired) { d.Keys.Key = Secret(d.Keys.Certificate) }},
		"many associations":    {"associations", func(d *Desired) { d.Associations = make([]DesiredAssociation, 65) }},
		"inline tag":           {"keys.client_ca", func(d *Desired) { d.Keys.ClientCA += "</ca>\nscript-security 2\n" }},
		"no client authority":  {"keys.client_ca", func(d *Desired) { d.Keys.ClientCA = "" }},
		"needless authority":   {"keys.client_ca", func(d *Desired) { d.Passwords, d.WithoutCertificates = true, true }},
		"no proof":             {"passwords", func(d *Desired) { d.WithoutCertificates, d.Keys.ClientCA = true, "" }},
		"tls-crypt":            {"keys.tls_crypt", func(d *Desired) { d.Keys.TLSCrypt = "x" }},
		"token secret":         {"keys.token_secret", func(d *Desired) { d.Keys.TokenSecret += "\x00" }},
		"association ID":       {"associations", func(d *Desired) { d.Associations[0].ID = "a; drop" }},
		"association twice":    {"associations", func(d *Desired) { d.Associations[1].ID = d.Associations[0].ID }},
		"subnet":               {"associations", func(d *Desired) { d.Associations[0].Subnet = cidr("10.0.0.1/24") }},
		"subnet in client":     {"associations", func(d *Desired) { d.Associations[0].Subnet = cidr("10.20.1.0/24") }},
		"loopback subnet":      {"associations", func(d *Desired) { d.Associations[0].Subnet = cidr("127.0.0.0/24") }},
		"route host bits":      {"associations", func(d *Desired) { d.Associations[0].Routes[0] = cidr("10.0.0.1/24") }},
		"route to clients":     {"associations", func(d *Desired) { d.Associations[0].Routes[0] = cidr("10.20.0.0/22") }},
		"route around clients": {"associations", func(d *Desired) { d.Associations[0].Routes[0] = cidr("10.0.0.0/8") }},
		"IPv6 route":           {"associations", func(d *Desired) { d.Associations[0].Routes[0] = cidr("::/0") }},
		"loopback route":       {"associations", func(d *Desired) { d.Associations[0].Routes[0] = cidr("127.0.0.0/8") }},
		"no route":             {"associations", func(d *Desired) { d.Associations[0].Routes[0] = netip.Prefix{} }},
		"many routes":          {"associations", func(d *Desired) { d.Associations[0].Routes = slices.Repeat([]netip.Prefix{anyIPv4}, 200) }},
		"rule ID":              {"rules", func(d *Desired) { d.Rules[0].ID = "x" }},
		"rule twice":           {"rules", func(d *Desired) { d.Rules[1].ID = d.Rules[0].ID }},
		"rule destination":     {"rules", func(d *Desired) { d.Rules[0].Destination = cidr("10.0.0.1/8") }},
		"loopback rule":        {"rules", func(d *Desired) { d.Rules[0].Destination = cidr("127.0.0.1/32") }},
		"all and a group":      {"rules", func(d *Desired) { d.Rules[0].AllUsers, d.Rules[0].Group = true, "x" }},
		"neither":              {"rules", func(d *Desired) { d.Rules[0].AllUsers, d.Rules[0].Group = false, "" }},
		"group of two lines":   {"rules", func(d *Desired) { d.Rules[0].AllUsers, d.Rules[0].Group = false, "a\nb" }},
		"long group":           {"rules", func(d *Desired) { d.Rules[0].AllUsers, d.Rules[0].Group = false, longGroup }},
		"many rules":           {"rules", func(d *Desired) { d.Rules = make([]DesiredRule, MaxRules+1) }},
	} {
		d := newDesiredInput(t).Desired()
		c.spoil(&d)
		if err := d.Validate(); KindOf(err) != Invalid || FieldsOf(err)[c.field] == "" {
			t.Errorf("%s: got %v, want field %s", name, err, c.field)
		}
	}
}

// Identifiers name devices, chains and files: the exact form or nothing.
func TestIDs(t *testing.T) {
	t.Parallel()
	id := string(NewEndpointID())
	for text, want := range map[string]bool{
		id: true, "cvpn-endpoint-0123456789abcdef0": true,
		"": false, "cvpn-endpoint-": false, id + "0": false, id[:len(id)-1]: false, strings.ToUpper(id): false, id + "\n": false,
		"cvpn-assoc-0123456789abcdef0": false, "cvpn-endpoint-0123456789abcdefg": false, "cvpn-endpoint-../../../../../.": false,
	} {
		if got := EndpointID(text).Valid(); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
	if !NewAssociationID().Valid() || !NewConnectionID().Valid() || !NewSubnetID().Valid() || !NewRuleID().Valid() || !NewRouteID().Valid() || !NewSessionID().Valid() {
		t.Error("a new identifier is not valid")
	}
	if first, second := NewEndpointID(), NewEndpointID(); first == second {
		t.Error("two identifiers are equal")
	}
}
