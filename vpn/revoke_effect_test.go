package vpn

import (
	"net/netip"
	"strings"
	"testing"
)

// After a rule is gone, the most specific destination that is left and contains its own decides;
// what lies inside and has rules of its own is not touched.
func TestRevokeEffect(t *testing.T) {
	t.Parallel()
	// The first rule of each list is the one that leaves. "10.0.0.0/16 all" or "10.0.0.0/16 group-a";
	// a third word says that the rule is being removed.
	for _, c := range []struct {
		rules string
		want  string
	}{
		{"10.0.1.0/24 all", "No other rule covers 10.0.1.0/24, so no client reaches it any more."},
		{"10.0.1.0/24 all, 10.0.0.0/16 all", "10.0.1.0/24 is then covered by 10.0.0.0/16, which allows all users."},
		{"10.0.1.0/24 a, 10.0.0.0/16 all", "10.0.1.0/24 is then covered by 10.0.0.0/16, which allows all users."},
		{"10.0.1.0/24 a, 10.0.0.0/8 b, 0.0.0.0/0 all", "10.0.1.0/24 is then covered by 10.0.0.0/8, which allows group b."},
		{"10.0.1.0/24 a, 10.0.0.0/8 b gone, 0.0.0.0/0 all", "10.0.1.0/24 is then covered by 0.0.0.0/0, which allows all users."},
		{"10.0.1.0/24 a, 10.0.0.0/8 c, 10.0.0.0/8 b", "10.0.1.0/24 is then covered by 10.0.0.0/8, which allows group b and group c."},
		{"10.0.1.0/24 a, 10.0.0.0/8 c, 10.0.0.0/8 all", "10.0.1.0/24 is then covered by 10.0.0.0/8, which allows all users."},
		{"10.0.1.0/24 a, 10.0.1.0/24 b, 10.0.0.0/16 all", "10.0.1.0/24 has another rule, which allows group b."},
		{"10.0.1.0/24 a, 10.0.2.0/24 all", "No other rule covers 10.0.1.0/24, so no client reaches it any more."},
		{"0.0.0.0/0 all, 10.0.0.0/8 all", "No other rule covers 0.0.0.0/0, so no client reaches it any more. Inside it, 10.0.0.0/8 keeps its own rule."},
		{"10.0.0.0/8 all, 10.2.0.0/16 a, 10.1.0.0/16 a, 10.1.1.0/24 b, 0.0.0.0/0 all",
			"10.0.0.0/8 is then covered by 0.0.0.0/0, which allows all users. Inside it, 10.1.0.0/16 and 10.2.0.0/16 keep their own rules."},
		{"10.0.0.0/8 all, 10.4.0.0/16 a, 10.3.0.0/16 a, 10.2.0.0/16 a, 10.1.0.0/16 a",
			"No other rule covers 10.0.0.0/8, so no client reaches it any more. Inside it, 10.1.0.0/16, 10.2.0.0/16, 10.3.0.0/16 and other ranges keep their own rules."},
		{"10.0.1.0/24 x, 10.0.0.0/16 e, 10.0.0.0/16 d, 10.0.0.0/16 c, 10.0.0.0/16 b, 10.0.0.0/16 a",
			"10.0.1.0/24 is then covered by 10.0.0.0/16, which allows group a, group b, group c and other groups."},
	} {
		var rules []Rule
		for _, text := range strings.Split(c.rules, ", ") {
			words := strings.Fields(text)
			r := Rule{ID: NewRuleID(), Destination: netip.MustParsePrefix(words[0]), AllUsers: words[1] == "all"}
			if !r.AllUsers {
				r.Group = words[1]
			}
			if len(words) > 2 {
				r.Removed = 7
			}
			rules = append(rules, r)
		}
		if got := RevokeEffect(rules[0], rules).Message(); got != c.want {
			t.Errorf("without the first of %s:\ngot  %s\nwant %s", c.rules, got, c.want)
		}
	}
}

// What RevokeEffect names is what Flatten, the compiled form for the kernel, then grants.
func TestRevokeEffectIsWhatTheKernelGets(t *testing.T) {
	t.Parallel()
	destinations := []string{"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.128/25", "10.0.2.0/24"}
	for all := range 1 << len(destinations) {
		var rules []Rule
		for i, d := range destinations {
			if all&(1<<i) != 0 {
				rules = append(rules, Rule{ID: NewRuleID(), Destination: netip.MustParsePrefix(d), Group: d})
			}
		}
		for i, leaving := range rules {
			var left []DesiredRule
			for j, r := range rules {
				if j != i {
					left = append(left, DesiredRule{ID: r.ID, Destination: r.Destination, Group: r.Group})
				}
			}
			s := RevokeEffect(leaving, rules)
			for _, probe := range []string{"10.0.1.1", "10.0.1.129", "10.0.2.1", "10.0.3.1", "10.9.0.1", "192.0.2.1"} {
				addr := netip.MustParseAddr(probe)
				if !leaving.Destination.Contains(addr) || inside(s.Within, addr) {
					continue
				}
				want := ""
				for _, r := range Flatten(left) {
					if r.First.Compare(addr) <= 0 && addr.Compare(r.Last) <= 0 {
						want = strings.Join(r.Grant.Groups, " ")
					}
				}
				if got := strings.Join(s.Grant.Groups, " "); got != want {
					t.Fatalf("%v without %s: %s is granted to %q, RevokeEffect says %q", rules, leaving.Destination, addr, want, got)
				}
			}
		}
	}
}

func inside(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
