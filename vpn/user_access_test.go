package vpn

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// What a page says about a destination is what Decide says about its addresses outside the narrower destinations.
func TestUserAccessIsWhatDecideSays(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	groups := []string{"a", "b", "c"}
	for range 300 {
		var rules []Rule
		for range 1 + r.IntN(8) {
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(3)), byte(r.IntN(3)), 0}), 8+4*r.IntN(5)).Masked()
			rules = append(rules, Rule{ID: NewRuleID(), Destination: p, AllUsers: r.IntN(4) == 0, Group: groups[r.IntN(3)]})
			if rules[len(rules)-1].AllUsers {
				rules[len(rules)-1].Group = ""
			}
		}
		route := Route{Association: "assoc", Destination: cidr("10.0.0.0/8")}
		d := DesiredInput{Rules: rules, Routes: []Route{route}, Associations: []Association{{ID: "assoc"}}}.Desired()
		mine := groups[:r.IntN(3)]
		for _, line := range UserAccessOf(rules, []Route{route}, mine) {
			for _, dst := range []netip.Addr{line.Destination.Addr(), LastAddr(line.Destination)} {
				if slices.ContainsFunc(line.Within, func(p netip.Prefix) bool { return p.Contains(dst) }) {
					continue
				}
				if got := Decide(d, "assoc", mine, dst) == Allow; got != line.Allowed {
					t.Fatalf("%s of %s with %v: the page says %v, the rules %v\n%+v", dst, line.Destination, mine, line.Allowed, got, rules)
				}
			}
		}
	}
}

func TestUserAccess(t *testing.T) {
	t.Parallel()
	rules := []Rule{
		{ID: "1", Destination: cidr("10.0.0.0/16"), AllUsers: true},
		{ID: "2", Destination: cidr("10.0.1.0/24"), Group: "ops"},
		{ID: "3", Destination: cidr("10.0.1.0/24"), Group: "sales"},
		{ID: "4", Destination: cidr("10.0.1.4/32"), Group: "ops"},
		{ID: "5", Destination: cidr("10.9.0.0/16"), Group: "sales", Generations: Generations{Removed: 3}},
		{ID: "6", Destination: cidr("192.168.0.0/24"), Group: "sales"},
	}
	got := UserAccessOf(rules, []Route{{Destination: cidr("10.0.0.0/16")}}, []string{"sales", "staff"})
	want := []UserAccess{
		{Destination: cidr("10.0.0.0/16"), Allowed: true, AllUsers: true, Within: []netip.Prefix{cidr("10.0.1.0/24")}, Routed: true},
		{Destination: cidr("10.0.1.0/24"), Allowed: true, Groups: []string{"sales"}, Others: 1, Within: []netip.Prefix{cidr("10.0.1.4/32")}, Routed: true},
		{Destination: cidr("10.0.1.4/32"), Others: 1, Routed: true},
		{Destination: cidr("192.168.0.0/24"), Allowed: true, Groups: []string{"sales"}},
	}
	if !equalJSON(t, got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
