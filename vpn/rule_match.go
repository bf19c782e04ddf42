package vpn

import (
	"net/netip"
	"strings"
)

// RuleMatch is how the destination of an authorization rule stands to an address or a range that is searched for.
type RuleMatch string

// The matches. Empty: nothing was searched for by address, or the rule is being removed.
const (
	MatchDecides RuleMatch = "decides" // it is the most specific one that contains the whole
	MatchWider   RuleMatch = "wider"   // it contains the whole, and is not asked
	MatchInside  RuleMatch = "inside"  // it decides about a part of the range
)

// SearchedRange reads an IPv4 address or a CIDR that is searched for; false where the text is neither. Host bits of a CIDR do not
// count.
func SearchedRange(typed string) (netip.Prefix, bool) {
	typed = strings.TrimSpace(typed)
	if a, err := netip.ParseAddr(typed); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), a.Is4()
	}
	p, err := netip.ParsePrefix(typed)
	return p.Masked(), err == nil && p.Addr().Is4()
}

// MatchRules gives the rules whose destination contains a range, or lies inside it.
func MatchRules(rules []Rule, asked netip.Prefix) map[RuleID]RuleMatch {
	best := -1
	for _, r := range rules {
		if r.Removed == 0 && contains(r.Destination, asked) {
			best = max(best, r.Destination.Bits())
		}
	}
	if asked.IsSingleIP() && isMetadata(asked.Addr()) && best < asked.Bits() {
		best = -1
	}
	out := map[RuleID]RuleMatch{}
	for _, r := range rules {
		switch {
		case !r.Destination.Overlaps(asked):
		case r.Removed != 0:
			out[r.ID] = ""
		case !contains(r.Destination, asked):
			out[r.ID] = MatchInside
		case r.Destination.Bits() == best:
			out[r.ID] = MatchDecides
		default:
			out[r.ID] = MatchWider
		}
	}
	return out
}

// contains tells whether the whole of an inner range lies in an outer one.
func contains(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}
