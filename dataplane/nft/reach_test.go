package nft

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"sallyport/vpn"
)

// TestReachableIsGrantedAndRouted compares the ranges with the definition, at both ends of
// every range and prefix and beside them, the ends of the address space included.
func TestReachableIsGrantedAndRouted(t *testing.T) {
	t.Parallel()
	const seed = 4711
	random := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a test repeats itself
	some := func() []netip.Prefix {
		out := make([]netip.Prefix, random.IntN(6))
		for i := range out {
			raw := [4]byte{[]byte{0, 10, 255}[random.IntN(3)], byte(random.IntN(3) * 127), byte(random.IntN(256)), 0}
			out[i] = netip.PrefixFrom(netip.AddrFrom4(raw), random.IntN(33)).Masked()
		}
		return out
	}
	for range 2000 {
		var granted []vpn.Range
		for _, s := range intervals(some()) {
			granted = append(granted, vpn.Range{First: s.first, Last: s.last, Grant: vpn.Grant{Groups: []string{s.first.String()}}})
		}
		routes, clients := some(), some()
		got := reachable(granted, routes, clients)
		for i, r := range got {
			if r.Last.Less(r.First) || i > 0 && !got[i-1].Last.Less(r.First) {
				t.Fatalf("%v is not ascending", got)
			}
		}
		var ends []netip.Addr
		for _, p := range slices.Concat(routes, clients) {
			ends = append(ends, p.Addr(), vpn.LastAddr(p))
		}
		for _, r := range granted {
			ends = append(ends, r.First, r.Last)
		}
		in := func(list []netip.Prefix, a netip.Addr) bool {
			return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(a) })
		}
		at := func(list []vpn.Range, a netip.Addr) string {
			for _, r := range list {
				if !a.Less(r.First) && !r.Last.Less(a) {
					return r.Grant.Groups[0]
				}
			}
			return ""
		}
		for _, end := range ends {
			for _, a := range []netip.Addr{end.Prev(), end, end.Next()} {
				want := ""
				if a.IsValid() && in(routes, a) && !in(clients, a) {
					want = at(granted, a)
				}
				if a.IsValid() && at(got, a) != want {
					t.Fatalf("%s: %q, want %q\ngranted %v\nroutes %v\nclients %v\nreach %v", a, at(got, a), want, granted, routes, clients, got)
				}
			}
		}
	}
}
