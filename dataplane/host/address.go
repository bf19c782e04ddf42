package host

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Addresses lists the IPv4 addresses of this host that clients can dial: all but loopback and
// those inside our tunnels. An endpoint that listens on every address listens on these.
func Addresses() ([]netip.Addr, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, lacking(err, "The network devices of this host cannot be read.")
	}
	mine := map[int]bool{}
	for _, l := range links {
		mine[l.Attrs().Index] = ours(l)
	}
	list, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, lacking(err, "The addresses of this host cannot be read.")
	}
	var out []netip.Addr
	for _, a := range list {
		addr, ok := netip.AddrFromSlice(a.IP.To4())
		if ok && !addr.IsLoopback() && !mine[a.LinkIndex] {
			out = append(out, addr)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out), nil
}

// Watch tells that an interface, an address or a route of this host changed. A route to a client
// that was added is no news, since only we add any; that one is gone is. The channel holds one
// signal at most: after one, look at everything. It is closed when ctx ends or when a subscription
// broke (too many changes at once): then watch anew and look at everything.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	links, addrs, routes := make(chan netlink.LinkUpdate), make(chan netlink.AddrUpdate), make(chan netlink.RouteUpdate)
	changed := make(chan struct{}, 1)
	signal := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	// A socket that overflows has lost messages: that is a change as well.
	lost := func(error) { signal() }
	done := make(chan struct{})
	stop := sync.OnceFunc(func() { close(done) })
	const buffer = 1 << 20
	err := netlink.LinkSubscribeWithOptions(links, done, netlink.LinkSubscribeOptions{ErrorCallback: lost, ReceiveBufferSize: buffer})
	if err == nil {
		err = netlink.AddrSubscribeWithOptions(addrs, done, netlink.AddrSubscribeOptions{ErrorCallback: lost, ReceiveBufferSize: buffer})
	}
	if err == nil {
		err = netlink.RouteSubscribeWithOptions(routes, done, netlink.RouteSubscribeOptions{ErrorCallback: lost, ReceiveBufferSize: buffer})
	}
	if err != nil {
		stop()
		return nil, lacking(err, "Changes of this host's interfaces and routes cannot be followed.")
	}
	release := context.AfterFunc(ctx, stop)
	go func() {
		defer close(changed)
		defer release()
		// Each subscription closes its channel once its socket is closed; until all have, they
		// must be read or they never see that.
		for links != nil || addrs != nil || routes != nil {
			open, news := true, true
			var route netlink.RouteUpdate
			select {
			case _, open = <-links:
				if !open {
					links = nil
				}
			case _, open = <-addrs:
				if !open {
					addrs = nil
				}
			case route, open = <-routes:
				if !open {
					routes = nil
				}
				news = route.Type != unix.RTM_NEWROUTE || route.Protocol != routeProtocol
			}
			if !open {
				stop()
			}
			if news || !open {
				signal()
			}
		}
	}()
	return changed, nil
}
