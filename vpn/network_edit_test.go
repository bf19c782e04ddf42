package vpn

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range texts {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

func office() Network {
	return Network{ID: "vpc-office", Name: "office", CIDRs: prefixes("10.0.0.0/16", "10.1.0.0/16"), Version: 3}
}

func TestNetworkEdit(t *testing.T) {
	t.Parallel()
	subnets := []Subnet{{ID: "subnet-a", Name: "a", Network: "vpc-office", CIDR: netip.MustParsePrefix("10.1.2.0/24")}}
	endpoints := []Endpoint{
		{ID: "cvpn-endpoint-1", Name: "main", ClientCIDR: netip.MustParsePrefix("10.20.0.0/22")},
		{ID: "cvpn-endpoint-2", Name: "leaving", ClientCIDR: netip.MustParsePrefix("10.30.0.0/22"), Deleting: true},
		{ID: "cvpn-endpoint-3", Name: "old", ClientCIDR: netip.MustParsePrefix("10.0.4.0/22")}, // of before such overlaps were refused
	}
	for name, c := range map[string]struct {
		in      NetworkEdit
		field   string
		wants   []string
		version int
	}{
		"a range is added":            {in: NetworkEdit{CIDRs: "10.0.0.0/16 10.1.0.0/16 10.9.0.0/16"}},
		"an unused range is removed":  {in: NetworkEdit{CIDRs: "10.1.0.0/16"}},
		"a range becomes wider":       {in: NetworkEdit{CIDRs: "10.0.0.0/15"}, field: "cidrs", wants: []string{"10.0.0.0/15 overlaps with the client CIDR 10.0.4.0/22 of endpoint old (cvpn-endpoint-3)."}},
		"a used range is removed":     {in: NetworkEdit{CIDRs: "10.0.0.0/16"}, field: "cidrs", wants: []string{"Subnet a (subnet-a) (10.1.2.0/24) would lie in no range"}},
		"a used range becomes narrow": {in: NetworkEdit{CIDRs: "10.1.0.0/23"}, field: "cidrs", wants: []string{"(10.1.2.0/24) would lie in no range"}},
		"the clients' range":          {in: NetworkEdit{CIDRs: "10.0.0.0/16 10.1.0.0/16 10.20.0.0/16"}, field: "cidrs", wants: []string{"10.20.0.0/16 overlaps with the client CIDR 10.20.0.0/22 of endpoint main (cvpn-endpoint-1)."}},
		"the range of one that goes":  {in: NetworkEdit{CIDRs: "10.1.0.0/16 10.30.0.0/16"}},
		"both":                        {in: NetworkEdit{CIDRs: "10.20.0.0/16"}, field: "cidrs", wants: []string{"would lie in no range", "overlaps with the client CIDR"}},
		"no range":                    {in: NetworkEdit{CIDRs: " "}, field: "cidrs", wants: []string{"Enter at least one IPv4 range"}},
		"no name":                     {in: NetworkEdit{Name: " ", CIDRs: "10.1.0.0/16"}, field: "name", wants: []string{"Enter a name"}},
		"two lines of description":    {in: NetworkEdit{Description: "a\nb", CIDRs: "10.1.0.0/16"}, field: "description", wants: []string{"one line"}},
		"a tag twice":                 {in: NetworkEdit{CIDRs: "10.1.0.0/16", Tags: []Tag{{Key: "a"}, {Key: "a"}}}, field: "tags", wants: []string{"repeated"}},
	} {
		n := office()
		c.in.Version = 3
		if c.in.Name == "" {
			c.in.Name = "head office"
		}
		err := n.Edit(c.in, subnets, endpoints)
		if c.field == "" {
			if err != nil || n.Name != "head office" || n.Version != 4 || !reflect.DeepEqual(n.CIDRs, prefixes(strings.Fields(c.in.CIDRs)...)) {
				t.Errorf("%s: %v, %+v", name, err, n)
			}
			continue
		}
		for _, want := range c.wants {
			if got := FieldsOf(err)[c.field]; !strings.Contains(got, want) {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
		if !reflect.DeepEqual(n, office()) {
			t.Errorf("%s: the network changed: %+v", name, n)
		}
	}
	n := office()
	err := n.Edit(NetworkEdit{Version: 2, Name: "x", CIDRs: "nonsense"}, nil, nil)
	if KindOf(err) != Stale || FieldsOf(err)["cidrs"] == "" || n.Name != "office" {
		t.Errorf("an older version: %v, %+v", err, n)
	}
}

func TestSubnetEdit(t *testing.T) {
	t.Parallel()
	was := Subnet{ID: "subnet-a", Name: "a", Zone: "zone-a", Version: 2}
	s := was
	if err := s.Edit(SubnetEdit{Version: 2, Name: " b ", Description: "upstairs", Tags: []Tag{{Key: "k", Value: "v"}, {}}}); err != nil {
		t.Fatal(err)
	}
	if want := (Subnet{ID: "subnet-a", Name: "b", Description: "upstairs", Zone: "zone-a", Tags: []Tag{{Key: "k", Value: "v"}}, Version: 3}); !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v", s)
	}
	s = was
	for field, in := range map[string]SubnetEdit{
		"name": {Version: 2, Name: "<b>"}, "description": {Version: 2, Description: "a\tb"}, "tags": {Version: 2, Tags: []Tag{{Value: "v"}}},
	} {
		wantBad(t, field, s.Edit(in), field, "")
	}
	if err := s.Edit(SubnetEdit{Version: 1, Name: "b"}); KindOf(err) != Stale || !reflect.DeepEqual(s, was) {
		t.Errorf("an older version: %v, %+v", err, s)
	}
}

// Each association of an endpoint has an automatic route to each range of its network, whatever there was before.
func TestFollowNetwork(t *testing.T) {
	t.Parallel()
	n := office()
	a := Association{ID: "cvpn-assoc-a", Endpoint: "cvpn-endpoint-1", Network: n.ID, Subnet: "subnet-a"}
	b := Association{ID: "cvpn-assoc-b", Endpoint: "cvpn-endpoint-1", Network: n.ID, Subnet: "subnet-b"}
	gone := Association{ID: "cvpn-assoc-gone", Endpoint: "cvpn-endpoint-1", Network: n.ID, Generations: Generations{Removed: 4}}
	other := Association{ID: "cvpn-assoc-x", Endpoint: "cvpn-endpoint-1", Network: "vpc-other"}
	route := func(id string, a Association, to string, origin RouteOrigin) Route {
		return Route{ID: RouteID(id), Endpoint: a.Endpoint, Association: a.ID, Destination: netip.MustParsePrefix(to), Origin: origin, Description: id}
	}
	table := []Route{
		route("a0", a, "10.0.0.0/16", OriginAssociate), route("a1", a, "10.1.0.0/16", OriginAssociate), route("a9", a, "10.9.0.0/16", OriginAddRoute), route("any", a, "0.0.0.0/0", OriginAddRoute),
		route("b0", b, "10.0.0.0/16", OriginAssociate), route("b1", b, "10.1.0.0/16", OriginAssociate),
		route("x1", other, "10.1.0.0/16", OriginAssociate),
		{ID: "local", Endpoint: a.Endpoint, Destination: netip.MustParsePrefix("10.20.0.0/22"), Origin: OriginAddRoute},
		{ID: "left", Endpoint: a.Endpoint, Association: b.ID, Destination: netip.MustParsePrefix("10.9.0.0/16"), Origin: OriginAssociate, Generations: Generations{Removed: 6}},
	}
	associations := []Association{a, b, gone, other}
	now := time.Unix(1000, 0)

	e := Endpoint{ID: a.Endpoint, Generation: 7}
	if got := e.FollowNetwork(n, associations, table, now); got.Lead() || len(got.Saved) != 0 || e.Generation != 7 {
		t.Errorf("an unchanged network changes %+v in generation %d", got, e.Generation)
	}

	n.CIDRs = prefixes("10.0.0.0/16", "10.9.0.0/16")
	got := e.FollowNetwork(n, associations, table, now)
	if e.Generation != 8 || !got.Lead() {
		t.Errorf("generation %d", e.Generation)
	}
	if len(got.Added) != 1 || got.Added[0].Association != b.ID || got.Added[0].Subnet != b.Subnet || got.Added[0].Destination.String() != "10.9.0.0/16" ||
		got.Added[0].Origin != OriginAssociate || got.Added[0].Added != 8 || got.Added[0].CreatedAt != now || got.Added[0].Endpoint != e.ID {
		t.Errorf("added %+v", got.Added)
	}
	saved := map[RouteID]Route{}
	for _, r := range got.Saved {
		saved[r.ID] = r
	}
	if len(saved) != 3 || saved["a1"].Removed != 8 || saved["b1"].Removed != 8 || saved["a9"].Removed != 0 || saved["a9"].Origin != OriginAssociate || saved["a9"].Description != "a9" {
		t.Errorf("saved %+v", got.Saved)
	}
	if adopted := got.Adopted(); !reflect.DeepEqual(adopted, prefixes("10.9.0.0/16")) {
		t.Errorf("manual routes that become automatic: %v", adopted)
	}
	rules := []Rule{{Destination: netip.MustParsePrefix("10.9.7.0/24")}, {Destination: netip.MustParsePrefix("10.8.0.0/16"), Generations: Generations{Removed: 2}}}
	if got := RangesWithoutRule(prefixes("10.9.0.0/16", "10.8.0.0/16", "10.7.0.0/16"), rules); !reflect.DeepEqual(got, prefixes("10.8.0.0/16", "10.7.0.0/16")) {
		t.Errorf("ranges without a rule: %v", got)
	}
	after := got.Of(table)
	if len(after) != len(table)+1 || after[1].Removed != 8 || after[2].Origin != OriginAssociate || table[1].Removed != 0 {
		t.Errorf("the table is %+v", after)
	}
	if again := e.FollowNetwork(n, associations, after, now); again.Lead() || len(again.Saved) != 0 || e.Generation != 8 {
		t.Errorf("a second time changes %+v", again)
	}

	leaving := Endpoint{ID: a.Endpoint, Generation: 7, Deleting: true}
	if got := leaving.FollowNetwork(n, associations, table, now); got.Lead() || leaving.Generation != 7 {
		t.Errorf("an endpoint that is being deleted: %+v", got)
	}
}

// What another route table does to running sessions: a destination more interrupts none, under split-tunnel clients learn of
// it later; a destination less ends what goes there.
func TestEffectOfRoutes(t *testing.T) {
	t.Parallel()
	to := func(association, destination string) Route {
		return Route{Association: AssociationID(association), Destination: netip.MustParsePrefix(destination)}
	}
	one := []Route{to("a", "10.0.0.0/16")}
	two := append(one[:1:1], to("a", "10.9.0.0/16"))
	routes := []Aspect{AspectRoutes}
	removed := to("a", "10.9.0.0/16")
	removed.Removed = 3
	for name, c := range map[string]struct {
		before, after []Route
		split         bool
		want          Effect
	}{
		"the same":               {one, one, true, Effect{}},
		"more":                   {one, two, false, Effect{AtOnce: routes}},
		"more, split-tunnel":     {one, two, true, Effect{Next: routes}},
		"less":                   {two, one, false, Effect{Cut: routes}},
		"less, split-tunnel":     {two, one, true, Effect{Cut: routes, Next: routes}},
		"both":                   {two, []Route{to("a", "10.0.0.0/16"), to("a", "10.8.0.0/16")}, false, Effect{AtOnce: routes, Cut: routes}},
		"of another":             {one, append(one[:1:1], to("b", "10.0.0.0/16")), false, Effect{AtOnce: routes}},
		"being removed":          {one, append(one[:1:1], removed), true, Effect{}},
		"between clients":        {one, append(one[:1:1], to("", "10.20.0.0/22")), true, Effect{}},
		"from manual to its own": {[]Route{{Association: "a", Destination: one[0].Destination, Origin: OriginAddRoute}}, one, true, Effect{}},
	} {
		before, after := side(t), side(t)
		before.Routes, after.Routes = c.before, c.after
		after.Endpoint = before.Endpoint
		before.Endpoint.SplitTunnel, after.Endpoint.SplitTunnel = c.split, c.split
		if got := EffectOf(before, after); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
	cut := Announcement{Effect: Effect{Cut: routes, Next: routes}, Reach: Reach{People: 2, Connections: 3}}
	if cut.Kind() != "next cut" || !cut.Choice() {
		t.Errorf("the kind is %q", cut.Kind())
	}
	if s := cut.Sentences(); len(s) != 2 || s[0].About != "Route table" || !strings.Contains(s[0].Text, "no session ends. 2 users are connected now.") {
		t.Errorf("told %+v", s)
	}
	if got := (Effect{Cut: routes}); got.None() || !reflect.DeepEqual(got.Union(Effect{Cut: routes}), got) {
		t.Errorf("the union is %+v", got.Union(got))
	}
}
