package vpn

import (
	"crypto/sha256"
	"net/netip"
)

// ClientIPv6 gives a client the IPv6 address of its tunnel, in a /64 of the endpoint, and the gateway of that /64. The
// tunnel carries no IPv6: a client needs the address to route its IPv6 into the tunnel, where it is refused.
//
// The /64 is a unique local one (RFC 4193), made from the endpoint's ID, so that the tunnels of two endpoints differ
// on one client. A client compares the label of such an address with that of a public destination (RFC 6724) and
// prefers IPv4.
func ClientIPv6(id EndpointID, client netip.Addr) (addr netip.Prefix, gateway netip.Addr) {
	sum := sha256.Sum256([]byte(id))
	network := [16]byte{0: 0xfd}
	copy(network[1:6], sum[:])
	host := network
	v4 := client.As4()
	copy(host[12:], v4[:])
	network[15] = 1
	return netip.PrefixFrom(netip.AddrFrom16(host), 64), netip.AddrFrom16(network)
}
