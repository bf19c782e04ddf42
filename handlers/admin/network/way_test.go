package network_test

import (
	"net/netip"
	"testing"

	"sallyport/control/controltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// The list of subnets says by which way the host reaches each, associated or not: a mistyped CIDR is seen before it is used. Without
// the dataplane it says that the way is not known, and is a list as before.
func TestSubnetsAreReachedBy(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Kit.Dataplane.Ways = map[netip.Addr]vpn.WayOut{
		netip.MustParseAddr("10.0.0.0"): {Interface: "eth1", Gateway: netip.MustParseAddr("10.9.0.254")},
		netip.MustParseAddr("10.0.1.0"): {Interface: "eth0", Gateway: netip.MustParseAddr("198.51.100.1"), Default: true},
	}
	p := u.Admin.Get(u.Network)
	p.Row("10.0.0.0/24").WantText(`[data-label="Reached by"]`, "10.9.0.254 on eth1")
	p.Row("10.0.1.0/24").WantText(`[data-label="Reached by"]`, "Default route only")
	webtest.CheckMarkup(t, u.Network, p)
	u.Kit.Dataplane.Down = controltest.ErrDown
	u.Admin.Get(u.Network).WantText("main", "By which way this host reaches them is not known. The dataplane does not answer.").Row("10.0.1.0/24").WantText(`[data-label="Reached by"]`, "Not reported yet")
}
