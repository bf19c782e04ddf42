package host

import (
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// OutgoingInterfaces lists the interfaces by which the host sends packets to any part of a destination,
// sorted: the routes to a wide one such as 10.0.0.0/16 or 0.0.0.0/0 often use several. Each of them
// needs forwarding for the replies. The loopback device and our own are left out.
func OutgoingInterfaces(destination netip.Prefix) ([]string, error) {
	routes, err := repeatDump(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	})
	if err != nil {
		return nil, Unavailable(err, "The routes of this host cannot be read.")
	}
	indexes := map[int]bool{}
	for _, r := range routes {
		p, ok := destinationOf(r)
		if !ok || r.Type != unix.RTN_UNICAST || p.Bits() < destination.Bits() || !destination.Contains(p.Addr()) {
			continue
		}
		indexes[r.LinkIndex] = true
		for _, hop := range r.MultiPath {
			indexes[hop.LinkIndex] = true
		}
	}
	var names []string
	if path, err := Reach(destination); err == nil {
		names = append(names, path.Interface)
	}
	links, err := repeatDump(netlink.LinkList)
	if err != nil {
		return nil, Unavailable(err, "The network devices of this host cannot be read.")
	}
	for _, l := range links {
		if indexes[l.Attrs().Index] && l.Attrs().Flags&net.FlagLoopback == 0 && !isOurs(l) {
			names = append(names, l.Attrs().Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}
