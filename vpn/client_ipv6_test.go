package vpn

import (
	"net/netip"
	"testing"
)

// Clients of an endpoint share a unique local /64, which no other endpoint has, and have an address of their own in it.
func TestClientIPv6(t *testing.T) {
	t.Parallel()
	const one, two EndpointID = "cvpn-endpoint-0123456789abcdef0", "cvpn-endpoint-0123456789abcdef1"
	a, gateway := ClientIPv6(one, netip.MustParseAddr("10.20.0.2"))
	b, sameGateway := ClientIPv6(one, netip.MustParseAddr("10.20.0.3"))
	c, _ := ClientIPv6(two, netip.MustParseAddr("10.20.0.2"))
	switch local := netip.MustParsePrefix("fd00::/8"); {
	case !local.Contains(a.Addr()) || a.Bits() != 64:
		t.Errorf("%s is no unique local address in a /64", a)
	case a.Masked() != b.Masked() || a == b || gateway != sameGateway:
		t.Errorf("two clients of an endpoint have %s by %s and %s by %s", a, gateway, b, sameGateway)
	case !a.Contains(gateway) || gateway == a.Addr():
		t.Errorf("the gateway of %s is %s", a, gateway)
	case a.Masked() == c.Masked():
		t.Errorf("two endpoints have %s", c)
	}
}
