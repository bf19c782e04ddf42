package vpn

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// Each address has the verdict of the narrowest destination of the list that contains it, and that is what Decide says for the
// associations. What is in no destination is not reached.
func TestReachIsWhatDecideSays(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	groups := []string{"a", "b", "c"}
	random := func() netip.Prefix {
		if r.IntN(12) == 0 {
			return anyIPv4
		}
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(4) * 64), 0}), 14+2*r.IntN(7)).Masked()
	}
	for range 400 {
		d := Desired{ClientCIDR: cidr("10.1.64.0/22"), ClientToClient: r.IntN(2) == 0}
		for range r.IntN(7) {
			rule := DesiredRule{Destination: random(), Group: groups[r.IntN(3)]}
			if r.IntN(3) == 0 {
				rule.AllUsers, rule.Group = true, ""
			}
			d.Rules = append(d.Rules, rule)
		}
		for i := range r.IntN(3) {
			a := DesiredAssociation{ID: AssociationID('a' + rune(i))}
			for range 1 + r.IntN(3) {
				a.Routes = append(a.Routes, random())
			}
			d.Associations = append(d.Associations, a)
		}
		mine := groups[:r.IntN(3)]
		list := ReachOf(d, mine)
		addresses := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("127.0.0.1")}
		for range 60 {
			addresses = append(addresses, netip.AddrFrom4([4]byte{10, byte(r.IntN(4)), byte(r.IntN(256)), byte(r.IntN(256))}))
		}
		for _, p := range list {
			addresses = append(addresses, p.Destination.Addr(), LastAddr(p.Destination))
		}
		for _, at := range addresses {
			allowed := map[bool]bool{}
			for _, a := range d.Associations {
				allowed[Decide(d, a.ID, mine, at) == Allow] = true
			}
			if len(d.Associations) == 0 {
				allowed[Decide(d, "", mine, at) == Allow] = true
			}
			got := DestinationReach{Verdict: DenyNoRule}
			for _, line := range list {
				if line.Destination.Contains(at) {
					got = line // the last that contains it is the narrowest
				}
			}
			if unroutableReason(netip.PrefixFrom(at, 32)) != "" || slices.Contains(metadata, netip.PrefixFrom(at, 32)) || !d.ClientToClient && d.ClientCIDR.Contains(at) {
				continue // no page promises them
			}
			if (got.Verdict == Allow) != allowed[true] || got.Partly != (allowed[true] && allowed[false]) {
				t.Fatalf("%s with %v: the page says %+v, the rules %v\n%+v", at, mine, got, allowed, d)
			}
		}
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	d := Desired{
		ClientCIDR: cidr("10.20.0.0/22"), ClientToClient: true,
		Rules: []DesiredRule{
			{Destination: anyIPv4, AllUsers: true},
			{Destination: cidr("10.0.0.0/16"), Group: "staff"},
			{Destination: cidr("10.0.7.0/24"), Group: "finance"},
			{Destination: cidr("10.0.9.0/24"), AllUsers: true},
			{Destination: cidr("10.0.9.0/25"), AllUsers: true},
			{Destination: cidr("10.0.9.128/25"), AllUsers: true},
		},
		Associations: []DesiredAssociation{
			{ID: "a", Routes: []netip.Prefix{cidr("10.0.0.0/16"), cidr("10.0.1.0/24"), cidr("172.16.0.0/12")}},
			{ID: "b", Routes: []netip.Prefix{cidr("10.0.0.0/16")}},
		},
	}
	got := ReachOf(d, []string{"staff"})
	want := []DestinationReach{
		{Destination: anyIPv4, Verdict: DenyNoRoute, Named: true},
		{Destination: cidr("10.0.0.0/16"), Named: true, Groups: []string{"staff"}},
		{Destination: cidr("10.0.7.0/24"), Verdict: DenyGroup, Named: true, Whole: true},
		{Destination: cidr("10.0.9.0/25"), Named: true, Whole: true, AllUsers: true},
		{Destination: cidr("10.0.9.128/25"), Named: true, Whole: true, AllUsers: true},
		{Destination: cidr("10.20.0.0/22"), Whole: true, AllUsers: true},
		{Destination: cidr("172.16.0.0/12"), Partly: true, Whole: true, AllUsers: true},
	}
	if !equalJSON(t, got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	d.Associations, d.ClientToClient = nil, false
	for _, r := range ReachOf(d, nil) {
		if r.Verdict != DenyNoRoute {
			t.Errorf("without an association: %+v", r)
		}
	}
}
