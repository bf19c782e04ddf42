package vpn

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
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
	if c.Has("client_cidr") {
		return netip.Prefix{}
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

// privateRanges are the ranges that no host on the internet has: those of RFC 1918, and the shared address space of
// RFC 6598. A client CIDR that lies elsewhere cuts the gateway off from the hosts that have its addresses.
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("100.64.0.0/10"),
}

// OverlapsPrivate reports whether p has an address in one of the private ranges.
func OverlapsPrivate(p netip.Prefix) bool { return slices.ContainsFunc(privateRanges, p.Overlaps) }

// IsPrivateRange reports whether all addresses of p lie in one of the private ranges.
func IsPrivateRange(p netip.Prefix) bool {
	return slices.ContainsFunc(privateRanges, func(r netip.Prefix) bool { return r.Bits() <= p.Bits() && r.Contains(p.Addr()) })
}

func privateRangeTexts() []string {
	var texts []string
	for _, r := range privateRanges {
		texts = append(texts, r.String())
	}
	return texts
}

// CheckClientRange refuses a client CIDR with public addresses, unless the deployment allows them. Only a new endpoint
// is asked: one that exists keeps its client CIDR. Field: client_cidr.
func (e Endpoint) CheckClientRange(allowPublic bool) error {
	var c Check
	if !allowPublic && e.ClientCIDR.IsValid() && !IsPrivateRange(e.ClientCIDR) {
		c.Bad("client_cidr", fmt.Sprintf("%s has public addresses, so this host could no longer reach the hosts on the internet that have them. Choose a range in %s; an administrator can allow other ranges on the Settings page.",
			e.ClientCIDR, strings.Join(privateRangeTexts(), ", ")))
	}
	return c.Err()
}

// ClientRangeWarning says what is wrong with the client CIDR of an endpoint that exists, or "".
func (e Endpoint) ClientRangeWarning() string {
	if IsPrivateRange(e.ClientCIDR) {
		return ""
	}
	return fmt.Sprintf("The client CIDR %s has public addresses: this host cannot reach the hosts on the internet that have them. Make a new endpoint with a private range and move the clients to it.", e.ClientCIDR)
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

// FreeClientCIDR proposes a client range of the narrowest size that overlaps with none of the ranges that are taken;
// the zero Prefix where it finds none. It looks in the ranges that are allowed; where none are named, in those that
// private networks use seldom.
func FreeClientCIDR(taken, allowed []netip.Prefix) netip.Prefix {
	pools := allowed
	if len(pools) == 0 {
		pools = []netip.Prefix{netip.MustParsePrefix("10.128.0.0/9"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("100.64.0.0/10")}
	}
	for _, pool := range pools {
		if !pool.Addr().Is4() || pool.Bits() > narrowestClientCIDR {
			continue
		}
		pool = pool.Masked()
		for at := pool.Addr(); pool.Contains(at); {
			p := netip.PrefixFrom(at, 22)
			blocked := slices.IndexFunc(taken, p.Overlaps)
			if blocked < 0 {
				return p
			}
			after := p // the wider of the two is passed
			if taken[blocked].Bits() < p.Bits() {
				after = taken[blocked]
			}
			b := after.Masked().Addr().As4()
			next := uint64(binary.BigEndian.Uint32(b[:])) + 1<<(32-after.Bits())
			if next > math.MaxUint32 {
				break
			}
			binary.BigEndian.PutUint32(b[:], uint32(next))
			at = netip.AddrFrom4(b)
		}
	}
	return netip.Prefix{}
}
