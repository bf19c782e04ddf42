package vpn

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// NetworkEdit is a request to modify a network as typed. Version is the one the form was filled from; CIDRs are the
// whole of them, not only what changes.
type NetworkEdit struct {
	Version     int
	Name        string
	Description string
	CIDRs       string
	Tags        []Tag
	Consent     Consent
}

// Edit modifies the network. subnets are its own: each must lie in one of the new ranges. A range that it had not before
// must overlap with the client CIDR of none of the endpoints. Fields: name, description, cidrs, tags. Stale where another
// administrator saved first.
func (n *Network) Edit(in NetworkEdit, subnets []Subnet, endpoints []Endpoint) error {
	var c Check
	next := *n
	next.Name = checkName(&c, "name", in.Name, true)
	next.Description = checkDescription(&c, "description", in.Description)
	next.Tags = NormalizeTags(&c, in.Tags)
	if next.CIDRs = parseNetworkCIDRs(&c, in.CIDRs); !c.Has("cidrs") {
		for _, s := range subnets {
			if !next.Contains(s.CIDR) {
				c.Also("cidrs", fmt.Sprintf("Subnet %s (%s) would lie in no range of the network. Delete the subnet first, or keep its range.", s.Label(), s.CIDR))
			}
		}
		next.checkNewRanges(&c, n.CIDRs, endpoints)
	}
	if in.Version != n.Version {
		return ErrStale("network").Beside(c.fields)
	}
	if err := c.Err(); err != nil {
		return err
	}
	next.Version++
	*n = next
	return nil
}

// checkNewRanges refuses ranges that the network had not before and that clients have their addresses from. Field: cidrs.
func (n Network) checkNewRanges(c *Check, before []netip.Prefix, endpoints []Endpoint) {
	for _, p := range n.CIDRs {
		for _, e := range endpoints {
			if !slices.Contains(before, p) && !e.Deleting && e.ClientCIDR.Overlaps(p) {
				c.Also("cidrs", fmt.Sprintf("%s overlaps with the client CIDR %s of endpoint %s.", p, e.ClientCIDR, e.Label()))
			}
		}
	}
}

// RouteChanges are the routes that a change of a network adds, and those that it writes: removed ones, and manual ones
// that become automatic.
type RouteChanges struct {
	Added []Route
	Saved []Route
}

// Lead tells whether the change leads clients elsewhere than before.
func (r RouteChanges) Lead() bool {
	return len(r.Added) > 0 || slices.ContainsFunc(r.Saved, func(x Route) bool { return x.Removed != 0 })
}

// Adopted are the destinations of routes that were added by hand and become the automatic ones.
func (r RouteChanges) Adopted() (out []netip.Prefix) {
	for _, x := range r.Saved {
		if x.Removed == 0 && !slices.Contains(out, x.Destination) {
			out = append(out, x.Destination)
		}
	}
	return out
}

// RangesWithoutRule gives those of the ranges that no rule opens an address of: clients reach nothing there.
func RangesWithoutRule(ranges []netip.Prefix, rules []Rule) []netip.Prefix {
	return slices.DeleteFunc(slices.Clone(ranges), func(p netip.Prefix) bool {
		return slices.ContainsFunc(rules, func(r Rule) bool { return r.Removed == 0 && r.Destination.Overlaps(p) })
	})
}

// Of is a route table with the changes made.
func (r RouteChanges) Of(table []Route) []Route {
	out := append(slices.Clone(table), r.Added...)
	for i, was := range out {
		for _, saved := range r.Saved {
			if saved.ID == was.ID {
				out[i] = saved
			}
		}
	}
	return out
}

// FollowNetwork brings the automatic routes of the endpoint to the ranges of its network: each of its associations has one to each
// of them. A manual route that is there already becomes the automatic one.
func (e *Endpoint) FollowNetwork(n Network, associations []Association, routes []Route, now time.Time) RouteChanges {
	var out RouteChanges
	if e.Deleting {
		return out
	}
	next := e.Generation + 1
	for _, a := range associations {
		if a.Removed != 0 || a.Network != n.ID {
			continue
		}
		missing := slices.Clone(n.CIDRs)
		for _, r := range routes {
			if r.Removed != 0 || r.Association != a.ID {
				continue
			}
			i := slices.Index(missing, r.Destination)
			if i >= 0 {
				missing = slices.Delete(missing, i, i+1)
			}
			switch {
			case i >= 0 && r.Origin != OriginAssociate:
				r.Origin = OriginAssociate
				out.Saved = append(out.Saved, r)
			case i < 0 && r.Origin == OriginAssociate:
				r.Removed = next
				out.Saved = append(out.Saved, r)
			}
		}
		for _, cidr := range missing {
			out.Added = append(out.Added, automaticRoute(a, cidr, next, now))
		}
	}
	if out.Lead() {
		e.Generation = next
	}
	return out
}

// automaticRoute is the route of an association to a range of its network, in the generation in which it is added.
func automaticRoute(a Association, cidr netip.Prefix, generation uint64, now time.Time) Route {
	return Route{
		ID: NewRouteID(), Endpoint: a.Endpoint, Association: a.ID, Subnet: a.Subnet, Destination: cidr,
		Origin: OriginAssociate, Description: "Local route of the network", CreatedAt: now, Generations: Generations{Added: generation},
	}
}
