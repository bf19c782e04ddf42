package vpn

import "testing"

// The guide, "Target networks": subnets of one network, one an availability zone, none that overlaps with the
// client CIDR. Those that are leaving no longer count, except for their own subnet.
func TestAssociate(t *testing.T) {
	t.Parallel()
	n, other := newNetwork(t, "10.0.0.0/16"), newNetwork(t, "10.1.0.0/16")
	a, b := newSubnet(t, n, "10.0.1.0/24", "zone-a"), newSubnet(t, n, "10.0.2.0/24", "zone-b")
	a2 := newSubnet(t, n, "10.0.3.0/24", "zone-a")
	foreign := newSubnet(t, other, "10.1.1.0/24", "zone-b")
	around := newNetwork(t, "10.16.0.0/12")
	aside := newSubnet(t, around, "10.17.0.0/24", "zone-a") // itself clear of the client CIDR, its network is not
	live := Association{Subnet: a.ID, Network: n.ID, Zone: a.Zone, Generations: Generations{Added: 1}}
	leaving := live
	leaving.Removed = 2
	for name, c := range map[string]struct {
		network      Network
		subnet       Subnet
		others       []Association
		field, words string
	}{
		"first":                            {n, a, nil, "", ""},
		"second zone":                      {n, b, []Association{live}, "", ""},
		"same subnet":                      {n, a, []Association{live}, "subnet", "already associated"},
		"same zone":                        {n, a2, []Association{live}, "subnet", "zone-a already has"},
		"other network":                    {other, foreign, []Association{live}, "network", "subnets of one network"},
		"subnet of another network":        {n, foreign, nil, "subnet", "does not belong"},
		"network overlaps":                 {around, aside, nil, "network", "10.20.0.0/22 overlaps with 10.16.0.0/12"},
		"same subnet is leaving":           {n, a, []Association{leaving}, "subnet", "still being disassociated"},
		"other of the zone is leaving":     {n, a2, []Association{leaving}, "", ""},
		"other network's last one leaving": {other, foreign, []Association{leaving}, "", ""},
	} {
		e := newEndpoint(t)
		made, routes, err := e.Associate(c.network, c.subnet, c.others, now)
		wantBad(t, name, err, c.field, c.words)
		if err != nil {
			if e.Generation != 1 || e.Network != "" || routes != nil {
				t.Errorf("%s: refused, yet changed: %+v, %v", name, e, routes)
			}
			continue
		}
		if e.Generation != 2 || e.Network != c.network.ID || made.Added != 2 || made.CIDR != c.subnet.CIDR || made.Endpoint != e.ID || !made.ID.Valid() {
			t.Errorf("%s: got %+v, %+v", name, e, made)
		}
	}
}

// The network's ranges come as automatic routes of the association, and leave with it; so do its
// manual routes, and no others.
func TestAutomaticRoutes(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	n := newNetwork(t, "10.0.0.0/16 10.1.0.0/16")
	a, routesA, err := e.Associate(n, newSubnet(t, n, "10.0.1.0/24", "zone-a"), nil, now)
	if err != nil {
		t.Fatal(err)
	}
	b, routesB, err := e.Associate(n, newSubnet(t, n, "10.1.1.0/24", "zone-b"), []Association{a}, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(routesA) != 2 || routesA[0].Destination != cidr("10.0.0.0/16") || routesA[1].Destination != cidr("10.1.0.0/16") {
		t.Fatalf("automatic routes: %+v", routesA)
	}
	for _, r := range routesA {
		if r.Origin != OriginAssociate || r.Association != a.ID || r.Subnet != a.Subnet || r.Added != a.Added {
			t.Errorf("automatic route %+v", r)
		}
		wantRefused(t, "deleting an automatic route", e.RemoveRoute(&r), Conflict, "disassociate the target network")
	}
	all := append(routesA, routesB...)
	manual, err := addRoute(&e, RouteSpec{Destination: "192.168.0.0/16", Targets: []string{string(a.Subnet)}}, []Association{a, b}, all, testQuotas, now)
	if err != nil {
		t.Fatal(err)
	}
	gone, err := addRoute(&e, RouteSpec{Destination: "192.0.2.0/24", Targets: []string{string(a.Subnet)}}, []Association{a, b}, all, testQuotas, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.RemoveRoute(&gone); err != nil {
		t.Fatal(err)
	}
	local, err := addRoute(&e, RouteSpec{Destination: "10.20.0.0/22", Targets: []string{LocalTarget}}, nil, all, testQuotas, now)
	if err != nil {
		t.Fatal(err)
	}
	before := e.Generation
	leaving, err := e.Disassociate(&a, append(all, manual, gone, local), 1)
	if err != nil || len(leaving) != 3 || a.Removed != before+1 || e.Generation != before+1 || e.Network != n.ID {
		t.Fatalf("got %v, %+v, %+v", err, leaving, a)
	}
	for _, r := range leaving {
		if r.Association != a.ID || r.Removed != a.Removed || r.ID == gone.ID {
			t.Errorf("leaves: %+v", r)
		}
	}
	_, err = e.Disassociate(&a, nil, 1)
	wantRefused(t, "twice", err, Conflict, "already being disassociated")
	if _, err := e.Disassociate(&b, nil, 0); err != nil || e.Network != "" {
		t.Errorf("after the last one: %v, network %q", err, e.Network)
	}
	foreign := Association{ID: NewAssociationID(), Endpoint: NewEndpointID()}
	_, err = e.Disassociate(&foreign, nil, 0)
	wantRefused(t, "another endpoint's", err, NotFound, string(foreign.ID))
}
