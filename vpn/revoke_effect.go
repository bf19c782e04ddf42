package vpn

import (
	"net/netip"
	"slices"
	"strings"
)

// Fallback is the rule that decides about a destination after one of its authorization rules was revoked.
type Fallback struct {
	Destination netip.Prefix
	By          netip.Prefix      // the most specific destination left that contains it; invalid: there is none
	Grant       Grant             // what the rules of By allow
	Names       map[string]string // of access groups, where they are known
	Within      []netip.Prefix    // the destinations inside it that have rules of their own, outermost only, ascending
}

// RevokeEffect finds the fallback, by longest prefix match, for the case that a rule is removed from the present ones.
// Rules that are already being removed do not count.
func RevokeEffect(leaving Rule, present []Rule) Fallback {
	s := Fallback{Destination: leaving.Destination}
	var left []DesiredRule
	for _, r := range present {
		if r.ID == leaving.ID || r.Removed != 0 {
			continue
		}
		left = append(left, DesiredRule{ID: r.ID, Destination: r.Destination, AllUsers: r.AllUsers, Group: r.Group})
	}
	for p, grant := range grantsByDestination(left) {
		switch {
		case p.Bits() <= s.Destination.Bits() && p.Contains(s.Destination.Addr()):
			if !s.By.IsValid() || p.Bits() > s.By.Bits() {
				s.By, s.Grant = p, grant
			}
		case p.Bits() > s.Destination.Bits() && s.Destination.Contains(p.Addr()):
			s.Within = append(s.Within, p)
		}
	}
	s.Within = keepOutermost(s.Within)
	return s
}

// keepOutermost drops the ranges that lie in another one of the list.
func keepOutermost(list []netip.Prefix) []netip.Prefix {
	slices.SortFunc(list, comparePrefixes)
	var out []netip.Prefix
	for _, p := range list {
		if n := len(out); n == 0 || !out[n-1].Overlaps(p) {
			out = append(out, p)
		}
	}
	return out
}

// withinNamed is how many ranges a sentence names.
const withinNamed = 3

// Message is the fallback in a sentence for the administrator.
func (s Fallback) Message() string {
	var out string
	switch {
	case !s.By.IsValid():
		out = "No other rule covers " + s.Destination.String() + ", so no client reaches it any more."
	case s.By == s.Destination:
		out = s.Destination.String() + " has another rule, which allows " + s.Grant.words(s.Names) + "."
	default:
		out = s.Destination.String() + " is then covered by " + s.By.String() + ", which allows " + s.Grant.words(s.Names) + "."
	}
	if len(s.Within) == 0 {
		return out
	}
	var names []string
	for _, p := range s.Within[:min(withinNamed, len(s.Within))] {
		names = append(names, p.String())
	}
	verb := " keeps its own rule."
	if len(s.Within) > 1 {
		verb = " keep their own rules."
	}
	if len(s.Within) > withinNamed {
		names = append(names, "other ranges")
	}
	return out + " Inside it, " + JoinWords(names) + verb
}

// words names the users that a grant allows, groups by name where it is known.
func (g Grant) words(known map[string]string) string {
	if g.All {
		return "all users"
	}
	names := make([]string, 0, withinNamed+1)
	for i, group := range g.Groups {
		if i == withinNamed {
			names = append(names, "other groups")
			break
		}
		names = append(names, "group "+Group{ID: group, Name: known[group]}.Label())
	}
	return JoinWords(names)
}

// JoinWords writes "a", "a and b", "a, b and c".
func JoinWords(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
