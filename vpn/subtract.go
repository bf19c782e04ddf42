package vpn

import "net/netip"

// Subtract gives the parts of p that lie in none of the holes, as few prefixes as possible, in
// ascending order.
func Subtract(p netip.Prefix, holes []netip.Prefix) []netip.Prefix {
	inside := false
	for _, h := range holes {
		if h.Bits() <= p.Bits() && h.Contains(p.Addr()) {
			return nil
		}
		inside = inside || p.Overlaps(h)
	}
	if !inside {
		return []netip.Prefix{p}
	}
	// A hole smaller than p lies in one of its halves.
	low := netip.PrefixFrom(p.Addr(), p.Bits()+1)
	high := netip.PrefixFrom(LastAddr(low).Next(), p.Bits()+1)
	return append(Subtract(low, holes), Subtract(high, holes)...)
}
