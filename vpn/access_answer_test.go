package vpn

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// answered is an endpoint with two associations, of which one alone leads to the internet.
func answered() Desired {
	return Desired{
		ClientCIDR: cidr("10.20.0.0/22"),
		Rules: []DesiredRule{
			{ID: "any", Destination: anyIPv4, AllUsers: true},
			{ID: "wide", Destination: cidr("10.0.0.0/16"), Group: "staff"},
			{ID: "finance", Destination: cidr("10.0.7.0/24"), Group: "finance"},
			{ID: "audit", Destination: cidr("10.0.7.0/24"), Group: "audit"},
			{ID: "named", Destination: cidr("192.0.2.10/32"), AllUsers: true},
		},
		Associations: []DesiredAssociation{
			{ID: "a", Routes: []netip.Prefix{anyIPv4, cidr("10.0.0.0/16"), cidr("10.0.7.0/24")}},
			{ID: "b", Routes: []netip.Prefix{cidr("10.0.0.0/16")}},
		},
	}
}

func TestAccessAnswer(t *testing.T) {
	t.Parallel()
	deciding := func(a AccessAnswer) (ids []RuleID) {
		for _, r := range a.Deciding {
			ids = append(ids, r.ID)
		}
		return ids
	}
	wider := func(a AccessAnswer) []RuleID {
		return IDsOf(a.Wider, func(r DesiredRule) RuleID { return r.ID })
	}
	own := AccessFacts{Way: WayOut{Own: true, Problem: "It is an address of this host."}}
	for name, c := range map[string]struct {
		to      string
		groups  []string
		through []AssociationID
		facts   AccessFacts
		verdict Verdict
		partly  bool
		rules   []RuleID
		wider   []RuleID
	}{
		"of the group":            {to: "10.0.7.9", groups: []string{"audit"}, rules: []RuleID{"finance", "audit"}, wider: []RuleID{"wide", "any"}},
		"of a wider group":        {to: "10.0.7.9", groups: []string{"staff"}, verdict: DenyGroup, rules: []RuleID{"finance", "audit"}, wider: []RuleID{"wide", "any"}},
		"one of two ways":         {to: "198.51.100.7", partly: true, rules: []RuleID{"any"}},
		"the other way":           {to: "198.51.100.7", through: []AssociationID{"b"}, verdict: DenyNoRoute, rules: []RuleID{"any"}},
		"the right way":           {to: "198.51.100.7", through: []AssociationID{"a"}, rules: []RuleID{"any"}},
		"loopback":                {to: "127.0.0.1", verdict: DenyUnroutable, rules: []RuleID{"any"}},
		"the gateway":             {to: "10.20.0.1", verdict: DenyGateway, rules: []RuleID{"any"}},
		"another client":          {to: "10.20.0.9", verdict: DenyOtherClient, rules: []RuleID{"any"}},
		"client of another":       {to: "10.40.0.9", facts: AccessFacts{OtherClients: []netip.Prefix{cidr("10.40.0.0/22")}}, verdict: DenyOtherEndpoint, rules: []RuleID{"any"}},
		"the host":                {to: "192.0.2.1", facts: own, through: []AssociationID{"a"}, verdict: DenyHost, wider: []RuleID{"any"}},
		"the host, named":         {to: "192.0.2.10", facts: own, through: []AssociationID{"a"}, rules: []RuleID{"named"}, wider: []RuleID{"any"}},
		"credentials of a cloud":  {to: "168.63.129.16", through: []AssociationID{"a"}, verdict: DenyNoRule, wider: []RuleID{"any"}},
		"forbidden":               {to: "10.0.9.9", groups: []string{"staff"}, facts: AccessFacts{Way: WayOut{Forbidden: true}}, verdict: DenyPolicy, rules: []RuleID{"wide"}, wider: []RuleID{"any"}},
		"no way":                  {to: "10.0.9.9", groups: []string{"staff"}, facts: AccessFacts{Way: WayOut{Problem: "No route."}}, verdict: DenyNoWay, rules: []RuleID{"wide"}, wider: []RuleID{"any"}},
		"no way and no rule":      {to: "10.0.9.9", facts: AccessFacts{Way: WayOut{Problem: "No route."}}, verdict: DenyGroup, rules: []RuleID{"wide"}, wider: []RuleID{"any"}},
		"an association that was": {to: "198.51.100.7", through: []AssociationID{"gone"}, verdict: DenyNoRoute, rules: []RuleID{"any"}},
	} {
		a := AccessQuestion{Destination: ip(c.to), Groups: c.groups, Through: c.through}.Answer(answered(), c.facts)
		if a.Verdict != c.verdict || a.Partly != c.partly || !slices.Equal(deciding(a), c.rules) || !slices.Equal(wider(a), c.wider) {
			t.Errorf("%s: %s, partly %v, by %v, not asked %v", name, a.Verdict, a.Partly, deciding(a), wider(a))
		}
	}
	a := AccessQuestion{Destination: ip("10.0.7.9"), Groups: []string{"audit"}}.Answer(answered(), AccessFacts{})
	if a.Deciding[0].Grants || !a.Deciding[1].Grants {
		t.Errorf("%+v: the group is in the second rule alone", a.Deciding)
	}
	if got := a.Ways[0].Routes; !slices.Equal(got, []netip.Prefix{cidr("10.0.7.0/24"), cidr("10.0.0.0/16"), anyIPv4}) {
		t.Errorf("the routes are %v, want the narrowest first", got)
	}
	d := answered()
	d.Associations = nil
	if a := (AccessQuestion{Destination: ip("10.0.7.9")}).Answer(d, AccessFacts{}); a.Verdict != DenyNoRoute || len(a.Ways) != 0 {
		t.Errorf("without an association: %s", a.Verdict)
	}
}

