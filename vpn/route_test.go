package vpn

import (
	"fmt"
	"strings"
	"testing"
)

// A route leads through a live association, to anything but the client CIDR; the local route
// leads to exactly that. The internet is just the widest destination.
func TestAddRoutes(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	a := Association{ID: NewAssociationID(), Endpoint: e.ID, Subnet: NewSubnetID(), Zone: "zone-a"}
	b := Association{ID: NewAssociationID(), Endpoint: e.ID, Subnet: NewSubnetID(), Zone: "zone-b"}
	gone := Association{ID: NewAssociationID(), Endpoint: e.ID, Subnet: NewSubnetID(), Zone: "zone-c", Generations: Generations{Removed: 5}}
	present := []Route{
		{Association: a.ID, Subnet: a.Subnet, Destination: cidr("10.0.0.0/16"), Origin: OriginAssociate},
		{Association: a.ID, Subnet: a.Subnet, Destination: cidr("10.5.0.0/16"), Origin: OriginAddRoute},
		{Association: a.ID, Subnet: a.Subnet, Destination: cidr("10.6.0.0/16"), Origin: OriginAddRoute, Generations: Generations{Removed: 4}},
	}
	at := func(x Association) string { return string(x.Subnet) }
	for _, c := range []struct {
		destination, target, description, field, words string
	}{
		{"0.0.0.0/0", at(a), "Access to the internet", "", ""},
		{"192.168.0.0/16", at(a), "", "", ""},
		{"10.5.0.0/16", at(b), "", "", ""}, // the same through the other association
		{"10.6.0.0/16", at(a), "", "", ""}, // the old one is leaving
		{"10.0.5.0/24", at(a), "", "", ""}, // narrower than the network's
		{"10.20.0.0/22", LocalTarget, "", "", ""},
		{"10.5.0.0/16", at(a), "", "destination", "already a route to 10.5.0.0/16"},
		{"10.0.0.0/16", at(a), "", "destination", "already a route"}, // the automatic one
		{"10.20.0.0/22", at(a), "", "destination", "only the local route"},
		{"10.20.1.0/24", at(a), "", "destination", "only the local route"},
		{"10.0.0.0/8", at(a), "", "destination", "only the local route"},
		{"10.20.1.0/24", LocalTarget, "", "destination", "is the client CIDR, 10.20.0.0/22"},
		{"0.0.0.0/0", LocalTarget, "", "destination", "is the client CIDR"},
		{"127.0.0.0/8", at(a), "", "destination", "loopback"},
		{"169.254.169.254/32", at(a), "", "destination", "link-local"},
		{"224.0.0.0/4", at(a), "", "destination", "multicast"},
		{"0.0.0.0/8", at(a), "", "destination", "this network"},
		{"10.0.0.1/8", at(a), "", "destination", "host bits"},
		{"", at(a), "", "destination", "Enter"},
		{"192.168.0.0/16", "", "", "subnet", "Choose a subnet"},
		{"192.168.0.0/16", at(gone), "", "subnet", "not associated"},
		{"192.168.0.0/16", "subnet-<b>", "", "subnet", "not associated"},
		{"192.168.0.0/16", at(a), "a\nb", "description", "a line break"},
	} {
		e := e
		r, err := addRoute(&e, RouteSpec{Destination: c.destination, Targets: []string{c.target}, Description: c.description}, []Association{a, b, gone}, present, testQuotas, now)
		wantBad(t, c.destination+" by "+c.target, err, c.field, c.words)
		switch {
		case err != nil && e.Generation != 1:
			t.Errorf("%s: refused, yet generation %d", c.destination, e.Generation)
		case err == nil && (e.Generation != 2 || r.Added != 2 || r.Origin != OriginAddRoute || r.Local() != (c.target == LocalTarget)):
			t.Errorf("%s: got %+v", c.destination, r)
		}
	}
	local := Route{Destination: e.ClientCIDR, Origin: OriginAddRoute}
	_, err := addRoute(&e, RouteSpec{Destination: "10.20.0.0/22", Targets: []string{LocalTarget}}, nil, []Route{local}, testQuotas, now)
	wantBad(t, "a second local route", err, "destination", "already a route")
}

