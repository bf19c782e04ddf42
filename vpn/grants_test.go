package vpn

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func allow(destination string) DesiredRule {
	return DesiredRule{ID: NewRuleID(), Destination: cidr(destination), AllUsers: true}
}

func grant(destination, group string) DesiredRule {
	return DesiredRule{ID: NewRuleID(), Destination: cidr(destination), Group: group}
}

// The most specific destination decides alone; among equal ones any grant will do. A packet also
// needs a route of its own association, and between clients the local route stands for that.
func TestDecide(t *testing.T) {
	t.Parallel()
	const one, two = AssociationID("one"), AssociationID("two")
	routes := func(id AssociationID, cidrs ...string) DesiredAssociation {
		a := DesiredAssociation{ID: id}
		for _, c := range cidrs {
			a.Routes = append(a.Routes, cidr(c))
		}
		return a
	}
	d := Desired{
		ClientCIDR:   cidr("10.20.0.0/22"),
		Associations: []DesiredAssociation{routes(one, "10.0.0.0/16", "0.0.0.0/0"), routes(two, "10.0.0.0/16")},
		Rules: []DesiredRule{
			allow("10.0.0.0/16"), grant("10.0.5.0/24", "dev"), grant("10.0.5.0/24", "ops"), grant("10.0.5.9/32", "ops"), grant("8.8.8.8/32", "dev"),
			allow("10.20.0.0/23"), allow("168.63.0.0/16"), allow("100.100.100.200/32"),
		},
	}
	for _, c := range []struct {
		association AssociationID
		groups      []string
		dst         string
		local       bool
		want        Verdict
	}{
		{one, nil, "10.0.1.1", false, Allow},
		{two, nil, "10.0.1.1", false, Allow},
		{"none", nil, "10.0.1.1", false, DenyNoRoute}, // rules alone are not enough
		{one, nil, "10.0.5.1", false, DenyGroup},      // no fall-back to the wider rule for everybody
		{one, []string{"dev"}, "10.0.5.1", false, Allow},
		{one, []string{"sales", "ops"}, "10.0.5.1", false, Allow},
		{one, []string{"sales"}, "10.0.5.1", false, DenyGroup},
		{one, []string{"dev"}, "10.0.5.9", false, DenyGroup},
		{one, []string{"ops"}, "10.0.5.9", false, Allow},
		{one, []string{"ops"}, "10.0.4.255", false, Allow},
		{one, []string{"dev"}, "8.8.8.8", false, Allow},
		{two, []string{"dev"}, "8.8.8.8", false, DenyNoRoute}, // the other association's route is not ours
		{one, []string{"dev"}, "8.8.4.4", false, DenyNoRule},  // a route alone is not enough
		{one, nil, "10.20.0.7", false, DenyOtherClient},       // not even with 0.0.0.0/0 routed
		{one, nil, "10.20.0.7", true, Allow},
		{"none", nil, "10.20.0.7", true, Allow},
		{one, nil, "10.20.2.7", true, DenyNoRule},      // the local route alone is not enough
		{one, nil, "168.63.129.16", false, DenyNoRule}, // opened by a rule for the /32 alone
		{one, nil, "100.100.100.200", false, Allow},
		{one, nil, "169.254.169.254", false, DenyUnroutable}, // whatever the rules say
	} {
		d.ClientToClient = c.local
		if got := Decide(d, c.association, c.groups, ip(c.dst)); got != c.want {
			t.Errorf("%s of %s with %v, local %v: got %s, want %s", c.dst, c.association, c.groups, c.local, got, c.want)
		}
	}
}

// The example of the guide, "Authorization rules for Active Directory groups not working as expected": five rules of three groups. Rules for 0.0.0.0/0 come last in
// any order of creation; without rules 1 and 5 all three groups reach everything.
func TestGuidesGroupsExample(t *testing.T) {
	t.Parallel()
	rules := []DesiredRule{
		grant("10.1.0.0/16", "1"), grant("0.0.0.0/0", "1"), grant("0.0.0.0/0", "2"), grant("0.0.0.0/0", "3"), grant("172.131.0.0/16", "2"),
	}
	for _, c := range []struct {
		group, dst    string
		all, shortend bool // with the five rules; without rules 1 and 5
	}{
		{"1", "10.1.0.1", true, true},
		{"1", "172.131.0.1", false, true},
		{"1", "8.8.8.8", true, true},
		{"2", "10.1.0.1", false, true},
		{"2", "172.131.0.1", true, true},
		{"2", "8.8.8.8", true, true},
		{"3", "10.1.0.1", false, true},
		{"3", "172.131.0.1", false, true},
		{"3", "8.8.8.8", true, true},
		{"4", "10.1.0.1", false, false},
		{"4", "8.8.8.8", false, false},
	} {
		for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}} {
			d := Desired{ClientCIDR: cidr("10.20.0.0/22"), Associations: []DesiredAssociation{{ID: "a", Routes: []netip.Prefix{anyIPv4}}}}
			for _, i := range order {
				d.Rules = append(d.Rules, rules[i])
			}
			if got := Decide(d, "a", []string{c.group}, ip(c.dst)) == Allow; got != c.all {
				t.Errorf("group %s to %s, order %v: got %v", c.group, c.dst, order, got)
			}
		}
		d := Desired{ClientCIDR: cidr("10.20.0.0/22"), Rules: rules[1:4], Associations: []DesiredAssociation{{ID: "a", Routes: []netip.Prefix{anyIPv4}}}}
		if got := Decide(d, "a", []string{c.group}, ip(c.dst)) == Allow; got != c.shortend {
			t.Errorf("group %s to %s without rules 1 and 5: got %v", c.group, c.dst, got)
		}
	}
}