// Where nothing but rules and routes decides, each answer is that of Decide, and a rule that grants is shown where it is Allow.
func TestAccessAnswerIsWhatDecideSays(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	groups := []string{"a", "b", "c"}
	random := func() netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), byte(r.IntN(4) * 64), byte(r.IntN(256))}), 8+r.IntN(25)).Masked()
	}
	seen := map[Verdict]int{}
	for range 2000 {
		d := Desired{ClientCIDR: cidr("10.20.0.0/22")}
		for range r.IntN(6) {
			d.Rules = append(d.Rules, DesiredRule{Destination: random(), Group: groups[r.IntN(3)], AllUsers: r.IntN(4) == 0})
		}
		for i := range 1 + r.IntN(2) {
			d.Associations = append(d.Associations, DesiredAssociation{ID: AssociationID('a' + rune(i)), Routes: []netip.Prefix{random(), random()}})
		}
		q := AccessQuestion{Destination: netip.AddrFrom4([4]byte{10, byte(r.IntN(2)), byte(r.IntN(256)), byte(r.IntN(256))}), Groups: groups[:r.IntN(3)]}
		a := q.Answer(d, AccessFacts{})
		allowed := 0
		for _, w := range a.Ways {
			if want := Decide(d, w.Association, q.Groups, q.Destination); w.Verdict != want {
				t.Fatalf("%s through %s: %s, want %s", q.Destination, w.Association, w.Verdict, want)
			}
			if w.Verdict == Allow {
				allowed++
			}
		}
		if (a.Verdict == Allow) != (allowed > 0) || a.Partly != (allowed > 0 && allowed < len(a.Ways)) {
			t.Fatalf("%s: %s, partly %v, with %d of %d", q.Destination, a.Verdict, a.Partly, allowed, len(a.Ways))
		}
		granted := slices.ContainsFunc(a.Deciding, func(r DecidingRule) bool { return r.Grants })
		if a.Verdict == Allow && !granted || a.Verdict == DenyGroup && granted || a.Verdict == DenyNoRule && len(a.Deciding) > 0 {
			t.Fatalf("%s: %s by %+v", q.Destination, a.Verdict, a.Deciding)
		}
		seen[a.Verdict]++
	}
	if seen[Allow] < 100 || seen[DenyGroup] < 100 || seen[DenyNoRoute] < 100 || seen[DenyNoRule] < 10 {
		t.Errorf("too few of one kind: %v", seen)
	}
}
