package vpn

import (
	"net/netip"
	"slices"
	"strings"
)

// Fallback says who decides about a destination once one of its authorization rules is gone.
type Fallback struct {
	Destination netip.Prefix
	By          netip.Prefix   // the most specific destination left that contains it; invalid: there is none
	Grant       Grant          // what the rules of By allow
	Within      []netip.Prefix // the destinations inside it that have rules of their own, outermost only, ascending
}

// RevokeEffect finds what takes over by longest prefix match when a rule is removed from those
// present. Rules that are being removed already take over nothing.
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
	s.Within = outermost(s.Within)
	return s
}

// outermost leaves out the ranges that lie in another of the list.
func outermost(list []netip.Prefix) []netip.Prefix {
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
		out = "No other rule covers " + s.Destination.String() + ", so nobody reaches it any more."
	case s.By == s.Destination:
		out = s.Destination.String() + " has another rule, which allows " + s.Grant.words() + "."
	default:
		out = s.Destination.String() + " is then covered by " + s.By.String() + ", which allows " + s.Grant.words() + "."
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
	return out + " Inside it, " + enumerate(names) + verb
}

// words names whom a grant lets pass.
func (g Grant) words() string {
	if g.All {
		return "all users"
	}
	names := make([]string, 0, withinNamed+1)
	for i, group := range g.Groups {
		if i == withinNamed {
			names = append(names, "other groups")
			break
		}
		names = append(names, "group "+group)
	}
	return enumerate(names)
}

// enumerate writes "a", "a and b", "a, b and c".
func enumerate(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
