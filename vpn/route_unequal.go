package vpn

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// UnequalRoute is a destination that only some of an endpoint's target networks have a route to. A session has the routes of
// one target network, so that only some sessions reach the destination, or only some of them reach all of it.
type UnequalRoute struct {
	Destination netip.Prefix
	Description string        // of its first manual route
	Through     []Association // that have routes to all of it
	Missing     []Association // that do not
}

// Share says how many of the endpoint's target networks lead to the destination: "1 of 3 target networks".
func (u UnequalRoute) Share() string {
	return fmt.Sprintf("%d of %d target networks", len(u.Through), len(u.Through)+len(u.Missing))
}

// Warning is the sentence about the destination.
func (u UnequalRoute) Warning() string {
	if len(u.Through) == 0 { // each has a route to a part of it alone
		return "No target network has a route to all of it; what a session reaches depends on its target network."
	}
	return "Through " + u.Share() + " only: sessions of the others do not reach it."
}

// UnequalRoutes finds the destinations of routes that not every target network leads to, in ascending order. What counts is
// what Decide sees: a wider route, or several narrower ones, are as good as a route to the destination itself. Routes and
// associations that are being removed do not count.
func UnequalRoutes(clients netip.Prefix, associations []Association, routes []Route) []UnequalRoute {
	live := slices.DeleteFunc(slices.Clone(associations), func(a Association) bool { return a.Removed != 0 })
	if len(live) < 2 {
		return nil
	}
	ways := waysOf(clients, live, routes)
	found := map[netip.Prefix]UnequalRoute{}
	for _, r := range routes {
		if r.Removed != 0 || r.Local() {
			continue
		}
		u := found[r.Destination]
		u.Destination = r.Destination
		if u.Description == "" && r.Origin == OriginAddRoute {
			u.Description = r.Description
		}
		found[r.Destination] = u
	}
	var out []UnequalRoute
	for _, u := range found {
		if u.divide(live, ways); len(u.Missing) > 0 {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b UnequalRoute) int { return comparePrefixes(a.Destination, b.Destination) })
	return out
}

// Lacking gives those of the destinations that an association has no route to all of.
func Lacking(a AssociationID, unequal []UnequalRoute) (out []netip.Prefix) {
	for _, u := range unequal {
		if slices.ContainsFunc(u.Missing, func(m Association) bool { return m.ID == a }) {
			out = append(out, u.Destination)
		}
	}
	return out
}

// divide finds which of the associations have routes to all of the destination.
func (u *UnequalRoute) divide(associations []Association, ways map[AssociationID][]Range) {
	u.Through, u.Missing = nil, nil
	for _, a := range associations {
		if leadTo(ways[a.ID], u.Destination) {
			u.Through = append(u.Through, a)
		} else {
			u.Missing = append(u.Missing, a)
		}
	}
}

// waysOf are the addresses that the routes of each association lead to, as ascending ranges that do not touch. The clients'
// own range needs no route of an association.
func waysOf(clients netip.Prefix, associations []Association, routes []Route) map[AssociationID][]Range {
	leading := map[AssociationID][]netip.Prefix{}
	for _, r := range routes {
		if r.Removed == 0 && !r.Local() {
			leading[r.Association] = append(leading[r.Association], r.Destination)
		}
	}
	out := map[AssociationID][]Range{}
	for _, a := range associations {
		list := append(leading[a.ID], clients)
		slices.SortFunc(list, comparePrefixes)
		var ranges []Range
		for _, p := range list {
			first, last := p.Addr(), LastAddr(p)
			if n := len(ranges); n > 0 && uint64(toUint(first)) <= uint64(toUint(ranges[n-1].Last))+1 {
				if ranges[n-1].Last.Less(last) {
					ranges[n-1].Last = last
				}
				continue
			}
			ranges = append(ranges, Range{First: first, Last: last})
		}
		out[a.ID] = ranges
	}
	return out
}

// leadTo tells whether the ranges contain every address of a destination.
func leadTo(ranges []Range, destination netip.Prefix) bool {
	i, _ := slices.BinarySearchFunc(ranges, LastAddr(destination), func(r Range, last netip.Addr) int { return r.Last.Compare(last) })
	return i < len(ranges) && !destination.Addr().Less(ranges[i].First)
}

// AddMissingRoutes gives every target network that lacks one a route to the destination, or to each unequal one where
// the destination is the zero prefix, in one generation. Where nothing is missing it changes nothing and gives no routes.
func (e *Endpoint) AddMissingRoutes(destination netip.Prefix, associations []Association, present []Route, q Quotas, now time.Time) ([]Route, error) {
	if e.Deleting {
		return nil, ErrEndpointDeleting(e.ID)
	}
	var made []Route
	for _, u := range UnequalRoutes(e.ClientCIDR, associations, present) {
		if destination.IsValid() && u.Destination != destination {
			continue
		}
		for _, a := range u.Missing {
			made = append(made, Route{
				ID: NewRouteID(), Endpoint: e.ID, Association: a.ID, Subnet: a.Subnet, Destination: u.Destination, Origin: OriginAddRoute,
				Description: u.Description, CreatedAt: now, Generations: Generations{Added: e.Generation + 1},
			})
		}
	}
	if len(made) == 0 {
		return nil, nil
	}
	if err := checkParts("routes", countManual(present), len(made), q.Routes); err != nil {
		return nil, err
	}
	e.Generation++
	return made, nil
}

// CopyRoutes gives a new association the manual routes of another one, in the generation of the new one. automatic are those
// that it has already. Field: copy_routes.
func (e *Endpoint) CopyRoutes(to Association, from AssociationID, automatic []Route, associations []Association, present []Route, q Quotas) ([]Route, error) {
	var c Check
	if !slices.ContainsFunc(associations, func(a Association) bool { return a.ID == from && a.Removed == 0 }) {
		c.Bad("copy_routes", "This target network is not associated any more; choose another one, or no routes.")
		return nil, c.Err()
	}
	var made []Route
	for _, r := range ManualRoutes(from, present) {
		if !slices.ContainsFunc(automatic, func(o Route) bool { return o.Destination == r.Destination }) {
			r.ID, r.Association, r.Subnet, r.CreatedAt, r.Generations = NewRouteID(), to.ID, to.Subnet, to.CreatedAt, to.Generations
			made = append(made, r)
		}
	}
	if len(made) > 0 {
		if err := checkParts("routes", countManual(present), len(made), q.Routes); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// ManualRoutes are the routes that an administrator added to an association and that stay.
func ManualRoutes(a AssociationID, routes []Route) []Route {
	var out []Route
	for _, r := range routes {
		if r.Association == a && r.Removed == 0 && r.Origin == OriginAddRoute {
			out = append(out, r)
		}
	}
	return out
}
