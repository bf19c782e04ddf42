package vpn

import (
	"fmt"
	"net/netip"
	"strings"
)

// anyIPv4 is 0.0.0.0/0, "the internet" of the guide.
var anyIPv4 = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// IsAny reports whether p is 0.0.0.0/0.
func IsAny(p netip.Prefix) bool { return p == anyIPv4 }

// ParseCIDR reads an IPv4 CIDR as a person types it. Host bits are refused rather than cleared:
// 10.0.0.5/16 is more often a slip in the mask than an intention. The error is a sentence for
// the field.
func ParseCIDR(s string) (netip.Prefix, error) {
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		return netip.Prefix{}, fmt.Errorf("Enter an IPv4 range in CIDR notation, for example 10.0.0.0/16.") //nolint:staticcheck // a sentence for a form field
	case len(s) > 18:
		return netip.Prefix{}, fmt.Errorf("This is not an IPv4 range in CIDR notation, such as 10.0.0.0/16.") //nolint:staticcheck // a sentence for a form field
	case !strings.Contains(s, "/"):
		if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
			return netip.Prefix{}, fmt.Errorf("Add a prefix length: %s.", withPrefixLength(a)) //nolint:staticcheck // a sentence for a form field
		}
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not an IPv4 range in CIDR notation, such as 10.0.0.0/16.", s) //nolint:staticcheck // a sentence for a form field
	}
	if !p.Addr().Is4() {
		return netip.Prefix{}, fmt.Errorf("Only IPv4 ranges are supported; %s is IPv6.", s) //nolint:staticcheck // a sentence for a form field
	}
	if m := p.Masked(); m != p {
		return netip.Prefix{}, fmt.Errorf("%s has host bits set; the range that contains it is %s.", s, m) //nolint:staticcheck // a sentence for a form field
	}
	return p, nil
}

// withPrefixLength says which ranges a person can mean by an address without a prefix length.
func withPrefixLength(a netip.Addr) string {
	one := netip.PrefixFrom(a, 32).String() + " is this one address"
	if a.IsUnspecified() {
		return anyIPv4.String() + " is every address"
	}
	for _, wide := range []int{8, 16, 24} { // the widest whose host part is zero
		if p := netip.PrefixFrom(a, wide); p == p.Masked() {
			return one + ", " + p.String() + " the range that begins with it"
		}
	}
	return one
}

// isIPv4Network reports whether p is an IPv4 prefix without host bits.
func isIPv4Network(p netip.Prefix) bool { return p.IsValid() && p.Addr().Is4() && p == p.Masked() }

// LastAddr is the highest address of an IPv4 prefix.
func LastAddr(p netip.Prefix) netip.Addr {
	return addrFrom(toUint(p.Masked().Addr()) | hostMask(p.Bits()))
}

// AddressCount is the number of addresses in an IPv4 prefix.
func AddressCount(p netip.Prefix) uint64 { return 1 << (32 - p.Bits()) }

func hostMask(bits int) uint32 { return uint32(uint64(1)<<(32-bits) - 1) }

func toUint(a netip.Addr) uint32 {
	b := a.As4()
	return uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
}

func addrFrom(u uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(u >> 24), byte(u >> 16), byte(u >> 8), byte(u)})
}

// unroutable are the ranges that no packet may be sent to, in ascending order. They stay closed under a wider rule
// too: at 169.254.169.254 a cloud gives out the credentials of this host.
var unroutable = []struct {
	cidr netip.Prefix
	why  string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "the range of “this network”"},
	{netip.MustParsePrefix("127.0.0.0/8"), "the loopback range"},
	{linkLocal, "the link-local range"},
	{netip.MustParsePrefix("224.0.0.0/4"), "the multicast range"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved range"},
}

// metadata are the addresses at which other clouds hand out credentials of this host, in ascending order: those of
// Alibaba Cloud, Azure and Oracle Cloud. They are reached through the default route, and the source translation makes
// every client look like the host. Only a rule for the address itself opens one: a wider rule does not.
var metadata = []netip.Prefix{
	netip.MustParsePrefix("100.100.100.200/32"),
	netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("192.0.0.192/32"),
}

// unroutableReason returns why a range cannot be a destination or a network, or "". A wider range that only contains
// such addresses is allowed: 0.0.0.0/0 is a valid destination.
func unroutableReason(p netip.Prefix) string {
	for _, n := range unroutable {
		if n.cidr.Overlaps(p) && n.cidr.Bits() <= p.Bits() {
			return n.why
		}
	}
	return ""
}

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

// comparePrefixes orders by address, then the wider prefix first.
func comparePrefixes(a, b netip.Prefix) int {
	if c := a.Addr().Compare(b.Addr()); c != 0 {
		return c
	}
	return a.Bits() - b.Bits()
}
