package control_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/store"
	"sallyport/vpn"
)

// Bad input is told beside its field, changes no row, and is no audit record: nothing was tried
// that was not allowed.
func TestBadInputChangesNothing(t *testing.T) {
	t.Parallel()
	s := associated(t)
	rule := s.authorize("10.0.0.0/16")
	ctx, id := t.Context(), s.endpoint.ID
	expired := s.issue(vpn.UseServer, "old.example.test")
	free := s.create("free", "10.50.0.0/22", "1300")
	if _, err := s.raw.ExecContext(ctx, "UPDATE certificate SET not_after = 1 WHERE id = ?", string(expired.ID)); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 10000)
	spec := func(f func(*vpn.EndpointSpec)) vpn.EndpointSpec {
		x := vpn.EndpointSpec{Name: "new", ClientCIDR: "10.40.0.0/22", Certificate: s.server.ID, ClientCA: s.ca.ID, Port: "1200", ClientOptions: vpn.DefaultOptions()}
		f(&x)
		return x
	}
	endpoint := func(f func(*vpn.EndpointSpec)) func() error {
		return func() error { _, err := s.CreateEndpoint(ctx, s.boss, spec(f)); return err }
	}
	for _, c := range []struct {
		what, field string
		run         func() error
	}{
		{"network without ranges", "cidrs", func() error { _, err := s.CreateNetwork(ctx, s.boss, vpn.NetworkSpec{Name: "x"}); return err }},
		{"network with markup", "name", func() error {
			_, err := s.CreateNetwork(ctx, s.boss, vpn.NetworkSpec{Name: "<script>", CIDRs: "10.9.0.0/16"})
			return err
		}},
		{"network of 10,000 characters", "name", func() error {
			_, err := s.CreateNetwork(ctx, s.boss, vpn.NetworkSpec{Name: long, CIDRs: "10.9.0.0/16"})
			return err
		}},
		{"subnet outside", "cidr", func() error {
			_, err := s.CreateSubnet(ctx, s.boss, s.network.ID, vpn.SubnetSpec{CIDR: "10.9.0.0/24", Zone: "z"})
			return err
		}},
		{"subnet that overlaps", "cidr", func() error {
			_, err := s.CreateSubnet(ctx, s.boss, s.network.ID, vpn.SubnetSpec{CIDR: "10.0.1.0/25", Zone: "z"})
			return err
		}},
		{"authority without a name", "common_name", func() error {
			_, err := s.CreateAuthority(ctx, s.boss, control.AuthoritySpec{KeyType: vpn.ECDSAP256})
			return err
		}},
		{"weak key", "key_type", func() error {
			_, err := s.CreateAuthority(ctx, s.boss, control.AuthoritySpec{CommonName: "x", KeyType: "RSA 1024"})
			return err
		}},
		{"issue without authority", "authority", func() error {
			_, err := s.IssueCertificate(ctx, s.boss, control.IssueSpec{Use: vpn.UseClient, CommonName: "x", KeyType: vpn.ECDSAP256})
			return err
		}},
		{"issue by a server", "authority", func() error {
			_, err := s.IssueCertificate(ctx, s.boss, control.IssueSpec{Authority: s.server.ID, Use: vpn.UseClient, CommonName: "x", KeyType: vpn.ECDSAP256})
			return err
		}},
		{"a PEM that is no PEM", "certificate", func() error {
			_, err := s.ImportCertificate(ctx, s.boss, control.ImportSpec{Name: "x", Use: vpn.UseAuthority, Certificate: "hello"})
			return err
		}},
		{"endpoint of /23", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.40.0.0/23" })},
		{"endpoint of /11", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.32.0.0/11" })},
		{"endpoint with host bits", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.40.0.1/22" })},
		{"endpoint that overlaps another", "client_cidr", endpoint(func(x *vpn.EndpointSpec) { x.ClientCIDR = "10.20.0.0/22" })},
		{"a taken port", "port", endpoint(func(x *vpn.EndpointSpec) { x.Port = "443" })},
		{"no certificate", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = "" })},
		{"a certificate that is not there", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = "cert-gone" })},
		{"an authority as server", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = s.ca.ID })},
		{"an expired certificate", "certificate", endpoint(func(x *vpn.EndpointSpec) { x.Certificate = expired.ID })},
		{"a client as authority", "client_ca", endpoint(func(x *vpn.EndpointSpec) { x.ClientCA = s.alice.ID })},
		{"edit to a bad port", "port", func() error {
			_, err := s.EditEndpoint(ctx, s.boss, id, vpn.EndpointEdit{Version: 1, Name: "y", Certificate: s.server.ID, Port: "x", ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{"edit to an expired certificate", "certificate", func() error {
			_, err := s.EditEndpoint(ctx, s.boss, id, vpn.EndpointEdit{Version: 1, Name: "y", Certificate: expired.ID, ClientOptions: vpn.DefaultOptions()})
			return err
		}},
		{"bad tag", "tags", func() error { _, err := s.SaveEndpointTags(ctx, s.boss, id, 1, []vpn.Tag{{Value: "v"}}); return err }},
		{"associate nothing", "subnet", func() error { _, err := s.Associate(ctx, s.boss, id, "", ""); return err }},
		{"associate what is not there", "subnet", func() error { _, err := s.Associate(ctx, s.boss, id, "", vpn.NewSubnetID()); return err }},
		{"associate twice", "subnet", func() error { _, err := s.Associate(ctx, s.boss, id, "", s.a.ID); return err }},
		{"rule twice", "destination", func() error {
			_, err := s.Authorize(ctx, s.boss, id, vpn.RuleSpec{Destination: rule.Destination.String(), AllUsers: true})
			return err
		}},
		{"rule for no group", "group", func() error {
			_, err := s.Authorize(ctx, s.boss, id, vpn.RuleSpec{Destination: "10.0.0.0/16"})
			return err
		}},
		{"route to the clients", "destination", func() error {
			_, err := s.CreateRoute(ctx, s.boss, id, vpn.RouteSpec{Destination: "10.20.0.0/22", Target: string(s.a.ID)})
			return err
		}},
		{"route through nothing", "subnet", func() error {
			_, err := s.CreateRoute(ctx, s.boss, id, vpn.RouteSpec{Destination: "0.0.0.0/0", Target: string(s.b.ID)})
			return err
		}},
		{"delete without the word", "confirm", func() error {
			return s.DeleteEndpoint(ctx, s.boss, free.ID, "yes")
		}},
		{"account with a bad name", "username", func() error {
			_, err := s.AddAdministrator(ctx, s.boss, control.AdministratorSpec{Username: "a b", Role: vpn.RoleReadOnly, Password: password, Again: password})
			return err
		}},
		{"account that exists", "username", func() error {
			_, err := s.AddAdministrator(ctx, s.boss, control.AdministratorSpec{Username: " READER ", Role: vpn.RoleReadOnly, Password: password, Again: password})
			return err
		}},
		{"account without a role", "role", func() error {
			_, err := s.AddAdministrator(ctx, s.boss, control.AdministratorSpec{Username: "x", Password: password, Again: password})
			return err
		}},
		{"short password", "password", func() error { return s.ResetPassword(ctx, s.boss, vpn.AdministratorID(s.reader.ID), "short", "short") }},
		{"two passwords", "password_again", func() error {
			return s.ResetPassword(ctx, s.boss, vpn.AdministratorID(s.reader.ID), password, password+"!")
		}},
		{"profile for the server", "client", func() error { _, err := s.ClientConfiguration(ctx, s.boss, id, s.server.ID); return err }},
	} {
		before := s.rows()
		s.Woken()
		err := c.run()
		if vpn.KindOf(err) != vpn.Invalid || vpn.FieldsOf(err)[c.field] == "" {
			t.Errorf("%s: got %v, want field %s", c.what, err, c.field)
		}
		if after := s.rows(); after != before {
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
	s := associated(t)
	ctx, none := t.Context(), vpn.NewEndpointID()
	for what, c := range map[string]struct {
		run   func() error
		kind  vpn.Kind
		words string
	}{
		"network with subnets":     {func() error { return s.DeleteNetwork(ctx, s.boss, s.network.ID) }, vpn.Conflict, "still has 2 subnets"},
		"associated subnet":        {func() error { return deleteSubnet(ctx, s.Service, s.boss, s.a.ID) }, vpn.Conflict, "target network of endpoint main"},
		"server certificate":       {func() error { return s.DeleteCertificate(ctx, s.boss, s.server.ID) }, vpn.Conflict, "is used by endpoint main"},
		"client authority":         {func() error { return s.DeleteCertificate(ctx, s.boss, s.ca.ID) }, vpn.Conflict, "is used by endpoint"},
		"endpoint with networks":   {func() error { return s.DeleteEndpoint(ctx, s.boss, s.endpoint.ID, "delete") }, vpn.Conflict, "Disassociate all target networks first"},
		"automatic route":          {func() error { return s.DeleteRoute(ctx, s.boss, s.endpoint.ID, s.automatic()) }, vpn.Conflict, "added automatically"},
		"no such network":          {func() error { return s.DeleteNetwork(ctx, s.boss, vpn.NewNetworkID()) }, vpn.NotFound, "no network"},
		"no such subnet":           {func() error { return deleteSubnet(ctx, s.Service, s.boss, vpn.NewSubnetID()) }, vpn.NotFound, "no subnet"},
		"no such certificate":      {func() error { return s.DeleteCertificate(ctx, s.boss, vpn.NewCertificateID()) }, vpn.NotFound, "certificate"},
		"no such endpoint":         {func() error { return s.DeleteEndpoint(ctx, s.boss, none, "delete") }, vpn.NotFound, string(none)},
		"no endpoint to terminate": {func() error { _, err := s.TerminateUser(ctx, s.boss, none, "alice"); return err }, vpn.NotFound, string(none)},
		"nobody to terminate":      {func() error { _, err := s.TerminateUser(ctx, s.boss, s.endpoint.ID, ""); return err }, vpn.Conflict, "Enter the user name"},
		"nothing to terminate": {func() error { _, err := s.TerminateConnections(ctx, s.boss, s.endpoint.ID, nil); return err },
			vpn.Conflict, "Select at least one"},
		"a server's key": {func() error { _, _, err := s.TakeClientKey(ctx, s.boss, s.server.ID); return err }, vpn.Conflict, "Only the keys of client"},
	} {
		before := s.rows()
		s.wantKind(what, c.run(), c.kind, c.words)
		if s.rows() != before {
			t.Errorf("%s: something changed", what)
		}
	}
}

func (s *site) automatic() vpn.RouteID {
	s.t.Helper()
	page, err := s.Routes(s.t.Context(), s.boss, s.endpoint.ID, vpn.List{})
	s.must(err)
	return page.Items[0].ID
}

// What belongs to one endpoint cannot be had through another.
func TestPartsBelongToTheirEndpoint(t *testing.T) {
	t.Parallel()
	s := associated(t)
	rule, other, ctx := s.authorize("10.0.0.0/16"), s.create("other", "10.30.0.0/22", "1194"), t.Context()
	before := s.rows()
	for what, run := range map[string]func() error{
		"revoke":       func() error { return s.Revoke(ctx, s.boss, other.ID, rule.ID) },
		"see a rule":   func() error { _, err := s.Rule(ctx, s.boss, other.ID, rule.ID); return err },
		"delete route": func() error { return s.DeleteRoute(ctx, s.boss, other.ID, s.automatic()) },
		"see a route":  func() error { _, err := s.Route(ctx, s.boss, other.ID, s.automatic()); return err },
		"disassociate": func() error { return s.Disassociate(ctx, s.boss, other.ID, s.association.ID) },
		"preview":      func() error { _, err := s.DisassociatePreview(ctx, s.boss, other.ID, s.association.ID); return err },
	} {
		s.wantKind(what, run(), vpn.NotFound, "There is no")
	}
	if s.rows() != before {
		t.Error("something changed")
	}
}

// Of two administrators who save the same form the second is told, and what the first saved stands.
func TestSecondSaveIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	ctx := t.Context()
	_, err := s.EditEndpoint(ctx, s.boss, s.endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "first", Certificate: s.server.ID, ClientOptions: vpn.DefaultOptions()})
	s.must(err)
	before := s.rows()
	_, err = s.EditEndpoint(ctx, s.boss, s.endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "second", Certificate: s.server.ID, ClientOptions: vpn.DefaultOptions()})
	s.wantKind("the second", err, vpn.Stale, "Another administrator changed this endpoint")
	_, err = s.SaveEndpointTags(ctx, s.boss, s.endpoint.ID, 1, nil)
	s.wantKind("tags from the old page", err, vpn.Stale, "Another administrator")
	if s.rows() != before || s.view().Name != "first" {
		t.Error("the second save left something")
	}
	_, err = s.EditEndpoint(ctx, s.boss, s.endpoint.ID, vpn.EndpointEdit{Version: 2, Name: "second", Certificate: s.server.ID, ClientOptions: vpn.DefaultOptions()})
	s.must(err)
	// Rules do not count as a save of the form: nobody's text is lost by them.
	s.authorize("10.0.0.0/16")
	_, err = s.EditEndpoint(ctx, s.boss, s.endpoint.ID, vpn.EndpointEdit{Version: 3, Name: "third", Certificate: s.server.ID, ClientOptions: vpn.DefaultOptions()})
	s.must(err)
}

// An expired certificate is refused where it is chosen, and keeps nobody from a new name.
func TestRenameWithExpiredCertificate(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.clock.pass(826 * 24 * time.Hour)
	_, err := s.EditEndpoint(t.Context(), s.boss, s.endpoint.ID, vpn.EndpointEdit{Version: 1, Name: "renamed", Certificate: s.server.ID, ClientOptions: vpn.DefaultOptions()})
	s.must(err)
	_, err = s.EditEndpoint(t.Context(), s.boss, s.endpoint.ID, vpn.EndpointEdit{Version: 2, Name: "renamed", Certificate: s.server.ID, Port: "1194", ClientOptions: vpn.DefaultOptions()})
	if vpn.FieldsOf(err)["certificate"] == "" {
		t.Errorf("got %v", err)
	}
}

// Every change of what the dataplane must know is a generation of its own, also when many come at
// once, and none is lost.
func TestManyChangeOneEndpoint(t *testing.T) {
	t.Parallel()
	s := associated(t)
	start := s.view().Generation
	const each, workers = 5, 8
	var wg sync.WaitGroup
	errs := make(chan error, workers*each)
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				destination := vpn.RuleSpec{Destination: strings.Join([]string{"10", "0", string(rune('1' + w)), string(rune('0' + i))}, ".") + "/32", AllUsers: true}
				_, err := s.Authorize(t.Context(), s.boss, s.endpoint.ID, destination)
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
	if got := s.view().Generation; got != start+workers*each {
		t.Errorf("generation %d after %d, want %d", got, start, start+workers*each)
	}
	var rules []vpn.Rule
	s.must(s.db.View(t.Context(), func(tx *store.Tx) (err error) { rules, err = tx.RulesOf(t.Context(), s.endpoint.ID); return err }))
	seen := map[uint64]bool{}
	for _, r := range rules {
		seen[r.Added] = true
	}
	if len(rules) != workers*each || len(seen) != len(rules) {
		t.Errorf("%d rules with %d generations", len(rules), len(seen))
	}
	s.reconcile()
	if d := s.dataplane.desired[s.endpoint.ID]; len(d.Rules) != workers*each || d.Generation != start+workers*each {
		t.Errorf("the dataplane has %d rules of generation %d", len(d.Rules), d.Generation)
	}
}

// Of many who ask for the same rule at once one gets it.
func TestTheSameRuleAtOnce(t *testing.T) {
	t.Parallel()
	s := associated(t)
	start := s.view().Generation
	var wg sync.WaitGroup
	results := make(chan error, 8)
	for range 8 {
		wg.Go(func() {
			_, err := s.Authorize(t.Context(), s.boss, s.endpoint.ID, vpn.RuleSpec{Destination: "10.0.0.0/16", AllUsers: true})
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
	if made != 1 || s.view().Generation != start+1 {
		t.Errorf("%d were made, generation %d after %d", made, s.view().Generation, start)
	}
}
