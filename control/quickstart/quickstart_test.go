package quickstart_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/control/quickstart"
	"sallyport/pki"
	"sallyport/vpn"
)

// Two typed values (the public name is set in the configuration) make a VPN that takes clients, each part with its audit record.
func TestStart(t *testing.T) {
	t.Parallel()
	k := controltest.NewWithAccounts(t)
	made, err := k.QuickStart.Start(t.Context(), k.Admin, vpn.QuickStartSpec{Name: "Office", CIDR: " 10.7.0.0/16 "})
	k.Must(err)
	k.Must(k.Runner.ReconcileOnce(t.Context()))
	view, err := k.Endpoints.Endpoint(t.Context(), k.Admin, made.Endpoint.ID)
	k.Must(err)
	if view.State != vpn.EndpointAvailable || !view.SplitTunnel || !view.Mutual() {
		t.Errorf("the endpoint is %s, split tunnel %t, mutual %t", view.State, view.SplitTunnel, view.Mutual())
	}
	rules, err := k.Endpoints.Rules(t.Context(), k.Admin, made.Endpoint.ID, vpn.List{})
	k.Must(err)
	if len(rules.Items) != 1 || rules.Items[0].Destination.String() != "10.7.0.0/16" || !rules.Items[0].AllUsers {
		t.Errorf("rules %+v", rules.Items)
	}
	if made.Client.CommonName != "first-user" { // not "admin", which is the name of a role
		t.Errorf("the first client is %q", made.Client.CommonName)
	}
	var actions []vpn.Action
	for _, r := range k.Audit() {
		actions = append(actions, r.Action)
	}
	for _, want := range []vpn.Action{vpn.QuickStart, vpn.CreateVpc, vpn.CreateSubnet, vpn.CreateCertificateAuthority, vpn.IssueCertificate, vpn.CreateClientVpnEndpoint, vpn.AssociateClientVpnTargetNetwork, vpn.AuthorizeClientVpnIngress} {
		if !slices.Contains(actions, want) {
			t.Errorf("%s is not in the audit trail", want)
		}
	}
}

// What is wrong is told beside its field, and nothing at all is made.
func TestStartIsRefused(t *testing.T) {
	t.Parallel()
	k := controltest.NewWithAccounts(t)
	good := vpn.QuickStartSpec{Name: "Office", CIDR: "10.7.0.0/16"}
	for field, break1 := range map[string]func(*vpn.QuickStartSpec){
		"name":        func(s *vpn.QuickStartSpec) { s.Name = "<b>" },
		"cidr":        func(s *vpn.QuickStartSpec) { s.CIDR = "10.7.0.0" },
		"subnet":      func(s *vpn.QuickStartSpec) { s.Subnet = "10.8.0.0/24" },
		"zone":        func(s *vpn.QuickStartSpec) { s.Zone = "Zone with spaces" },
		"client_cidr": func(s *vpn.QuickStartSpec) { s.ClientCIDR = "10.7.4.0/22" },
		"port":        func(s *vpn.QuickStartSpec) { s.Port = "0" },
		"client":      func(s *vpn.QuickStartSpec) { s.Client = "a\nb" },
	} {
		spec := good
		break1(&spec)
		k.WantBadInput(field, field, func() error { _, err := k.QuickStart.Start(t.Context(), k.Admin, spec); return err })
	}
	for _, spec := range []vpn.QuickStartSpec{{}, {Name: "x"}, {CIDR: "10.7.0.0/16"}} {
		field := "name"
		if spec.Name != "" {
			field = "cidr"
		}
		k.WantBadInput("nothing typed", field, func() error { _, err := k.QuickStart.Start(t.Context(), k.Admin, spec); return err })
	}
	everything := vpn.QuickStartSpec{Name: "<b>", CIDR: "10.7.0.0", PublicName: "-", Client: "a\nb"}
	for _, field := range []string{"name", "cidr", "client"} {
		k.WantBadInput("everything wrong at once", field, func() error { _, err := k.QuickStart.Start(t.Context(), k.Admin, everything); return err })
	}
	overlap := good
	overlap.ClientCIDR = "10.7.4.0/22"
	_, err := k.QuickStart.Start(t.Context(), k.Admin, overlap)
	if got := vpn.FieldsOf(err)["client_cidr"]; got != "10.7.4.0/22 overlaps with 10.7.0.0/16, the private network above." {
		t.Errorf("clients inside of the network: %q", got)
	}
	first, err := k.QuickStart.Start(t.Context(), k.Admin, good)
	k.Must(err)
	k.WantBadInput("the clients of another endpoint", "cidr", func() error {
		_, err := k.QuickStart.Start(t.Context(), k.Admin, vpn.QuickStartSpec{Name: "Branch", CIDR: first.Endpoint.ClientCIDR.String()})
		return err
	})
	_, err = k.QuickStart.Start(t.Context(), k.ReadOnly, good)
	k.WantKind("a read-only account", err, vpn.Denied, "read-only")
}

