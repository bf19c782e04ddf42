package dataplane

import (
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/dataplane/host"
)

// uplinksOf are the interfaces by which answers from anywhere in a network come in: where packets
// to it leave by default, and those of every narrower route inside it. A network of several
// subnets often has one interface for each.
func uplinksOf(network netip.Prefix) ([]string, error) {
	var out []string
	if path, err := host.Reach(network); err == nil {
		out = append(out, path.Interface)
	}
	routes, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST},
		netlink.RT_FILTER_TABLE|netlink.RT_FILTER_TYPE)
	if err != nil {
		return out, err
	}
	links, err := netlink.LinkList()
	if err != nil {
		return out, err
	}
	tuns, err := host.Tuns()
	if err != nil {
		return out, err
	}
	names := map[int]string{}
	for _, l := range links {
		if l.Attrs().Flags&net.FlagLoopback == 0 && !slices.Contains(tuns, l.Attrs().Name) {
			names[l.Attrs().Index] = l.Attrs().Name
		}
	}
	for _, r := range routes {
		if r.Dst == nil || !network.Contains(addrOf(r.Dst)) {
			continue
		}
		if name := names[r.LinkIndex]; name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out, nil
}

func addrOf(n *net.IPNet) netip.Addr {
	a, _ := netip.AddrFromSlice(n.IP.To4())
	return a
}
