package host

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Addresses lists the IPv4 addresses of this host that clients can dial: all but loopback and
// those inside our tunnels. An endpoint that listens on every address listens on these.
func Addresses() ([]netip.Addr, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, Unavailable(err, "The network devices of this host cannot be read.")
	}
	mine := map[int]bool{}
	for _, l := range links {
		mine[l.Attrs().Index] = ours(l)
	}
	list, err := netlink.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, Unavailable(err, "The addresses of this host cannot be read.")
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

// calm is how long Watch says nothing after it said something.
const calm = 300 * time.Millisecond

// Watch tells that an interface, an address or a route of this host changed. A route to a client
// that was added is no news, since only we add any; that one is gone is. The channel holds one
// signal at most: after one, look at everything. The first change is told at once, more of them
// every calm: a thousand clients that leave are not a thousand reasons to look. It is closed when
// ctx ends or when a subscription broke (too many changes at once): then watch anew and look at
// everything.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	links, addrs, routes := make(chan netlink.LinkUpdate), make(chan netlink.AddrUpdate), make(chan netlink.RouteUpdate)
	changed, overflowed := make(chan struct{}, 1), make(chan struct{}, 1)
	signal := func(on chan struct{}) {
		select {
		case on <- struct{}{}:
		default:
		}
	}
	// A socket that overflows has lost messages: that is a change as well.
	lost := func(error) { signal(overflowed) }
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
		return nil, Unavailable(err, "Changes of this host's interfaces and routes cannot be followed.")
	}
	release := context.AfterFunc(ctx, stop)
	go func() {
		defer close(changed)
		defer release()
		// Each subscription closes its channel once its socket is closed; until all have, they
		// must be read or they never see that.
		var resting <-chan time.Time
		owed := false
		for links != nil || addrs != nil || routes != nil {
			open, news := true, true
			var route netlink.RouteUpdate
			select {
			case <-resting:
				resting, news = nil, owed
			case <-overflowed:
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
			owed = resting != nil && (owed || news)
			if news && resting == nil {
				signal(changed)
				resting = time.After(calm)
			}
		}
	}()
	return changed, nil
}
