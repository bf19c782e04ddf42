package nft

import (
	"net/netip"
	"slices"

	"sallyport/vpn"
)

// reach is where the clients of one association get to through other networks: what rules grant,
// as far as a route of the association leads there. Client ranges are none of it, for between
// clients other questions are asked. One look-up per packet answers what would otherwise be three.
func reach(granted []vpn.Range, routes, clients []netip.Prefix) []vpn.Range {
	return without(within(granted, stretches(routes)), stretches(clients))
}

// stretch is a run of addresses, both ends included.
type stretch struct{ first, last netip.Addr }

// stretches gives the addresses of prefixes in ascending order, each once, joined where they touch.
func stretches(prefixes []netip.Prefix) []stretch {
	sorted := slices.SortedFunc(slices.Values(prefixes), func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	var out []stretch
	for _, p := range sorted {
		s := stretch{p.Addr(), vpn.LastAddr(p)}
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

// within keeps of the ranges what lies in one of the stretches. All three are ascending and
// without overlap.
func within(ranges []vpn.Range, in []stretch) []vpn.Range {
	var out []vpn.Range
	for _, r := range ranges {
		for len(in) > 0 && in[0].last.Less(r.First) {
			in = in[1:]
		}
		for _, s := range in {
			if r.Last.Less(s.first) {
				break
			}
			out = append(out, vpn.Range{First: later(r.First, s.first), Last: earlier(r.Last, s.last), Grant: r.Grant})
		}
	}
	return out
}

// without keeps what lies in none of them.
func without(ranges []vpn.Range, not []stretch) []vpn.Range {
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
			rest.First = s.last.Next() // of the last address there is: none, which no address is less than
		}
		if rest.First.IsValid() && !rest.Last.Less(rest.First) {
			out = append(out, rest)
		}
	}
	return out
}

func later(a, b netip.Addr) netip.Addr {
	if a.Less(b) {
		return b
	}
	return a
}

func earlier(a, b netip.Addr) netip.Addr {
	if b.Less(a) {
		return b
	}
	return a
}
