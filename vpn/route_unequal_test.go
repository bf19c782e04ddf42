package vpn

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// routesThrough is a route table as text: for each association the destinations of its routes.
func routesThrough(e Endpoint, table ...string) ([]Association, []Route) {
	var associations []Association
	var routes []Route
	for i, line := range table {
		a := Association{ID: AssociationID(fmt.Sprintf("a%d", i)), Endpoint: e.ID, Subnet: SubnetID(fmt.Sprintf("s%d", i))}
		associations = append(associations, a)
		for _, d := range strings.Fields(line) {
			routes = append(routes, Route{Association: a.ID, Subnet: a.Subnet, Destination: cidr(d), Origin: OriginAddRoute, Description: "to " + d})
		}
	}
	return associations, routes
}

// text is the unequal routes as text.
func unequalText(list []UnequalRoute) string {
	var out []string
	for _, u := range list {
		line := u.Destination.String() + " lacked by"
		for _, a := range u.Missing {
			line += " " + string(a.ID)
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

// A destination is unequal where a target network has no route to all of it.
func TestUnequalRoutes(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t) // clients have 10.20.0.0/22
	for _, c := range []struct {
		name  string
		table []string
		want  string
	}{
		{"no target network", nil, ""},
		{"one", []string{"10.0.0.0/16 0.0.0.0/0"}, ""},
		{"equal", []string{"10.0.0.0/16", "10.0.0.0/16"}, ""},
		{"the internet by one of three", []string{"10.0.0.0/16 0.0.0.0/0", "10.0.0.0/16", "10.0.0.0/16"}, "0.0.0.0/0 lacked by a1 a2"},
		{"a wider route leads there too", []string{"10.0.0.0/16", "10.0.0.0/8"}, "10.0.0.0/8 lacked by a0"},
		{"two halves are the whole", []string{"10.0.0.0/16", "10.0.0.0/17 10.0.128.0/17"}, ""},
		{"the clients need no route", []string{"0.0.0.0/0", "0.0.0.0/5 8.0.0.0/7 10.0.0.0/12 10.16.0.0/14 10.20.4.0/22 10.20.8.0/21 10.20.16.0/20 10.20.32.0/19 10.20.64.0/18 10.20.128.0/17 10.21.0.0/16 10.22.0.0/15 10.24.0.0/13 10.32.0.0/11 10.64.0.0/10 10.128.0.0/9 11.0.0.0/8 12.0.0.0/6 16.0.0.0/4 32.0.0.0/3 64.0.0.0/2 128.0.0.0/1"}, ""},
		{"each has a part", []string{"10.0.0.0/17", "10.0.128.0/17"}, "10.0.0.0/17 lacked by a1, 10.0.128.0/17 lacked by a0"},
		{"several", []string{"192.0.2.0/24 10.9.0.0/16", "198.51.100.0/24 10.9.0.0/16"}, "192.0.2.0/24 lacked by a1, 198.51.100.0/24 lacked by a0"},
	} {
		associations, routes := routesThrough(e, c.table...)
		routes = append(routes, Route{Destination: e.ClientCIDR, Origin: OriginAddRoute}) // local
		if got := unequalText(UnequalRoutes(e.ClientCIDR, associations, routes)); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	associations, routes := routesThrough(e, "0.0.0.0/0", "", "")
	u := UnequalRoutes(e.ClientCIDR, associations, routes)[0]
	if want := "Through 1 of 3 target networks only: sessions of the others do not reach it."; u.Warning() != want || u.Description != "to 0.0.0.0/0" {
		t.Errorf("got %q, %q", u.Warning(), u.Description)
	}
	associations[1].Removed, associations[2].Removed = 3, 3
	if got := UnequalRoutes(e.ClientCIDR, associations, routes); len(got) > 0 {
		t.Errorf("the others leave: %+v", got)
	}
	associations, routes = routesThrough(e, "0.0.0.0/0", "")
	routes[0].Removed = 3
	if got := UnequalRoutes(e.ClientCIDR, associations, routes); len(got) > 0 {
		t.Errorf("the route leaves: %+v", got)
	}
}

// What is missing is added once; whatever the table was, all sessions have a way to the same addresses afterwards, and
// before, addresses that only some have a way to are those of the unequal routes.
func TestAddMissingRoutes(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(15, 2))
	for range 300 {
		e := newEndpoint(t)
		table := make([]string, 1+random.IntN(4))
		for i := range table {
			for range random.IntN(4) {
				bits := []int{0, 1, 2, 8, 9, 10, 16}[random.IntN(7)]
				p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(random.IntN(256)), byte(64 * random.IntN(4)), 0, 0}), bits).Masked()
				if IsAny(p) || !p.Overlaps(e.ClientCIDR) {
					table[i] += " " + p.String()
				}
			}
		}
		associations, routes := routesThrough(e, table...)
		unequal := UnequalRoutes(e.ClientCIDR, associations, routes)
		for range 200 {
			at := netip.AddrFrom4([4]byte{byte(random.IntN(256)), byte(random.IntN(256)), 1, 1})
			inside := slices.ContainsFunc(unequal, func(u UnequalRoute) bool { return u.Destination.Contains(at) })
			if !equalAt(associations, routes, at) && !inside && !e.ClientCIDR.Contains(at) {
				t.Fatalf("%q: some reach %s, and no unequal route says so: %s", table, at, unequalText(unequal))
			}
		}
		made, err := e.AddMissingRoutes(netip.Prefix{}, associations, routes, testQuotas, now)
		if err != nil || (len(made) > 0) != (len(unequal) > 0) || (e.Generation == 2) != (len(made) > 0) {
			t.Fatalf("%q: got %v, %v, generation %d", table, made, err, e.Generation)
		}
		routes = append(routes, made...)
		for range 200 {
			at := netip.AddrFrom4([4]byte{byte(random.IntN(256)), byte(random.IntN(256)), 1, 1})
			if !equalAt(associations, routes, at) {
				t.Fatalf("%q: still only some reach %s", table, at)
			}
		}
		again, err := e.AddMissingRoutes(netip.Prefix{}, associations, routes, testQuotas, now)
		if err != nil || again != nil || (e.Generation == 2) != (len(made) > 0) {
			t.Fatalf("%q: the second time: got %v, %v, generation %d", table, again, err, e.Generation)
		}
	}
}

