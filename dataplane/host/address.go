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

// Addresses lists the IPv4 addresses of this host that clients can dial: all but loopback addresses
// and those of our tun devices. An endpoint that listens on every address listens on these.
func Addresses() ([]netip.Addr, error) {
	links, err := repeatDump(netlink.LinkList)
	if err != nil {
		return nil, Unavailable(err, "The network devices of this host cannot be read.")
	}
	own := map[int]bool{}
	for _, l := range links {
		own[l.Attrs().Index] = isOurs(l)
	}
	list, err := repeatDump(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_V4) })
	if err != nil {
		return nil, Unavailable(err, "The addresses of this host cannot be read.")
	}
	var out []netip.Addr
	for _, a := range list {
		addr, ok := netip.AddrFromSlice(a.IP.To4())
		if ok && !addr.IsLoopback() && !own[a.LinkIndex] {
			out = append(out, addr)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out), nil
}

// minSignalInterval is the least time between two signals of Watch.
const minSignalInterval = 300 * time.Millisecond

// Watch signals that an interface, an address, a route or forwarding of this host changed. A new route to a client
// is not signalled, because only this program adds such routes; a deleted one is. The channel holds
// at most one signal, and the signal does not say what changed. The first change is signalled at
// once, further ones every 300 ms, so that a thousand disconnecting clients do not cause a thousand
// signals. The channel is closed when ctx ends or when a subscription failed (too many changes at
// once): the caller must then check everything and call Watch again.
func Watch(ctx context.Context) (<-chan struct{}, error) {
	links, addrs, routes := make(chan netlink.LinkUpdate), make(chan netlink.AddrUpdate), make(chan netlink.RouteUpdate)
	changed, overflpending := make(chan struct{}, 1), make(chan struct{}, 1)
	signal := func(on chan struct{}) {
		select {
		case on <- struct{}{}:
		default:
		}
	}
	// A socket that overflows has lost messages, which counts as a change.
	lost := func(error) { signal(overflpending) }
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
	var forwarding <-chan struct{}
	if err == nil {
		forwarding, err = watchForwarding(done)
	}
	if err != nil {
		stop()
		return nil, Unavailable(err, "Changes of this host's interfaces and routes cannot be watched.")
	}
	release := context.AfterFunc(ctx, stop)
	go func() {
		defer close(changed)
		defer release()
		// Each subscription closes its channel when its socket is closed. Until then the channel must
		// be read, or the subscription blocks and never closes it.
		var paused <-chan time.Time // until the next signal is allpending
		pending := false            // a change came during the pause
		for links != nil || addrs != nil || routes != nil || forwarding != nil {
			open, relevant := true, true
			var route netlink.RouteUpdate
			select {
			case <-paused:
				paused, relevant = nil, pending
			case <-overflpending:
			case _, open = <-links:
				if !open {
					links = nil
				}
			case _, open = <-addrs:
				if !open {
					addrs = nil
				}
			case _, open = <-forwarding:
				if !open {
					forwarding = nil
				}
			case route, open = <-routes:
				if !open {
					routes = nil
				}
				relevant = route.Type != unix.RTM_NEWROUTE || route.Protocol != routeProtocol
			}
			if !open {
				stop()
			}
			pending = paused != nil && (pending || relevant)
			if relevant && paused == nil {
				signal(changed)
				paused = time.After(minSignalInterval)
			}
		}
	}()
	return changed, nil
}
