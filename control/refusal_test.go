package control_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/control/access"
	"sallyport/control/certificate"
	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
)

// Bad input is told beside its field, changes no row, and is no audit record: nothing was tried
// that was not allowed.
func TestBadInputChangesNothing(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	rule := s.Authorize("10.0.0.0/16")
	ctx, id := t.Context(), s.Endpoint.ID
	expired := s.Issue(vpn.UseServer, "old.example.test")
	free := s.CreateEndpoint("free", "10.50.0.0/22", "1300")
	if _, err := s.Raw.ExecContext(ctx, "UPDATE certificate SET not_after = 1 WHERE id = ?", string(expired.ID)); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 10000)
	spec := func(f func(*vpn.EndpointSpec)) vpn.EndpointSpec {
		x := vpn.EndpointSpec{Name: "new", ClientCIDR: "10.40.0.0/22", Certificate: s.Server.ID, ClientCA: s.CA.ID, Port: "1200", ClientOptions: vpn.DefaultOptions()}
		f(&x)
		return x
	}
	endpoint := func(f func(*vpn.EndpointSpec)) func() error {
		return func() error { _, err := s.Endpoints.CreateEndpoint(ctx, s.Admin, spec(f)); return err }
	}
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"network without ranges", "cidrs", func() error { _, err := s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: "x"}); return err }},
		{"network with markup", "name", func() error {
			_, err := s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: "<script>", CIDRs: "10.9.0.0/16"})
			return err
		}},
		{"network of 10,000 characters", "name", func() error {
			_, err := s.Networks.CreateNetwork(ctx, s.Admin, vpn.NetworkSpec{Name: long, CIDRs: "10.9.0.0/16"})
			return err
		}},
		{"subnet outside", "cidr", func() error {
			_, err := s.Networks.CreateSubnet(ctx, s.Admin, s.Network.ID, vpn.SubnetSpec{CIDR: "10.9.0.0/24", Zone: "z"})
			return err
		}},
		{"subnet that overlaps", "cidr", func() error {
			_, err := s.Networks.CreateSubnet(ctx, s.Admin, s.Network.ID, vpn.SubnetSpec{CIDR: "10.0.1.0/25", Zone: "z"})
			return err
		}},
		{"authority without a name", "common_name", func() error {
			_, err := s.Certificates.CreateAuthority(ctx, s.Admin, certificate.AuthoritySpec{KeyType: vpn.ECDSAP256})
			return err
		}},
		{"weak key", "key_type", func() error {
			_, err := s.Certificates.CreateAuthority(ctx, s.Admin, certificate.AuthoritySpec{CommonName: "x", KeyType: "RSA 1024"})
			return err
		}},
		{"issue without authority", "authority", func() error {
			_, err := s.Certificates.IssueCertificate(ctx, s.Admin, certificate.IssueSpec{Use: vpn.UseClient, CommonName: "x", KeyType: vpn.ECDSAP256})
			return err
		}},
		{"issue by a server", "authority", func() error {
			_, err := s.Certificates.IssueCertificate(ctx, s.Admin, certificate.IssueSpec{Authority: s.Server.ID, Use: vpn.UseClient, CommonName: "x", KeyType: vpn.ECDSAP256})
			return err
		}},
		{"a PEM that is no PEM", "certificate", func() error {
			_, err := s.Certificates.ImportCertificate(ctx, s.Admin, certificate.ImportSpec{Name: "x", Use: vpn.UseAuthority, Certificate: "hello"})
			return err
		}},
		{"endpoint of /23", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.40.0.0/23" })},
		{"endpoint of /11", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.32.0.0/11" })},
		{"endpoint with host bits", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.40.0.1/22" })},
		{"endpoint that overlaps another", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.20.0.0/22" })},
		{"a taken port", "port", endpoint(func(x *vpn.EndpointSpec) { x.Port = "443" })},
		{"no certificate", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = "" })},
		{"a certificate that is not there", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = "cert-gone" })},
		{"an authority as server", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = s.CA.ID })},
		{"an expired certificate", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = expired.ID })},
		{"a client as authority", "client_ca", endpoint(func(x *vpn.EndpointSpec) { x.ClientCA = s.Alice.ID })},
		{"edit to a bad port", "port", func() error {
			_, err := s.Endpoints.EditEndpoint(ctx, s.Admin, id, vpn.EndpointEdit{Version: 1, Name: "y", Certificate: s.Server.ID, Port: "x", ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{"edit to an expired certificate", "certificate", func() error {
			_, err := s.Endpoints.EditEndpoint(ctx, s.Admin, id, vpn.EndpointEdit{Version: 1, Name: "y", Certificate: expired.ID, ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{"bad tag", "tags", func() error {
			_, err := s.Endpoints.SaveEndpointTags(ctx, s.Admin, id, 1, []vpn.Tag{{Value: "v"}})
			return err
		}},
		{"associate nothing", "subnet", func() error { _, err := s.Endpoints.Associate(ctx, s.Admin, id, "", ""); return err }},
		{"associate what is not there", "subnet", func() error { _, err := s.Endpoints.Associate(ctx, s.Admin, id, "", vpn.NewSubnetID()); return err }},
		{"associate twice", "subnet", func() error { _, err := s.Endpoints.Associate(ctx, s.Admin, id, "", s.A.ID); return err }},
		{"rule twice", "destination", func() error {
			_, err := s.Endpoints.Authorize(ctx, s.Admin, id, vpn.RuleSpec{Destination: rule.Destination.String(), AllUsers: true})
			return err
		}},
		{"rule for no group", "group", func() error {
			_, err := s.Endpoints.Authorize(ctx, s.Admin, id, vpn.RuleSpec{Destination: "10.0.0.0/16"})
			return err
		}},
		{"route to the clients", "destination", func() error {
			_, err := s.Endpoints.CreateRoute(ctx, s.Admin, id, vpn.RouteSpec{Destination: "10.20.0.0/22", Target: string(s.A.ID)})
			return err
		}},
		{"route through nothing", "subnet", func() error {
			_, err := s.Endpoints.CreateRoute(ctx, s.Admin, id, vpn.RouteSpec{Destination: "0.0.0.0/0", Target: string(s.B.ID)})
			return err
		}},
		{"delete without the word", "confirm", func() error {
			return s.Endpoints.DeleteEndpoint(ctx, s.Admin, free.ID, "yes")
		}},
		{"account with a bad name", "username", func() error {
			_, err := s.Access.AddAdministrator(ctx, s.Admin, access.AdministratorSpec{Username: "a b", Role: vpn.RoleReadOnly, Password: controltest.Password, Again: controltest.Password})
			return err
		}},
		{"account that exists", "username", func() error {
			_, err := s.Access.AddAdministrator(ctx, s.Admin, access.AdministratorSpec{Username: " READER ", Role: vpn.RoleReadOnly, Password: controltest.Password, Again: controltest.Password})
			return err
		}},
		{"account without a role", "role", func() error {
			_, err := s.Access.AddAdministrator(ctx, s.Admin, access.AdministratorSpec{Username: "x", Password: controltest.Password, Again: controltest.Password})
			return err
		}},
		{"short password", "password", func() error {
			return s.Access.ResetPassword(ctx, s.Admin, vpn.AdministratorID(s.ReadOnly.ID), "short", "short")
		}},
		{"two passwords", "password_again", func() error {
			return s.Access.ResetPassword(ctx, s.Admin, vpn.AdministratorID(s.ReadOnly.ID), controltest.Password, controltest.Password+"!")
		}},
		{"profile for the server", "client", func() error { _, err := s.Endpoints.ClientConfiguration(ctx, s.Admin, id, s.Server.ID); return err }},
	} {
		before := s.Rows()
		s.Woken()
		err := c.run()
		if vpn.KindOf(err) != vpn.Invalid || vpn.FieldsOf(err)[c.field] == "" {
			t.Errorf("%s: got %v, want field %s", c.what, err, c.field)
		}
		if after := s.Rows(); after != before {
			t.Errorf("%s changed\n%s\nto\n%s", c.what, before, after)
		}
		if s.Woken() {
			t.Errorf("%s woke the reconciler", c.what)
		}
	}
}

// What is in use stays, with a sentence that names the user; so does what is not there.
func TestInUse(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	ctx, none := t.Context(), vpn.NewEndpointID()
	for what, c := range map[string]struct {
		run   func() error
		kind  vpn.Kind
		words string
	}{
		"network with subnets":     {func() error { return s.Networks.DeleteNetwork(ctx, s.Admin, s.Network.ID) }, vpn.Conflict, "still has 2 subnets"},
		"associated subnet":        {func() error { return deleteSubnet(ctx, s.Services, s.Admin, s.A.ID) }, vpn.Conflict, "target network of endpoint main"},
		"server certificate":       {func() error { return s.Certificates.DeleteCertificate(ctx, s.Admin, s.Server.ID) }, vpn.Conflict, "is used by endpoint main"},
		"client authority":         {func() error { return s.Certificates.DeleteCertificate(ctx, s.Admin, s.CA.ID) }, vpn.Conflict, "is used by endpoint"},
		"endpoint with networks":   {func() error { return s.Endpoints.DeleteEndpoint(ctx, s.Admin, s.Endpoint.ID, "delete") }, vpn.Conflict, "Disassociate all target networks first"},
		"automatic route":          {func() error { return s.Endpoints.DeleteRoute(ctx, s.Admin, s.Endpoint.ID, s.automatic()) }, vpn.Conflict, "added automatically"},
		"no such network":          {func() error { return s.Networks.DeleteNetwork(ctx, s.Admin, vpn.NewNetworkID()) }, vpn.NotFound, "no network"},
		"no such subnet":           {func() error { return deleteSubnet(ctx, s.Services, s.Admin, vpn.NewSubnetID()) }, vpn.NotFound, "no subnet"},
		"no such certificate":      {func() error { return s.Certificates.DeleteCertificate(ctx, s.Admin, vpn.NewCertificateID()) }, vpn.NotFound, "certificate"},
		"no such endpoint":         {func() error { return s.Endpoints.DeleteEndpoint(ctx, s.Admin, none, "delete") }, vpn.NotFound, string(none)},
		"no endpoint to terminate": {func() error { _, err := s.Endpoints.TerminateUser(ctx, s.Admin, none, "alice"); return err }, vpn.NotFound, string(none)},
		"nobody to terminate":      {func() error { _, err := s.Endpoints.TerminateUser(ctx, s.Admin, s.Endpoint.ID, ""); return err }, vpn.Conflict, "Enter the user name"},
		"nothing to terminate": {func() error { _, err := s.Endpoints.TerminateConnections(ctx, s.Admin, s.Endpoint.ID, nil); return err },
			vpn.Conflict, "Select at least one"},
		"a server's key": {func() error { _, _, err := s.Certificates.TakeClientKey(ctx, s.Admin, s.Server.ID); return err }, vpn.Conflict, "Only the keys of client"},
	} {
		before := s.Rows()
		s.WantKind(what, c.run(), c.kind, c.words)
		if s.Rows() != before {
			t.Errorf("%s: something changed", what)
		}
	}
}

func (s *site) automatic() vpn.RouteID {
	s.T.Helper()
	page, err := s.Endpoints.Routes(s.T.Context(), s.Admin, s.Endpoint.ID, vpn.List{})
	s.Must(err)
	return page.Items[0].ID
}

// What belongs to one endpoint cannot be had through another.
func TestPartsBelongToTheirEndpoint(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	rule, other, ctx := s.Authorize("10.0.0.0/16"), s.CreateEndpoint("other", "10.30.0.0/22", "1194"), t.Context()
	before := s.Rows()
	for what, run := range map[string]func() error{
		"revoke":       func() error { return s.Endpoints.Revoke(ctx, s.Admin, other.ID, rule.ID) },
		"see a rule":   func() error { _, err := s.Endpoints.Rule(ctx, s.Admin, other.ID, rule.ID); return err },
		"delete route": func() error { return s.Endpoints.DeleteRoute(ctx, s.Admin, other.ID, s.automatic()) },
		"see a route":  func() error { _, err := s.Endpoints.Route(ctx, s.Admin, other.ID, s.automatic()); return err },
		"disassociate": func() error { return s.Endpoints.Disassociate(ctx, s.Admin, other.ID, s.Association.ID) },
		"preview": func() error {
			_, err := s.Endpoints.DisassociatePreview(ctx, s.Admin, other.ID, s.Association.ID)
			return err
		},
	} {
		s.WantKind(what, run(), vpn.NotFound, "There is no")
	}
	if s.Rows() != before {
		t.Error("something changed")
	}
}

// Of two administrators who save the same form the second is told, and what the first saved stands.
func TestSecondSaveIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	_, err := s.Endpoints.EditEndpoint(ctx, s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "first", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
	before := s.Rows()
	_, err = s.Endpoints.EditEndpoint(ctx, s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "second", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.WantKind("the second", err, vpn.Stale, "Another administrator changed this endpoint")
	_, err = s.Endpoints.SaveEndpointTags(ctx, s.Admin, s.Endpoint.ID, 1, nil)
	s.WantKind("tags from the old page", err, vpn.Stale, "Another administrator")
	if s.Rows() != before || s.View().Name != "first" {
		t.Error("the second save left something")
	}
	_, err = s.Endpoints.EditEndpoint(ctx, s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 2, Name: "second", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
	// Rules do not count as a save of the form: nobody's text is lost by them.
	s.Authorize("10.0.0.0/16")
	_, err = s.Endpoints.EditEndpoint(ctx, s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 3, Name: "third", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
}

// An expired certificate is refused where it is chosen, and keeps nobody from a new name.
func TestRenameWithExpiredCertificate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.Clock.Pass(826 * 24 * time.Hour)
	_, err := s.Endpoints.EditEndpoint(t.Context(), s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "renamed", Certificate: s.Server.ID, ClientOptions: vpn.DefaultOptions()})
	s.Must(err)
	_, err = s.Endpoints.EditEndpoint(t.Context(), s.Admin, s.Endpoint.ID, vpn.EndpointEdit{Version: 2, Name: "renamed", Certificate: s.Server.ID, Port: "1194", ClientOptions: vpn.DefaultOptions()})
	if vpn.FieldsOf(err)["certificate"] == "" {
		t.Errorf("got %v", err)
	}
}

// Every change of what the dataplane must know is a generation of its own, also when many come at
// once, and none is lost.
func TestManyChangeOneEndpoint(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	start := s.View().Generation
	const each, workers = 5, 8
	var wg sync.WaitGroup
	errs := make(chan error, workers*each)
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				destination := vpn.RuleSpec{Destination: strings.Join([]string{"10", "0", string(rune('1' + w)), string(rune('0' + i))}, ".") + "/32", AllUsers: true}
				_, err := s.Endpoints.Authorize(t.Context(), s.Admin, s.Endpoint.ID, destination)
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if got := s.View().Generation; got != start+workers*each {
		t.Errorf("generation %d after %d, want %d", got, start, start+workers*each)
	}
	var rules []vpn.Rule
	s.Must(s.Store.View(t.Context(), func(tx *store.Tx) (err error) { rules, err = tx.RulesOf(t.Context(), s.Endpoint.ID); return err }))
	seen := map[uint64]bool{}
	for _, r := range rules {
		seen[r.Added] = true
	}
	if len(rules) != workers*each || len(seen) != len(rules) {
		t.Errorf("%d rules with %d generations", len(rules), len(seen))
	}
	s.Reconcile()
	if d := s.Dataplane.Desired[s.Endpoint.ID]; len(d.Rules) != workers*each || d.Generation != start+workers*each {
		t.Errorf("the dataplane has %d rules of generation %d", len(d.Rules), d.Generation)
	}
}

// Of many who ask for the same rule at once one gets it.
func TestTheSameRuleAtOnce(t *testing.T) {
	t.Parallel()
	s := newAssociatedSite(t)
	start := s.View().Generation
	var wg sync.WaitGroup
	results := make(chan error, 8)
	for range 8 {
		wg.Go(func() {
			_, err := s.Endpoints.Authorize(t.Context(), s.Admin, s.Endpoint.ID, vpn.RuleSpec{Destination: "10.0.0.0/16", AllUsers: true})
			results <- err
		})
	}
	wg.Wait()
	close(results)
	made := 0
	for err := range results {
		var refused *vpn.Error
		switch {
		case err == nil:
			made++
		case !errors.As(err, &refused) || refused.Kind != vpn.Invalid:
			t.Error(err)
		}
	}
	if made != 1 || s.View().Generation != start+1 {
		t.Errorf("%d were made, generation %d after %d", made, s.View().Generation, start)
	}
}
