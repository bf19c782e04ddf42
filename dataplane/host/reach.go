package host

import (
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/vpn"
)

// Path is how the host's routing carries packets to a network.
type Path struct {
	Interface string
	Index     int
	Gateway   netip.Addr // invalid where the network is on the interface itself
	Source    netip.Addr // the host's address on that side
	// Default says that only the default route leads there: possible, but also what remains
	// when the interface of a network has vanished.
	Default bool
}

// Reach finds the path to a network, or a sentence that says why there is none.
func Reach(network netip.Prefix) (Path, error) {
	var last error
	for _, addr := range samples(network) {
		path, err := reach(network, addr)
		if err == nil {
			return path, nil
		}
		if last == nil || vpn.KindOf(last) == vpn.Conflict {
			last = err // "this address is the host's own" gives way to a better reason
		}
	}
	return Path{}, last
}

// samples are addresses of a network to ask the routing about; several, because one may be the
// host's own.
func samples(n netip.Prefix) []netip.Addr {
	n = n.Masked()
	if n.IsSingleIP() {
		return []netip.Addr{n.Addr()}
	}
	out := []netip.Addr{n.Addr().Next()}
	for range 2 {
		if next := out[len(out)-1].Next(); n.Contains(next) {
			out = append(out, next)
		}
	}
	return append(out, vpn.LastAddr(n).Prev())
}

func reach(network netip.Prefix, addr netip.Addr) (Path, error) {
	ip := net.IP(addr.AsSlice())
	routes, err := netlink.RouteGet(ip)
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		return Path{}, Unavailable(err, "No route of this host leads to %s.", network)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EINVAL):
		return Path{}, Unavailable(nil, "A route of this host forbids packets to %s.", network)
	case err != nil || len(routes) == 0:
		return Path{}, Unavailable(err, "The routes of this host cannot be read.")
	}
	r := routes[0]
	if r.Type == unix.RTN_LOCAL {
		return Path{}, refuseConflict("%s is an address of this host itself; no network lies behind it.", addr)
	}
	if r.Type == unix.RTN_BROADCAST || r.Type == unix.RTN_MULTICAST {
		return Path{}, refuseConflict("%s is a broadcast address.", addr)
	}
	link, err := netlink.LinkByIndex(r.LinkIndex)
	if err != nil {
		return Path{}, Unavailable(err, "The network interface that led to %s has vanished.", network)
	}
	name := link.Attrs().Name
	switch {
	case ours(link):
		return Path{}, refuseConflict("The route to %s leads into the VPN itself (%s).", network, name)
	case link.Attrs().Flags&net.FlagUp == 0:
		return Path{}, Unavailable(nil, "The network interface %s that leads to %s is switched off.", name, network)
	case link.Attrs().OperState == netlink.OperDown, link.Attrs().OperState == netlink.OperLowerLayerDown:
		return Path{}, Unavailable(nil, "The network interface %s that leads to %s has no link.", name, network)
	}
	path := Path{Interface: name, Index: r.LinkIndex}
	path.Gateway, _ = netip.AddrFromSlice(r.Gw.To4())
	path.Source, _ = netip.AddrFromSlice(r.Src.To4())
	matched, err := netlink.RouteGetWithOptions(ip, &netlink.RouteGetOptions{FIBMatch: true})
	if err == nil && len(matched) > 0 {
		p, ok := prefixOf(matched[0])
		path.Default = ok && p.Bits() == 0
	}
	return path, nil
}
