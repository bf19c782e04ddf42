package host

import (
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// CheckOverlap refuses a client range that overlaps a route or an address of this host: replies to clients
// would follow that route. The default route and our own routes and devices are ignored.
func CheckOverlap(client netip.Prefix) error {
	routes, err := repeatDump(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return Unavailable(err, "The routes of this host cannot be read.")
	}
	links, err := repeatDump(netlink.LinkList)
	if err != nil {
		return Unavailable(err, "The network devices of this host cannot be read.")
	}
	names, own := map[int]string{}, map[int]bool{}
	for _, l := range links {
		names[l.Attrs().Index], own[l.Attrs().Index] = l.Attrs().Name, isOurs(l)
	}
	for _, r := range routes {
		p, ok := destinationOf(r)
		if !ok || p.Bits() == 0 || !p.Overlaps(client) || r.Protocol == routeProtocol || own[r.LinkIndex] || r.Type == unix.RTN_MULTICAST {
			continue
		}
		if r.LinkIndex != 0 && names[r.LinkIndex] == "" {
			continue // its device, and the route with it, was deleted between the two requests
		}
		switch {
		case r.Type == unix.RTN_LOCAL || r.Type == unix.RTN_BROADCAST:
			return refuseConflict("The client range %s contains %s, which is used by this host's interface %s.", client, p.Addr(), names[r.LinkIndex])
		case names[r.LinkIndex] != "":
			return refuseConflict("The client range %s overlaps %s, to which this host has a route by %s.", client, p, names[r.LinkIndex])
		default:
			return refuseConflict("The client range %s overlaps %s, for which this host has a route.", client, p)
		}
	}
	return nil
}