// Nested destinations become disjoint ranges; the narrower one has its addresses to itself.
func TestFlatten(t *testing.T) {
	t.Parallel()
	text := func(ranges []Range) (out []string) {
		for _, r := range ranges {
			who := fmt.Sprint(r.Grant.Groups)
			if r.Grant.All {
				who = "all"
			}
			out = append(out, fmt.Sprintf("%s-%s %s", r.First, r.Last, who))
		}
		return out
	}
	for name, c := range map[string]struct {
		rules []DesiredRule
		want  []string
	}{
		"none": {nil, nil},
		"one":  {[]DesiredRule{allow("10.0.0.0/16")}, []string{"10.0.0.0-10.0.255.255 all"}},
		"everything": {[]DesiredRule{allow("0.0.0.0/0")}, []string{"1.0.0.0-100.100.100.199 all", "100.100.100.201-126.255.255.255 all", "128.0.0.0-168.63.129.15 all", "168.63.129.17-169.253.255.255 all",
			"169.255.0.0-192.0.0.191 all", "192.0.0.193-223.255.255.255 all"}},
		"a metadata address that a rule names": {[]DesiredRule{allow("168.63.129.0/24"), grant("168.63.129.16/32", "a")},
			[]string{"168.63.129.0-168.63.129.15 all", "168.63.129.16-168.63.129.16 [a]", "168.63.129.17-168.63.129.255 all"}},
		"a rule that is wider by one bit": {[]DesiredRule{allow("192.0.0.192/31")}, []string{"192.0.0.193-192.0.0.193 all"}},
		"first and last address":          {[]DesiredRule{allow("223.255.255.255/32"), grant("1.0.0.0/32", "a")}, []string{"1.0.0.0-1.0.0.0 [a]", "223.255.255.255-223.255.255.255 all"}},
		"hole in the middle": {[]DesiredRule{grant("10.0.1.0/24", "a"), allow("10.0.0.0/16")},
			[]string{"10.0.0.0-10.0.0.255 all", "10.0.1.0-10.0.1.255 [a]", "10.0.2.0-10.0.255.255 all"}},
		"hole at the start": {[]DesiredRule{allow("10.0.0.0/16"), grant("10.0.0.0/24", "a")}, []string{"10.0.0.0-10.0.0.255 [a]", "10.0.1.0-10.0.255.255 all"}},
		"hole at the end":   {[]DesiredRule{allow("10.0.0.0/16"), grant("10.0.255.0/24", "a")}, []string{"10.0.0.0-10.0.254.255 all", "10.0.255.0-10.0.255.255 [a]"}},
		"three deep, one end": {[]DesiredRule{allow("0.0.0.0/0"), grant("128.0.0.0/1", "a"), grant("223.255.255.255/32", "b")},
			[]string{"1.0.0.0-100.100.100.199 all", "100.100.100.201-126.255.255.255 all", "128.0.0.0-168.63.129.15 [a]", "168.63.129.17-169.253.255.255 [a]",
				"169.255.0.0-192.0.0.191 [a]", "192.0.0.193-223.255.255.254 [a]", "223.255.255.255-223.255.255.255 [b]"}},
		"unroutable addresses": {[]DesiredRule{allow("255.255.255.255/32"), grant("0.0.0.0/7", "a"), allow("126.0.0.0/7"), allow("169.254.169.254/32")},
			[]string{"1.0.0.0-1.255.255.255 [a]", "126.0.0.0-126.255.255.255 all"}},
		"neighbours are joined": {[]DesiredRule{allow("10.0.0.0/25"), allow("10.0.0.128/25")}, []string{"10.0.0.0-10.0.0.255 all"}},
		"equal inner is joined": {[]DesiredRule{allow("10.0.0.0/16"), allow("10.0.5.0/24")}, []string{"10.0.0.0-10.0.255.255 all"}},
		"groups are sorted":     {[]DesiredRule{grant("10.0.0.0/16", "b"), grant("10.0.0.0/16", "a"), grant("10.0.0.0/16", "b")}, []string{"10.0.0.0-10.0.255.255 [a b]"}},
		"all beats groups":      {[]DesiredRule{grant("10.0.0.0/16", "b"), allow("10.0.0.0/16"), grant("10.0.0.0/16", "c")}, []string{"10.0.0.0-10.0.255.255 all"}},
	} {
		if got := text(Flatten(c.rules)); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

var groupNames = []string{"a", "b", "c"}

// rules are drawn close together, so that they nest, touch and repeat.
func drawRules(t *rapid.T) []DesiredRule {
	base := rapid.SampledFrom([]uint32{0, 0x0a000000, 0x0affff00, 0xffffff00, 0x80000000, 0xa9fdff80, 0xdfffff80, 0x64646400, 0xa83f8100, 0xc0000000})
	one := rapid.Custom(func(t *rapid.T) DesiredRule {
		address := base.Draw(t, "base") + rapid.Uint32Range(0, 255).Draw(t, "offset")
		bits := rapid.OneOf(rapid.IntRange(24, 32), rapid.IntRange(0, 32)).Draw(t, "bits")
		r := DesiredRule{Destination: netip.PrefixFrom(addrFrom(address), bits).Masked(), AllUsers: rapid.IntRange(0, 3).Draw(t, "everybody") == 0}
		if !r.AllUsers {
			r.Group = rapid.SampledFrom(groupNames).Draw(t, "group")
		}
		return r
	})
	return rapid.SliceOfN(one, 0, 12).Draw(t, "rules")
}

// The compiled form and the rule agree on every address and every set of groups: tried on both
// sides of each boundary and in between.
func TestFlattenEqualsDecide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		ranges := Flatten(rules)
		// The client range is out of the way of everything that is drawn but 0.0.0.0/0 and its halves.
		d := Desired{ClientCIDR: cidr("100.64.0.0/22"), ClientToClient: true, Rules: rules,
			Associations: []DesiredAssociation{{ID: "a", Routes: []netip.Prefix{anyIPv4}}}}
		addresses := []uint32{0, 1, 0xffffffff, rapid.Uint32().Draw(t, "anywhere")}
		for _, r := range rules {
			first, last := toUint(r.Destination.Addr()), toUint(LastAddr(r.Destination))
			addresses = append(addresses, first-1, first, first+1, last-1, last, last+1, first+(last-first)/2)
		}
		for mask := range 1 << len(groupNames) {
			var groups []string
			for i, g := range groupNames {
				if mask&(1<<i) != 0 {
					groups = append(groups, g)
				}
			}
			for _, u := range addresses {
				addr := addrFrom(u)
				if got, want := permits(ranges, groups, addr), Decide(d, "a", groups, addr) == Allow; got != want {
					t.Fatalf("%s for %v: the ranges say %v, the rules %v\n%v\n%v", addr, groups, got, want, rules, ranges)
				}
			}
		}
	})
}

