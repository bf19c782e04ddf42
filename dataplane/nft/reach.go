package nft

import (
	"net/netip"
	"slices"

	"sallyport/vpn"
)

// reachable returns where the clients of one association may send packets outside the client
// ranges: what rules grant, as far as a route of the association covers it. Client ranges are
// excluded, because packets between clients have conditions of their own. With this map, one
// lookup per packet replaces three.
func reachable(granted []vpn.Range, routes, clients []netip.Prefix) []vpn.Range {
	return subtract(intersect(granted, intervals(routes)), intervals(clients))
}

// interval is a range of addresses, both ends included.
type interval struct{ first, last netip.Addr }

// intervals returns the addresses of prefixes in ascending order, without overlap and joined where
// they are adjacent.
func intervals(prefixes []netip.Prefix) []interval {
	sorted := slices.SortedFunc(slices.Values(prefixes), func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	var out []interval
	for _, p := range sorted {
		s := interval{p.Addr(), vpn.LastAddr(p)}
		if n := len(out) - 1; n >= 0 && (!out[n].last.Less(s.first) || out[n].last.Next() == s.first) {
			if out[n].last.Less(s.last) {
				out[n].last = s.last
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// intersect returns the parts of ranges that lie in one of the intervals. Both lists, and the
// result, are ascending and without overlap.
func intersect(ranges []vpn.Range, in []interval) []vpn.Range {
	var out []vpn.Range
	for _, r := range ranges {
		for len(in) > 0 && in[0].last.Less(r.First) {
			in = in[1:]
		}
		for _, s := range in {
			if r.Last.Less(s.first) {
				break
			}
			out = append(out, vpn.Range{First: maxAddr(r.First, s.first), Last: minAddr(r.Last, s.last), Grant: r.Grant})
		}
	}
	return out
}

// subtract returns the parts of ranges that lie in none of the intervals, under the same conditions.
func subtract(ranges []vpn.Range, not []interval) []vpn.Range {
	var out []vpn.Range
	for _, r := range ranges {
		for len(not) > 0 && not[0].last.Less(r.First) {
			not = not[1:]
		}
		rest := r
		for _, s := range not {
			if r.Last.Less(s.first) {
				break
			}
			if rest.First.Less(s.first) {
				out = append(out, vpn.Range{First: rest.First, Last: s.first.Prev(), Grant: r.Grant})
			}
			rest.First = s.last.Next() // invalid after 255.255.255.255: nothing is left then
		}
		if rest.First.IsValid() && !rest.Last.Less(rest.First) {
			out = append(out, rest)
		}
	}
	return out
}

func maxAddr(a, b netip.Addr) netip.Addr {
	if a.Less(b) {
		return b
	}
	return a
}

func minAddr(a, b netip.Addr) netip.Addr {
	if b.Less(a) {
		return b
	}
	return a
}
