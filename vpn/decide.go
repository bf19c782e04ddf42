package vpn

import (
	"net/netip"
	"slices"
)

// Verdict is whether a client may send to an address, with the reason.
type Verdict int

// The verdicts, in the order in which they are found.
const (
	Allow           Verdict = iota
	DenyNoRoute             // no route of the client's association leads there
	DenyNoRule              // no authorization rule covers the destination
	DenyGroup               // the most specific rules are for groups the client is not in
	DenyOtherClient         // the destination is a client of the endpoint, and there is no local route
	DenyUnroutable          // no packet may be sent to the destination: loopback, link-local, multicast

	// What the host refuses although the rules allow it (AccessQuestion.Answer).
	DenyGateway       // the destination is the endpoint's own end of the tunnel, which answers echo requests and nothing else
	DenyOtherEndpoint // the destination is a client of another endpoint
	DenyHost          // the destination is the host itself, and no rule names exactly this address
	DenyPolicy        // the host policy forbids the destination
	DenyNoWay         // the host has no way to the destination
)

var verdictNames = [...]string{
	"allow", "no route", "no rule", "not in the group", "another client", "unroutable",
	"gateway", "client of another endpoint", "host", "host policy", "no way",
}

func (v Verdict) String() string { return verdictNames[v] }

// Decide is the authorization rule in one place: a packet of a client of the given association
// passes if a route of that association leads to the destination, and if among all rules those
// with the most specific destination that contains it grant all users or one of the client's
// groups. There is no fall-back to a wider rule, and no rule means deny (guide, "Authorization
// rules"). Unroutable addresses are always denied, and a metadata address of a cloud
// unless a rule names it as /32. Flatten is the compiled form of Decide for the kernel.
func Decide(d Desired, association AssociationID, groups []string, dst netip.Addr) Verdict {
	if unroutableReason(netip.PrefixFrom(dst, dst.BitLen())) != "" {
		return DenyUnroutable
	}
	if d.ClientCIDR.Contains(dst) {
		if !d.ClientToClient {
			return DenyOtherClient
		}
	} else if !hasRoute(d, association, dst) {
		return DenyNoRoute
	}
	best := decidingBits(d.Rules, dst)
	if best < 0 || best < dst.BitLen() && isMetadata(dst) {
		return DenyNoRule
	}
	for _, r := range d.Rules {
		if r.Destination.Bits() == best && r.Destination.Contains(dst) && r.grants(groups) {
			return Allow
		}
	}
	return DenyGroup
}

// decidingBits is the prefix length of the most specific destination that contains an address; -1 where none does.
func decidingBits(rules []DesiredRule, dst netip.Addr) int {
	best := -1
	for _, r := range rules {
		if r.Destination.Contains(dst) {
			best = max(best, r.Destination.Bits())
		}
	}
	return best
}

// grants tells whether the rule lets a client with the groups through.
func (r DesiredRule) grants(groups []string) bool { return r.AllUsers || hasGroup(groups, r.Group) }

// isMetadata tells whether a cloud hands out credentials of the host at an address.
func isMetadata(a netip.Addr) bool {
	return slices.Contains(metadata, netip.PrefixFrom(a, a.BitLen()))
}

func hasRoute(d Desired, association AssociationID, dst netip.Addr) bool {
	for _, a := range d.Associations {
		if a.ID != association {
			continue
		}
		for _, p := range a.Routes {
			if p.Contains(dst) {
				return true
			}
		}
	}
	return false
}
