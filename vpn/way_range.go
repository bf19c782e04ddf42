package vpn

import (
	"fmt"
	"net/netip"
	"slices"
)

// RangeDoubt says why clients may not reach a range that is no target network: a range of a network, or the destination of a
// route. It is "" where nothing is doubtful or the way is not known. The default route is right for addresses of the internet. A
// private range that only it leads to is doubtful, unless a host in the range has answered to one of the tests by the same next hop. whole
// tells that clients are to reach all of the range: that of a network may have parts that no host uses.
func (w Way) RangeDoubt(whole bool, tests ...Probe) string {
	const advice = " If the router there does not lead to it, clients do not reach it: add a route to this host."
	switch {
	case !w.Known():
		return ""
	case w.Problem != "":
		return w.Problem + " Clients do not reach it until this host has a way there: check its routes and interfaces."
	case !isPrivate(w.Subnet), slices.ContainsFunc(tests, func(p Probe) bool { return p.Proves(w) }):
		return ""
	case w.Default:
		return fmt.Sprintf("Only the default route of this host leads to %s (%s).", w.Subnet, w.Hop()) + advice
	case w.Partly && whole:
		return fmt.Sprintf("This host has a route of its own to a part of %s only (%s).", w.Subnet, w.Hop()) + advice
	}
	return ""
}

// isPrivate tells whether all of a range lies in one of those that no host on the internet has.
func isPrivate(p netip.Prefix) bool {
	return slices.ContainsFunc(privateRanges, func(private netip.Prefix) bool { return contains(private, p) })
}

// WayDoubt is RangeDoubt of the way to a route's destination. tests are those of the endpoint's target networks.
func (r Route) WayDoubt(w Way, tests ...Probe) string {
	if r.Local() || r.Removed != 0 {
		return ""
	}
	return w.RangeDoubt(r.Origin != OriginAssociate, tests...)
}
