package host

import (
	"context"
	"errors"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/vpn"
)

// Path is the way by which the host's routes send packets to a network.
type Path struct {
	Interface string
	Index     int
	Gateway   netip.Addr // invalid where the network is on the interface itself
	Source    netip.Addr // the host's address on that side
	// Default means that only the default route matches. That may be intended, but it is also what
	// remains after the interface of a network was removed.
	Default bool
	// Partly means that the route which matches is narrower than the network, and that only the default route matches the
	// network's last address.
	Partly bool
}

// Reach returns the path to a network. The error is a *vpn.Error that says why there is none.
func Reach(network netip.Prefix) (Path, error) {
	var last error
	samples := sampleAddresses(network)
	for i, addr := range samples {
		path, matched, err := findPath(network, addr)
		if err == nil {
			if end := len(samples) - 1; i < end && !path.Default && matched.Bits() > network.Bits() {
				rest, _, err := findPath(network, samples[end])
				path.Partly = err == nil && rest.Default
			}
			return path, nil
		}
		if last == nil || vpn.KindOf(last) == vpn.Conflict {
			last = err // prefer another reason to "this address belongs to the host"
		}
	}
	return Path{}, last
}

// ReachRange is Reach for a range that the host may have routes to parts of: where its first addresses have no path, or only that of the
// default route, the path to the first part that has a route is given, with Partly set. used gives UsedRanges, and is called only then. The error
// is that of ctx where it ended meanwhile: a host may have many routes into a range.
func ReachRange(ctx context.Context, network netip.Prefix, used func() []Used) (Path, error) {
	path, err := Reach(network)
	if err == nil && !path.Default || network.IsSingleIP() || network.Bits() == 0 {
		return path, err
	}
	for _, u := range used() {
		if u.Address || u.Dropped || u.Range.Bits() <= network.Bits() || !network.Contains(u.Range.Addr()) {
			continue
		}
		if ctx.Err() != nil {
			return Path{}, ctx.Err()
		}
		if part, none := Reach(u.Range); none == nil && !part.Default {
			part.Partly = true
			return part, nil
		}
	}
	return path, err
}

// IsOwn tells whether an address is one of the host itself.
func IsOwn(addr netip.Addr) bool {
	routes, err := netlink.RouteGet(net.IP(addr.AsSlice()))
	return err == nil && len(routes) > 0 && routes[0].Type == unix.RTN_LOCAL
}

// sampleAddresses returns some addresses of a network to look up routes for; several, because one may
// belong to the host itself.
func sampleAddresses(n netip.Prefix) []netip.Addr {
	n = n.Masked()
	if n.IsSingleIP() {
		return []netip.Addr{n.Addr()}
	}
	if n.Bits() < 8 {
		return sampleInternet(n)
	}
	out := []netip.Addr{n.Addr().Next()}
	for range 2 {
		if next := out[len(out)-1].Next(); n.Contains(next) {
			out = append(out, next)
		}
	}
	return append(out, vpn.LastAddr(n).Prev())
}

// sampleInternet is sampleAddresses for a range so wide that its ends are none of a host: the addresses are of the internet, where the range
// has such.
func sampleInternet(n netip.Prefix) []netip.Addr {
	var all []netip.Addr
	for first := range 224 {
		a := netip.AddrFrom4([4]byte{byte(first), 0, 0, 1})
		if special := first == 0 || first == 10 || first == 100 || first == 127 || first == 169 || first == 172 || first == 192 || first == 198; n.Contains(a) && !special {
			all = append(all, a)
		}
	}
	if len(all) == 0 {
		return []netip.Addr{n.Addr().Next()}
	}
	return append(all[:min(len(all)-1, 3):min(len(all)-1, 3)], all[len(all)-1])
}

// findPath looks up the route to one address of the network. matched is its destination, invalid where that is not known.
func findPath(network netip.Prefix, addr netip.Addr) (path Path, matched netip.Prefix, err error) {
	ip := net.IP(addr.AsSlice())
	routes, err := netlink.RouteGet(ip)
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		return Path{}, matched, Unavailable(err, "No route of this host leads to %s.", network)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EINVAL):
		return Path{}, matched, Unavailable(nil, "A route of this host forbids packets to %s.", network)
	case err != nil || len(routes) == 0:
		return Path{}, matched, Unavailable(err, "The routes of this host cannot be read.")
	}
	r := routes[0]
	if r.Type == unix.RTN_LOCAL {
		return Path{}, matched, refuseConflict("%s is an address of this host itself; no network lies behind it.", addr)
	}
	if r.Type == unix.RTN_BROADCAST || r.Type == unix.RTN_MULTICAST {
		return Path{}, matched, refuseConflict("%s is a broadcast address.", addr)
	}
	link, err := netlink.LinkByIndex(r.LinkIndex)
	if err != nil {
		return Path{}, matched, Unavailable(err, "The network interface that led to %s was removed.", network)
	}
	name := link.Attrs().Name
	switch {
	case isOurs(link):
		return Path{}, matched, refuseConflict("The route to %s leads into the VPN itself (%s).", network, name)
	case link.Attrs().Flags&net.FlagUp == 0:
		return Path{}, matched, Unavailable(nil, "The network interface %s that leads to %s is switched off.", name, network)
	case link.Attrs().OperState == netlink.OperDown, link.Attrs().OperState == netlink.OperLowerLayerDown:
		return Path{}, matched, Unavailable(nil, "The network interface %s that leads to %s has no link.", name, network)
	}
	path = Path{Interface: name, Index: r.LinkIndex}
	path.Gateway, _ = netip.AddrFromSlice(r.Gw.To4())
	path.Source, _ = netip.AddrFromSlice(r.Src.To4())
	found, err := netlink.RouteGetWithOptions(ip, &netlink.RouteGetOptions{FIBMatch: true})
	if err == nil && len(found) > 0 {
		if p, ok := destinationOf(found[0]); ok {
			path.Default, matched = p.Bits() == 0, p
		}
	}
	return path, matched, nil
}
