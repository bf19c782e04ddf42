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
)

var verdictNames = [...]string{"allow", "no route", "no rule", "not in the group", "another client", "unroutable"}

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
	best := -1
	for _, r := range d.Rules {
		if r.Destination.Contains(dst) {
			best = max(best, r.Destination.Bits())
		}
	}
	if best < 0 || best < dst.BitLen() && slices.Contains(metadata, netip.PrefixFrom(dst, dst.BitLen())) {
		return DenyNoRule
	}
	for _, r := range d.Rules {
		if r.Destination.Bits() == best && r.Destination.Contains(dst) && (r.AllUsers || hasGroup(groups, r.Group)) {
			return Allow
		}
	}
	return DenyGroup
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
