package host

import (
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Used is a range that this host has an address in or a route to.
type Used struct {
	Range     netip.Prefix
	Interface string // "" for a route without one
	Address   bool   // the range belongs to an address of the host itself
	Dropped   bool   // the route drops packets to it: lists of unwanted hosts are often such routes
}

// UsedRanges lists what this host has addresses in and routes to. The default route and our own routes and devices
// are left out.
func UsedRanges() ([]Used, error) {
	routes, err := repeatDump(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_UNSPEC}, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return nil, Unavailable(err, "The routes of this host cannot be read.")
	}
	links, err := repeatDump(netlink.LinkList)
	if err != nil {
		return nil, Unavailable(err, "The network devices of this host cannot be read.")
	}
	names, own := map[int]string{}, map[int]bool{}
	for _, l := range links {
		names[l.Attrs().Index], own[l.Attrs().Index] = l.Attrs().Name, isOurs(l)
	}
	var out []Used
	for _, r := range routes {
		p, ok := destinationOf(r)
		if !ok || p.Bits() == 0 || r.Protocol == routeProtocol || own[r.LinkIndex] || r.Type == unix.RTN_MULTICAST {
			continue
		}
		if r.LinkIndex != 0 && names[r.LinkIndex] == "" {
			continue // its device, and the route with it, was deleted between the two requests
		}
		out = append(out, Used{Range: p, Interface: names[r.LinkIndex], Address: r.Type == unix.RTN_LOCAL || r.Type == unix.RTN_BROADCAST, Dropped: drops(r)})
	}
	return out, nil
}

// drops tells whether packets to the destination of a route go nowhere.
func drops(r netlink.Route) bool {
	return r.Type == unix.RTN_BLACKHOLE || r.Type == unix.RTN_UNREACHABLE || r.Type == unix.RTN_PROHIBIT
}

// CheckOverlap refuses a client range that overlaps a route or an address of this host: replies to clients
// would follow that route.
func CheckOverlap(client netip.Prefix) error {
	used, err := UsedRanges()
	if err != nil {
		return err
	}
	for _, u := range used {
		switch {
		case !u.Range.Overlaps(client):
		case u.Address:
			return refuseConflict("The client range %s contains %s, which is used by this host's interface %s.", client, u.Range.Addr(), u.Interface)
		case u.Interface != "":
			return refuseConflict("The client range %s overlaps %s, to which this host has a route by %s.", client, u.Range, u.Interface)
		default:
			return refuseConflict("The client range %s overlaps %s, for which this host has a route.", client, u.Range)
		}
	}
	return nil
}