// The quota counts manual routes that are wanted.
func TestRouteQuota(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	a := Association{ID: NewAssociationID(), Subnet: NewSubnetID()}
	present := []Route{{Origin: OriginAssociate}}
	for i := range MaxRoutes {
		present = append(present, Route{Origin: OriginAddRoute, Association: a.ID, Destination: cidr(fmt.Sprintf("192.168.%d.0/24", i))})
	}
	spec := RouteSpec{Destination: "172.16.0.0/12", Targets: []string{string(a.Subnet)}}
	_, err := addRoute(&e, spec, []Association{a}, present, testQuotas, now)
	wantRefused(t, "one more", err, Conflict, "100 routes")
	present[3].Removed = 9
	if _, err := addRoute(&e, spec, []Association{a}, present, testQuotas, now); err != nil {
		t.Error(err)
	}
}

func TestRemoveRoute(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	r := Route{ID: NewRouteID(), Endpoint: e.ID, Origin: OriginAddRoute, Generations: Generations{Added: 1}}
	if err := e.RemoveRoute(&r); err != nil || r.Removed != 2 || e.Generation != 2 {
		t.Errorf("got %v, %+v", err, r)
	}
	wantRefused(t, "twice", e.RemoveRoute(&r), Conflict, "already being deleted")
	foreign := Route{ID: NewRouteID(), Endpoint: NewEndpointID(), Origin: OriginAssociate}
	wantRefused(t, "another endpoint's", e.RemoveRoute(&foreign), NotFound, string(foreign.ID))
}

// One request makes a route through each of its targets, in one generation, or none where one of them is wrong.
func TestAddSeveralRoutes(t *testing.T) {
	t.Parallel()
	a := Association{ID: "a", Subnet: "s-a"}
	b := Association{ID: "b", Subnet: "s-b"}
	gone := Association{ID: "c", Subnet: "s-c", Generations: Generations{Removed: 5}}
	present := []Route{{Association: "a", Subnet: "s-a", Destination: cidr("10.5.0.0/16"), Origin: OriginAddRoute}}
	for _, c := range []struct {
		destination, targets, field, words string
	}{
		{"0.0.0.0/0", "s-a s-b", "", ""},
		{"0.0.0.0/0", "s-b s-b s-a", "", ""},
		{"10.5.0.0/16", "s-a s-b", "subnet", "already a route to 10.5.0.0/16 through s-a. Untick it."},
		{"0.0.0.0/0", "s-a s-c", "subnet", "Subnet s-c is not associated"},
		{"0.0.0.0/0", "s-c s-d", "subnet", "The subnets s-c and s-d are not associated"},
		{"10.20.0.0/22", "s-a local", "subnet", "Choose local alone"},
		{"10.20.1.0/24", "s-a s-b", "destination", "only the local route"},
		{"0.0.0.0/0", "", "subnet", "Choose a subnet"},
	} {
		e := newEndpoint(t)
		made, err := e.AddRoutes(RouteSpec{Destination: c.destination, Targets: strings.Fields(c.targets), Description: "out"}, []Association{a, b, gone}, present, testQuotas, now)
		wantBad(t, c.destination+" by "+c.targets, err, c.field, c.words)
		switch {
		case err != nil && (e.Generation != 1 || made != nil):
			t.Errorf("%s by %s: refused, yet generation %d, %+v", c.destination, c.targets, e.Generation, made)
		case err == nil && (e.Generation != 2 || len(made) != 2 || made[0].ID == made[1].ID || made[0].Association == made[1].Association || made[1].Added != 2 || made[1].Description != "out"):
			t.Errorf("%s by %s: got %+v", c.destination, c.targets, made)
		}
	}
	e := newEndpoint(t)
	small := testQuotas
	small.Routes = 2
	_, err := e.AddRoutes(RouteSpec{Destination: "0.0.0.0/0", Targets: []string{"s-a", "s-b"}}, []Association{a, b}, present, small, now)
	wantRefused(t, "two where there is room for one", err, Conflict, "has 1 routes; with 2 more it would have 3, and the quota is 2")
}
