package quickstart_test

import (
	"slices"
	"testing"

	"sallyport/control/controltest"
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
	first, err := k.QuickStart.Start(t.Context(), k.Admin, good)
	k.Must(err)
	k.WantBadInput("the clients of another endpoint", "cidr", func() error {
		_, err := k.QuickStart.Start(t.Context(), k.Admin, vpn.QuickStartSpec{Name: "Branch", CIDR: first.Endpoint.ClientCIDR.String()})
		return err
	})
	_, err = k.QuickStart.Start(t.Context(), k.ReadOnly, good)
	k.WantKind("a read-only account", err, vpn.Denied, "read-only")
}
