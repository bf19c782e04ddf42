package vpn

import (
	"net/netip"
	"slices"
)

// DestinationReach is what a client may do at one destination of an endpoint: at the addresses of it that are in no narrower destination of
// the list, all of which have the same verdict.
type DestinationReach struct {
	Destination netip.Prefix
	Verdict     Verdict
	// Partly tells that only some of the endpoint's associations have this verdict: the one of a connection decides. Verdict is Allow.
	Partly   bool
	Named    bool     // a rule has this destination
	Whole    bool     // no narrower destination of the list is inside it
	AllUsers bool     // rules of the most specific destination let all users through
	Groups   []string // the client's groups that they let through
}

// ReachOf tells what a client with the groups reaches through an endpoint, by destination in ascending order: the destinations
// of its rules and routes, and the client CIDR where clients may reach each other. Each verdict is that of Decide.
func ReachOf(d Desired, groups []string) []DestinationReach {
	grants := grantsByDestination(d.Rules)
	places := reachPlaces(d, grants)
	out := make([]DestinationReach, 0, len(places))
	var above []DestinationReach // those of out that contain the present one, the widest first
	for i, p := range places {
		for len(above) > 0 && !above[len(above)-1].Destination.Contains(p.Addr()) {
			above = above[:len(above)-1]
		}
		var inside []netip.Prefix
		for _, other := range places[i+1:] {
			if p.Contains(other.Addr()) {
				inside = append(inside, other)
			}
		}
		at, ok := ownAddress(p, inside)
		if !ok {
			continue
		}
		r := reachAt(d, groups, at)
		r.Destination, r.Whole = p, len(inside) == 0
		_, r.Named = grants[p]
		if r.Verdict == Allow {
			r.AllUsers, r.Groups = grantedBy(grants, groups, at)
		}
		if n := len(above); n > 0 && !r.Named && above[n-1].Verdict == r.Verdict && above[n-1].Partly == r.Partly {
			continue
		}
		above, out = append(above, r), append(out, r)
	}
	return out
}

// reachPlaces are the destinations at whose borders a verdict may change, parents before their children.
func reachPlaces(d Desired, grants map[netip.Prefix]Grant) []netip.Prefix {
	var places []netip.Prefix
	for p := range grants {
		places = append(places, p)
	}
	for _, a := range d.Associations {
		places = append(places, a.Routes...)
	}
	if d.ClientToClient || slices.ContainsFunc(places, func(p netip.Prefix) bool { return p.Overlaps(d.ClientCIDR) && !IsAny(p) }) {
		places = append(places, d.ClientCIDR)
	}
	slices.SortFunc(places, comparePrefixes)
	return slices.Compact(places)
}

// ownAddress is an address of a destination that is in none of those inside it, and that rules decide about; false: there is none.
func ownAddress(p netip.Prefix, inside []netip.Prefix) (netip.Addr, bool) {
	closed := slices.Clone(inside)
	for _, n := range unroutable {
		closed = append(closed, n.cidr)
	}
	for _, m := range metadata {
		if m != p {
			closed = append(closed, m)
		}
	}
	slices.SortFunc(closed, comparePrefixes)
	left := removeAddresses([]Range{{First: p.Addr(), Last: LastAddr(p)}}, closed)
	if len(left) == 0 {
		return netip.Addr{}, false
	}
	return left[0].First, true
}

// reachAt is the verdict about an address through the associations of an endpoint. Of several, that which is nearest to Allow.
func reachAt(d Desired, groups []string, at netip.Addr) DestinationReach {
	verdicts := map[Verdict]bool{}
	for _, a := range d.Associations {
		verdicts[Decide(d, a.ID, groups, at)] = true
	}
	if len(d.Associations) == 0 {
		verdicts[Decide(d, "", groups, at)] = true
	}
	v, partly := nearest(verdicts)
	return DestinationReach{Verdict: v, Partly: partly}
}

// grantedBy tells which rules of the most specific destination let a client with the groups through.
func grantedBy(grants map[netip.Prefix]Grant, groups []string, at netip.Addr) (all bool, by []string) {
	best := netip.Prefix{}
	for p := range grants {
		if p.Contains(at) && (!best.IsValid() || p.Bits() > best.Bits()) {
			best = p
		}
	}
	grant := grants[best]
	for _, g := range grant.Groups {
		if hasGroup(groups, g) {
			by = append(by, g)
		}
	}
	return grant.All, by
}
