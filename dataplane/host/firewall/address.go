package firewall

import (
	"net/netip"
	"strings"

	"sallyport/vpn"
)

// contains tells whether addresses of every possible prefix are in one of the named ones.
func contains(named, possible []netip.Prefix) answer {
	result := answer(-1)
	for _, p := range possible {
		one := no
		for _, n := range named {
			switch {
			case n.Bits() <= p.Bits() && n.Contains(p.Addr()):
				one = yes
			case one == no && n.Overlaps(p):
				one = some
			}
		}
		switch {
		case result < 0:
			result = one
		case result != one:
			result = some
		}
	}
	if result < 0 {
		return some
	}
	return result
}

// unicast are the addresses that packets of hosts have.
var unicast = []netip.Prefix{
	netip.MustParsePrefix("1.0.0.0/8"), netip.MustParsePrefix("2.0.0.0/7"), netip.MustParsePrefix("4.0.0.0/6"),
	netip.MustParsePrefix("8.0.0.0/5"), netip.MustParsePrefix("16.0.0.0/4"), netip.MustParsePrefix("32.0.0.0/3"),
	netip.MustParsePrefix("64.0.0.0/3"), netip.MustParsePrefix("96.0.0.0/4"), netip.MustParsePrefix("112.0.0.0/5"),
	netip.MustParsePrefix("120.0.0.0/6"), netip.MustParsePrefix("124.0.0.0/7"), netip.MustParsePrefix("126.0.0.0/8"),
	netip.MustParsePrefix("128.0.0.0/2"), netip.MustParsePrefix("192.0.0.0/3"),
}

// parsePrefixes reads addresses, prefixes and IPv4 ranges ("10.0.0.1-10.0.0.9"). ok is false where
// one is none of these.
func parsePrefixes(list []string) (out []netip.Prefix, ok bool) {
	for _, s := range list {
		if first, last, isRange := strings.Cut(s, "-"); isRange {
			from, err1 := netip.ParseAddr(first)
			to, err2 := netip.ParseAddr(last)
			if err1 != nil || err2 != nil || !from.Is4() || !to.Is4() || to.Less(from) {
				return nil, false
			}
			out = append(out, prefixesOf(from, to)...)
			continue
		}
		if _, mask, hasMask := strings.Cut(s, "/"); hasMask && strings.Contains(mask, ".") {
			return nil, false // a mask such as 0.0.0.1 is no prefix
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, false
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, true
}

// prefixesOf cuts a range of IPv4 addresses into prefixes.
func prefixesOf(from, to netip.Addr) []netip.Prefix {
	var out []netip.Prefix
	for {
		p := netip.PrefixFrom(from, 32)
		for p.Bits() > 0 {
			wider := netip.PrefixFrom(from, p.Bits()-1)
			if wider.Masked().Addr() != from || to.Less(vpn.LastAddr(wider)) {
				break
			}
			p = wider
		}
		out = append(out, p)
		if from = vpn.LastAddr(p).Next(); !from.IsValid() || to.Less(from) {
			return out
		}
	}
}