// equalAt tells whether all associations have a route to an address, or none.
func equalAt(associations []Association, routes []Route, at netip.Addr) bool {
	d := Desired{}
	for _, a := range associations {
		d.Associations = append(d.Associations, DesiredAssociation{ID: a.ID, Routes: routesOf(a.ID, routes)})
	}
	for _, a := range associations {
		if hasRoute(d, a.ID, at) != hasRoute(d, associations[0].ID, at) {
			return false
		}
	}
	return true
}

// The missing routes of one destination are like its first route; those that exceed the quota are refused together.
func TestAddMissingRoutesOfOne(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	associations, routes := routesThrough(e, "0.0.0.0/0 192.0.2.0/24", "", "")
	made, err := e.AddMissingRoutes(cidr("0.0.0.0/0"), associations, routes, testQuotas, now)
	if err != nil || len(made) != 2 || e.Generation != 2 {
		t.Fatalf("got %+v, %v", made, err)
	}
	for i, r := range made {
		a := associations[i+1]
		if r.Association != a.ID || r.Subnet != a.Subnet || r.Destination != cidr("0.0.0.0/0") || r.Origin != OriginAddRoute || r.Description != "to 0.0.0.0/0" ||
			r.Added != 2 || !r.ID.Valid() || r.Endpoint != e.ID || !r.CreatedAt.Equal(now) {
			t.Errorf("got %+v", r)
		}
	}
	if made, err := e.AddMissingRoutes(cidr("10.0.0.0/16"), associations, routes, testQuotas, now); made != nil || err != nil {
		t.Errorf("of a destination without a route: got %+v, %v", made, err)
	}
	small := testQuotas
	small.Routes = 3
	_, err = e.AddMissingRoutes(netip.Prefix{}, associations, routes, small, now)
	wantRefused(t, "more than the quota has room for", err, Conflict, "has 2 routes; with 4 more it would have 6, and the quota is 3")
	if e.Generation != 2 {
		t.Errorf("refused, yet generation %d", e.Generation)
	}
	e.Deleting = true
	_, err = e.AddMissingRoutes(netip.Prefix{}, associations, routes, testQuotas, now)
	wantRefused(t, "of an endpoint that is being deleted", err, Conflict, "is being deleted")
}

// A new association gets the manual routes of another one, but for those to where its automatic ones lead.
func TestCopyRoutes(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	associations, routes := routesThrough(e, "0.0.0.0/0 192.0.2.0/24 10.1.0.0/16", "198.51.100.0/24")
	routes[1].Removed = 5
	routes = append(routes, Route{Association: "a0", Destination: cidr("10.0.0.0/16"), Origin: OriginAssociate})
	to := Association{ID: "new", Endpoint: e.ID, Subnet: "s-new", CreatedAt: now, Generations: Generations{Added: 7}}
	automatic := []Route{{Association: "new", Destination: cidr("10.1.0.0/16")}}
	made, err := e.CopyRoutes(to, "a0", automatic, associations, routes, testQuotas)
	if err != nil || len(made) != 1 || made[0].Destination != cidr("0.0.0.0/0") || made[0].Association != "new" || made[0].Subnet != "s-new" || made[0].Added != 7 ||
		made[0].Description != "to 0.0.0.0/0" || !made[0].ID.Valid() {
		t.Fatalf("got %+v, %v", made, err)
	}
	associations[0].Removed = 6
	for _, from := range []AssociationID{"a0", "a9"} {
		_, err = e.CopyRoutes(to, from, automatic, associations, routes, testQuotas)
		wantBad(t, string(from), err, "copy_routes", "not associated any more")
	}
	small := testQuotas
	small.Routes = 1
	_, err = e.CopyRoutes(to, "a1", nil, associations, routes, small)
	wantRefused(t, "more than the quota has room for", err, Conflict, "the quota is 1")
}

// A rule that only some sessions have a route for says so.
func TestWarningOfUnequalRoutes(t *testing.T) {
	t.Parallel()
	e := newEndpoint(t)
	e.Network = "vpc-1"
	associations, routes := routesThrough(e, "10.0.0.0/16 0.0.0.0/0", "10.0.0.0/16", "10.0.0.0/16 192.0.2.0/24")
	for destination, want := range map[string]string{
		"10.0.0.0/16":     "", // each has a route to it
		"10.0.5.0/24":     "",
		"0.0.0.0/0":       "Routes lead to 0.0.0.0/0 through 1 of 3 target networks only; add the missing ones in the route table.",
		"198.51.100.0/24": "Routes lead to 198.51.100.0/24 through 1 of 3 target networks only; add the missing ones in the route table.",
		"192.0.2.128/25":  "Routes lead to 192.0.2.128/25 through 2 of 3 target networks only; add the missing ones in the route table.",
	} {
		rule := Rule{ID: "rule", Destination: cidr(destination)}
		if got := Warnings(e, []Rule{rule}, associations, routes)["rule"]; got != want {
			t.Errorf("%s: got %q, want %q", destination, got, want)
		}
	}
}