// A network that the host has no way to, and a port that another program has, are refused beside their fields; a dataplane that does
// not answer refuses nothing.
func TestStartAsksTheHost(t *testing.T) {
	t.Parallel()
	k := controltest.NewWithAccounts(t)
	start := func(change func(*vpn.QuickStartSpec)) map[string]string {
		t.Helper()
		spec := vpn.QuickStartSpec{Name: "Office", CIDR: "10.70.0.0/16"}
		change(&spec)
		_, err := k.QuickStart.Start(t.Context(), k.Admin, spec)
		if err != nil && len(vpn.FieldsOf(err)) == 0 {
			t.Fatal(err)
		}
		return vpn.FieldsOf(err)
	}
	const sentence = "No route of this host leads to 10.70.0.0/24."
	k.Dataplane.Do(func() {
		k.Dataplane.Ways = map[netip.Addr]vpn.WayOut{netip.MustParseAddr("10.70.0.0"): {Problem: sentence}}
	})
	if got := start(func(*vpn.QuickStartSpec) {}); !strings.HasPrefix(got["cidr"], sentence) || len(got) != 1 {
		t.Errorf("a network without a route: %v", got)
	}
	if got := start(func(s *vpn.QuickStartSpec) { s.Subnet = "10.70.0.0/25" }); got["subnet"] == "" || got["cidr"] != "" {
		t.Errorf("a typed subnet without a route: %v", got)
	}
	var taken vpn.Check
	taken.Bad("port", "UDP port 1195 on this host is in use by nc (process 7).")
	k.Dataplane.Do(func() { k.Dataplane.Ways, k.Dataplane.RefusePlace = nil, taken.Err() })
	if got := start(func(s *vpn.QuickStartSpec) { s.Port = "1195" }); got["port"] == "" {
		t.Errorf("a taken port: %v", got)
	}
	asked := k.Dataplane.Places[len(k.Dataplane.Places)-1]
	if asked.Transport != vpn.UDP || asked.Port != 1195 {
		t.Errorf("the host was asked for %+v", asked)
	}
	older := vpn.Refuse(vpn.Invalid, vpn.CodeMalformedMessage, "The message cannot be read.")
	k.Dataplane.Do(func() { k.Dataplane.RefusePlace = older })
	if got := start(func(*vpn.QuickStartSpec) {}); len(got) != 0 {
		t.Errorf("a dataplane of the version before: %v", got)
	}
	k.Dataplane.Do(func() { k.Dataplane.Down = controltest.ErrDown })
	if got := start(func(s *vpn.QuickStartSpec) { s.CIDR = "10.71.0.0/16" }); len(got) != 0 {
		t.Errorf("a dataplane that does not answer: %v", got)
	}
}

// meanwhile does something between what the form was checked against and the transaction.
type meanwhile struct {
	pki.Maker
	act func()
}

func (m meanwhile) NewAuthority(s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error) {
	m.act()
	return m.Maker.NewAuthority(s, now)
}

// What another administrator saves meanwhile stands: a public name, which files have, and an endpoint whose clients have the addresses.
func TestStartBesideAnother(t *testing.T) {
	t.Parallel()
	k := controltest.NewWithAccounts(t)
	k.Services = k.NewServices(controltest.Options{Settings: &control.Settings{PublicURL: controltest.PublicURL, Version: "test"}}) // without a public name
	spec := vpn.QuickStartSpec{Name: "Office", CIDR: "10.7.0.0/16", PublicName: "late.example.com"}
	start := func(act func()) error {
		_, err := quickstart.New(k.Core, meanwhile{act: act}, k.Endpoints, k.Dataplane).Start(t.Context(), k.Admin, spec)
		return err
	}
	k.Must(start(func() { k.Set(k.Admin, "public_name", "first.example.com") }))
	view, err := k.Settings.Settings(t.Context(), k.Admin)
	k.Must(err)
	for _, s := range view.Settings {
		if s.Key == "public_name" && s.Value != "first.example.com" {
			t.Errorf("the public name is %q", s.Value)
		}
	}
	spec.Name, spec.CIDR = "Branch", "10.80.0.0/16"
	err = start(func() {
		other := vpn.QuickStartSpec{Name: "Other", CIDR: "10.9.0.0/16", ClientCIDR: "10.80.0.0/22"}
		_, err := k.QuickStart.Start(t.Context(), k.Admin, other)
		k.Must(err)
	})
	if got := vpn.FieldsOf(err)["cidr"]; !strings.Contains(got, "overlaps with the client CIDR 10.80.0.0/22") {
		t.Errorf("a network that has the addresses of clients: %q, %v", got, err)
	}
}
