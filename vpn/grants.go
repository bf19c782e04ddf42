package vpn

import (
	"net/netip"
	"slices"
)

// Grant is what the rules of one destination allow together: all users, or the named groups.
type Grant struct {
	All    bool     `json:"all,omitempty"`
	Groups []string `json:"groups,omitempty"` // sorted, without repeats; empty when All
}

// Range is a run of destination addresses, both ends included, that share one Grant.
type Range struct {
	First, Last netip.Addr
	Grant       Grant
}

// Flatten turns authorization rules, whose destinations may nest, into disjoint ranges in
// ascending order: each address has the grant of the most specific destination that contains
// it, with no fall-back to a wider one (guide, "Authorization rules"). Addresses
// without a rule, unroutable ones, and metadata addresses that no rule names, are in no range, which means deny. Neighbours with equal grants are joined.
//
// It is the compiled form of Decide; a property test holds the two equal. The kernel's interval
// maps refuse overlapping prefixes, which is why the longest match is resolved here.
func Flatten(rules []DesiredRule) []Range {
	grants := grantsByDestination(rules)
	order := make([]netip.Prefix, 0, len(grants))
	for p := range grants {
		order = append(order, p)
	}
	// Parents before their children: ascending address, then wider first.
	slices.SortFunc(order, comparePrefixes)

	var s sweep
	for _, p := range order {
		s.closeBefore(toUint(p.Addr()))
		s.open(p, grants[p])
	}
	s.closeAll()
	return removeAddresses(s.out, closedWithout(grants))
}

// closedWithout gives what no wider rule opens, in ascending order: the unroutable addresses, and the metadata
// addresses that no rule names.
func closedWithout(grants map[netip.Prefix]Grant) []netip.Prefix {
	var closed []netip.Prefix
	for _, n := range unroutable {
		closed = append(closed, n.cidr)
	}
	for _, p := range metadata {
		if _, named := grants[p]; !named {
			closed = append(closed, p)
		}
	}
	slices.SortFunc(closed, comparePrefixes)
	return closed
}

// removeAddresses takes the addresses of disjoint, ascending prefixes out of the ranges.
func removeAddresses(ranges []Range, closed []netip.Prefix) []Range {
	var out []Range
	for _, r := range ranges {
		// 64 bits wide, so that "one past the last" is not zero.
		first, last := uint64(toUint(r.First)), uint64(toUint(r.Last))
		for _, p := range closed {
			from, to := uint64(toUint(p.Addr())), uint64(toUint(LastAddr(p)))
			if to < first || from > last {
				continue
			}
			if from > first {
				out = append(out, Range{First: addrFrom(uint32(first)), Last: addrFrom(uint32(from - 1)), Grant: r.Grant})
			}
			first = to + 1
		}
		if first <= last {
			out = append(out, Range{First: addrFrom(uint32(first)), Last: r.Last, Grant: r.Grant})
		}
	}
	return out
}

func grantsByDestination(rules []DesiredRule) map[netip.Prefix]Grant {
	grants := map[netip.Prefix]Grant{}
	for _, r := range rules {
		g := grants[r.Destination]
		switch {
		case g.All || r.AllUsers:
			g = Grant{All: true}
		case !hasGroup(g.Groups, r.Group):
			g.Groups = append(slices.Clone(g.Groups), CanonicalGroup(r.Group))
			slices.Sort(g.Groups)
		}
		grants[r.Destination] = g
	}
	return grants
}

// sweep walks destinations in order with the stack of those that contain the current address.
// at is 64 bits wide so that "one past 255.255.255.255" is not zero.
type sweep struct {
	stack []span
	at    uint64
	out   []Range
}

type span struct {
	last  uint64
	grant Grant
}

func (s *sweep) open(p netip.Prefix, g Grant) {
	first := uint64(toUint(p.Addr()))
	if n := len(s.stack); n > 0 {
		s.emit(first, s.stack[n-1].grant)
	}
	s.at = first
	s.stack = append(s.stack, span{last: uint64(toUint(LastAddr(p))), grant: g})
}

// closeBefore ends every open destination that lies wholly below addr.
func (s *sweep) closeBefore(addr uint32) {
	for n := len(s.stack); n > 0 && s.stack[n-1].last < uint64(addr); n = len(s.stack) {
		s.pop()
	}
}

func (s *sweep) closeAll() {
	for len(s.stack) > 0 {
		s.pop()
	}
}

func (s *sweep) pop() {
	top := s.stack[len(s.stack)-1]
	s.stack = s.stack[:len(s.stack)-1]
	s.emit(top.last+1, top.grant)
	s.at = top.last + 1
}

// emit writes the addresses from at up to, not including, end.
func (s *sweep) emit(end uint64, g Grant) {
	if end <= s.at {
		return
	}
	first, last := addrFrom(uint32(s.at)), addrFrom(uint32(end-1))
	if n := len(s.out); n > 0 && s.out[n-1].Last.Next() == first && sameGrant(s.out[n-1].Grant, g) {
		s.out[n-1].Last = last
		return
	}
	s.out = append(s.out, Range{First: first, Last: last, Grant: g})
}

func sameGrant(a, b Grant) bool { return a.All == b.All && slices.Equal(a.Groups, b.Groups) }
