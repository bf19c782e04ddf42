package host

import (
	"errors"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// routeProtocol marks our routes in the kernel's table ("proto 83" in ip route). Programs may choose
// a number from 5 to 255; 83 is in no list that iproute2 or FRR ship.
const routeProtocol = 83

// RouteClient sets the route of a client's address to a device, and replaces an existing one.
func RouteClient(client netip.Addr, device string) error {
	index, err := indexOf(device)
	if err != nil {
		return Unavailable(err, "The tunnel device %s does not exist.", device)
	}
	route := clientRoute(client)
	route.LinkIndex = index
	if err := netlink.RouteReplace(route); err != nil {
		return Unavailable(err, "The route to the client %s cannot be set.", client)
	}
	return nil
}

// indexOf is the number of a device. It is asked at every login: all that netlink tells about a device took longer than
// setting the route.
func indexOf(device string) (int, error) {
	request, err := unix.NewIfreq(device)
	if err != nil {
		return 0, err
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(s) }()
	err = unix.IoctlIfreq(s, unix.SIOCGIFINDEX, request)
	return int(request.Uint32()), err
}

// UnrouteClient deletes the route of a client's address; a missing one is no error.
func UnrouteClient(client netip.Addr) error {
	err := netlink.RouteDel(clientRoute(client))
	if err != nil && !errors.Is(err, unix.ESRCH) {
		return Unavailable(err, "The route to the client %s cannot be removed.", client)
	}
	return nil
}

// ClientRoutes lists our routes: the device of each client's address.
func ClientRoutes() (map[netip.Addr]string, error) {
	routes, err := repeatDump(func() ([]netlink.Route, error) {
		return netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Protocol: routeProtocol}, netlink.RT_FILTER_PROTOCOL)
	})
	if err != nil {
		return nil, Unavailable(err, "The routes of this host cannot be read.")
	}
	names, err := readLinkNames()
	if err != nil {
		return nil, err
	}
	out := make(map[netip.Addr]string, len(routes))
	for _, r := range routes {
		if p, ok := destinationOf(r); ok && p.IsSingleIP() {
			out[p.Addr()] = names[r.LinkIndex]
		}
	}
	return out, nil
}

func clientRoute(client netip.Addr) *netlink.Route {
	return &netlink.Route{Dst: hostNet(client), Protocol: routeProtocol, Scope: netlink.SCOPE_LINK}
}

func readLinkNames() (map[int]string, error) {
	links, err := repeatDump(netlink.LinkList)
	if err != nil {
		return nil, Unavailable(err, "The network devices of this host cannot be read.")
	}
	names := make(map[int]string, len(links))
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	return names, nil
}

// destinationOf returns a route's destination; that of the default route is 0.0.0.0/0.
func destinationOf(r netlink.Route) (netip.Prefix, bool) {
	if r.Dst == nil {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0), true
	}
	addr, ok := netip.AddrFromSlice(r.Dst.IP.To4())
	bits, _ := r.Dst.Mask.Size()
	return netip.PrefixFrom(addr, bits), ok
}
