package vpn

import (
	"maps"
	"net/netip"
	"testing"
)

func TestSearchedRange(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"10.0.2.77": "10.0.2.77/32", " 10.0.2.0/24 ": "10.0.2.0/24", "10.0.2.77/24": "10.0.2.0/24", "0.0.0.0/0": "0.0.0.0/0",
		"10.0.2": "", "10.0.2.0/": "", "10.0.2.0/33": "", "": "", "office": "", "fd00::1": "", "fd00::/8": "", "10.0.2.77:443": "",
	} {
		got, ok := SearchedRange(typed)
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%q: %s, %v", typed, got, ok)
		}
	}
}

func TestMatchRules(t *testing.T) {
	t.Parallel()
	rules := []Rule{
		{ID: "any", Destination: anyIPv4}, {ID: "wide", Destination: cidr("10.0.0.0/16")}, {ID: "one", Destination: cidr("10.0.2.0/24")},
		{ID: "two", Destination: cidr("10.0.2.0/24")}, {ID: "half", Destination: cidr("10.0.2.128/25")}, {ID: "other", Destination: cidr("10.1.0.0/16")},
		{ID: "leaving", Destination: cidr("10.0.2.64/26"), Generations: Generations{Removed: 3}},
	}
	for asked, want := range map[string]map[RuleID]RuleMatch{
		"10.0.2.77/32":     {"any": MatchWider, "wide": MatchWider, "one": MatchDecides, "two": MatchDecides, "leaving": ""},
		"10.0.2.200/32":    {"any": MatchWider, "wide": MatchWider, "one": MatchWider, "two": MatchWider, "half": MatchDecides},
		"10.0.2.0/24":      {"any": MatchWider, "wide": MatchWider, "one": MatchDecides, "two": MatchDecides, "half": MatchInside, "leaving": ""},
		"10.0.0.0/15":      {"any": MatchDecides, "wide": MatchInside, "one": MatchInside, "two": MatchInside, "half": MatchInside, "other": MatchInside, "leaving": ""},
		"192.0.2.1/32":     {"any": MatchDecides},
		"168.63.129.16/32": {"any": MatchWider}, // only a rule for exactly this address opens it
	} {
		if got := MatchRules(rules, netip.MustParsePrefix(asked)); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", asked, got, want)
		}
	}
}
