package vpn

import (
	"fmt"
	"net/netip"
)

// Limits of a client CIDR range (guide, "Limitations and rules of Client VPN").
const (
	widestClientCIDR    = 12
	narrowestClientCIDR = 22
)

// Blocks is the number of equal parts that every client CIDR is cut into. A block belongs to
// one node at a time, so that no two nodes can give out the same address.
const Blocks = 64

func parseClientCIDR(c *Check, s string) netip.Prefix {
	p, err := ParseCIDR(s)
	switch {
	case err != nil:
		c.Bad("client_cidr", err.Error())
	case p.Bits() > narrowestClientCIDR:
		c.Bad("client_cidr", fmt.Sprintf("%s is too small: the client CIDR must have a block size from /%d to /%d.", p, widestClientCIDR, narrowestClientCIDR))
	case p.Bits() < widestClientCIDR:
		c.Bad("client_cidr", fmt.Sprintf("%s is too large: the client CIDR must have a block size from /%d to /%d.", p, widestClientCIDR, narrowestClientCIDR))
	default:
		if why := unassignable(p); why != "" {
			c.Bad("client_cidr", fmt.Sprintf("%s has addresses of %s.", p, why))
		}
	}
	return p
}

// unassignable returns why a range cannot be a client CIDR, or "". It is stricter than unroutableReason, because every
// address of a client CIDR is given to clients.
func unassignable(p netip.Prefix) string {
	if linkLocal.Overlaps(p) {
		return "the link-local range"
	}
	return unroutableReason(p)
}

var linkLocal = netip.MustParsePrefix("169.254.0.0/16")

// ValidClientCIDR reports whether p may be an endpoint's client CIDR range.
func ValidClientCIDR(p netip.Prefix) bool {
	return isIPv4Network(p) &&
		p.Bits() >= widestClientCIDR && p.Bits() <= narrowestClientCIDR && unassignable(p) == ""
}

// Block is block n (0 to 63) of a client CIDR.
func Block(client netip.Prefix, n int) netip.Prefix {
	bits := client.Bits() + 6
	return netip.PrefixFrom(addrFrom(toUint(client.Addr())+uint32(n)<<(32-bits)), bits)
}

// Gateway is the host's own address in the tunnel: the first host address of the client CIDR.
func Gateway(client netip.Prefix) netip.Addr { return client.Addr().Next() }

// Assignable reports whether a client can be given addr: all but the network address, the gateway
// and the broadcast address.
func Assignable(client netip.Prefix, addr netip.Addr) bool {
	return client.Contains(addr) && addr != client.Addr() && addr != Gateway(client) && addr != LastAddr(client)
}

// ClientCapacity is how many addresses clients can be given out of a client CIDR.
func ClientCapacity(client netip.Prefix) uint64 { return AddressCount(client) - 3 }

// AllBlocks lists every block number: what a node alone on its database holds.
func AllBlocks() []int {
	all := make([]int, Blocks)
	for i := range all {
		all[i] = i
	}
	return all
}