func permits(ranges []Range, groups []string, addr netip.Addr) bool {
	for _, r := range ranges {
		if addr.Compare(r.First) >= 0 && addr.Compare(r.Last) <= 0 {
			return r.Grant.All || slices.ContainsFunc(groups, func(g string) bool { return slices.Contains(r.Grant.Groups, g) })
		}
	}
	return false
}

// The kernel wants ranges that are ascending and disjoint; neighbours with equal grants are one.
// The order of the rules changes nothing.
func TestFlattenShape(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		ranges := Flatten(rules)
		for i, r := range ranges {
			if r.First.Compare(r.Last) > 0 || (r.Grant.All && len(r.Grant.Groups) > 0) || (!r.Grant.All && len(r.Grant.Groups) == 0) ||
				!slices.IsSorted(r.Grant.Groups) || len(slices.Compact(slices.Clone(r.Grant.Groups))) != len(r.Grant.Groups) {
				t.Fatalf("range %d of %v is malformed", i, ranges)
			}
			if i == 0 {
				continue
			}
			before := ranges[i-1]
			if before.Last.Compare(r.First) >= 0 {
				t.Fatalf("ranges %d and %d of %v overlap or descend", i-1, i, ranges)
			}
			if before.Last.Next() == r.First && sameGrant(before.Grant, r.Grant) {
				t.Fatalf("ranges %d and %d of %v are not joined", i-1, i, ranges)
			}
		}
		shuffled := rapid.Permutation(rules).Draw(t, "order")
		if again := Flatten(shuffled); fmt.Sprint(again) != fmt.Sprint(ranges) {
			t.Fatalf("another order gives %v instead of %v", again, ranges)
		}
	})
}
