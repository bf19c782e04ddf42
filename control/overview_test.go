package control_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

// ticks draws the tutorial: each done step's key, and the next one in brackets.
func (h *house) ticks() string {
	h.t.Helper()
	steps, err := h.GettingStarted(h.t.Context(), h.reader)
	h.must(err)
	var words []string
	for _, s := range steps {
		if s.Done {
			words = append(words, s.Key)
		}
		if s.Next {
			words = append(words, "["+s.Key+"]")
		}
	}
	return strings.Join(words, " ")
}

// A step is ticked once it is applied, and un-ticked when it is undone.
func TestGettingStarted(t *testing.T) {
	t.Parallel()
	s := &site{house: staffed(t)}
	ctx := t.Context()
	want := func(what, ticks string) {
		t.Helper()
		if got := s.ticks(); got != ticks {
			t.Errorf("%s: got %q, want %q", what, got, ticks)
		}
	}
	want("nothing", "[prerequisites]")
	var err error
	s.network, err = s.CreateNetwork(ctx, s.boss, vpn.NetworkSpec{Name: "office", CIDRs: "10.0.0.0/16"})
	s.must(err)
	want("a network without subnets", "[prerequisites]")
	s.a, err = s.CreateSubnet(ctx, s.boss, s.network.ID, vpn.SubnetSpec{CIDR: "10.0.1.0/24", Zone: "zone-a"})
	s.must(err)
	want("a subnet", "prerequisites [certificates]")
	s.ca, err = s.CreateAuthority(ctx, s.boss, control.AuthoritySpec{CommonName: "Our CA", KeyType: vpn.ECDSAP256})
	s.must(err)
	s.server = s.issue(vpn.UseServer, "vpn.example.test")
	want("one certificate", "prerequisites [certificates]")
	s.alice = s.issue(vpn.UseClient, "alice")
	want("both certificates", "prerequisites certificates [endpoint]")
	s.endpoint = s.create("main", "10.20.0.0/22", "")
	want("an endpoint", "prerequisites certificates endpoint [association]")
	s.association = s.associate(s.a)
	want("asked for, not applied", "prerequisites certificates endpoint [association]")
	s.reconcile()
	want("applied", "prerequisites certificates endpoint association [rule]")
	rule := s.authorize("10.0.0.0/16")
	want("a rule that waits", "prerequisites certificates endpoint association [rule]")
	s.reconcile()
	want("a rule", "prerequisites certificates endpoint association rule [configuration]")
	s.authorize("0.0.0.0/0")
	route, err := s.CreateRoute(ctx, s.boss, s.endpoint.ID, vpn.RouteSpec{Destination: "0.0.0.0/0", Target: string(s.a.ID)})
	s.must(err)
	want("the internet, not applied", "prerequisites certificates endpoint association rule [configuration]")
	s.reconcile()
	want("the internet", "prerequisites certificates endpoint association rule internet [configuration]")
	_, err = s.ClientConfiguration(ctx, s.boss, s.endpoint.ID, "")
	s.must(err)
	want("the file", "prerequisites certificates endpoint association rule internet configuration [connect]")
	s.connect("alice")
	want("connected", "prerequisites certificates endpoint association rule internet configuration connect")

	s.must(s.Revoke(ctx, s.boss, s.endpoint.ID, rule.ID))
	want("the rule is undone", "prerequisites certificates endpoint association [rule] internet configuration connect")
	s.must(s.DeleteRoute(ctx, s.boss, s.endpoint.ID, route.ID))
	s.reconcile()
	want("the internet is undone", "prerequisites certificates endpoint association [rule] configuration connect")
	s.must(s.Disassociate(ctx, s.boss, s.endpoint.ID, s.association.ID))
	want("the association is undone", "prerequisites certificates endpoint [association] configuration connect")
	s.reconcile()
	s.must(s.DeleteEndpoint(ctx, s.boss, s.endpoint.ID, "delete"))
	want("the endpoint is being deleted", "prerequisites certificates [endpoint]")
}

// The steps are about the endpoint that has come furthest, and say what it waits for.
func TestGettingStartedFollowsTheBest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	best := s.create("best", "10.30.0.0/22", "1194")
	_, err := s.Associate(t.Context(), s.boss, best.ID, "", s.a.ID)
	s.must(err)
	s.reconcile()
	steps, err := s.GettingStarted(t.Context(), s.reader)
	s.must(err)
	if steps[3].Key != "association" || !steps[3].Done || steps[3].Endpoint != best.ID {
		t.Errorf("got %+v", steps[3])
	}
	s.dataplane.down = errDown
	s.clock.pass(vpn.ObservationLife + time.Second)
	_, err = s.Authorize(t.Context(), s.boss, best.ID, vpn.RuleSpec{Destination: "10.0.0.0/16", AllUsers: true})
	s.must(err)
	steps, err = s.GettingStarted(t.Context(), s.reader)
	s.must(err)
	if steps[4].Done || !strings.Contains(steps[4].Note, "has not answered") {
		t.Errorf("got %+v", steps[4])
	}
}

// The form for an association offers what can still be chosen and says why the rest cannot.
func TestAssociationChoices(t *testing.T) {
	t.Parallel()
	s := associated(t)
	before := s.rows()
	c, err := s.AssociationChoices(t.Context(), s.boss, s.endpoint.ID, control.AssociationSearch{})
	s.must(err)
	if len(c.Networks) != 1 || len(c.Subnets) != 2 || !strings.Contains(c.Taken[s.a.ID], "already associated") || c.Taken[s.b.ID] != "" {
		t.Errorf("got %+v", c)
	}
	p, err := s.DisassociatePreview(t.Context(), s.boss, s.endpoint.ID, s.association.ID)
	s.must(err)
	if !p.Last || len(p.Routes) != 1 || p.Association.SubnetName != "a" || p.Connections != 0 {
		t.Errorf("got %+v", p)
	}
	if s.rows() != before {
		t.Error("looking changed something")
	}
	s.associate(s.b)
	if p, err = s.DisassociatePreview(t.Context(), s.boss, s.endpoint.ID, s.association.ID); err != nil || p.Last {
		t.Errorf("with a second one: %+v, %v", p, err)
	}
}

// While one network leaves and another is there already, both have their names.
func TestSubnetNamesOfTwoNetworks(t *testing.T) {
	t.Parallel()
	s := associated(t)
	ctx := t.Context()
	n, err := s.CreateNetwork(ctx, s.boss, vpn.NetworkSpec{Name: "second", CIDRs: "10.7.0.0/16"})
	s.must(err)
	sub, err := s.CreateSubnet(ctx, s.boss, n.ID, vpn.SubnetSpec{Name: "new one", CIDR: "10.7.0.0/24", Zone: "zone-a"})
	s.must(err)
	s.must(s.Disassociate(ctx, s.boss, s.endpoint.ID, s.association.ID))
	s.associate(sub)
	names := map[string]vpn.AssociationState{}
	for _, row := range s.view().Associations {
		names[row.SubnetName] = row.State
	}
	if names["a"] != vpn.Disassociating || names["new one"] != vpn.Associating {
		t.Errorf("got %v", names)
	}
}
