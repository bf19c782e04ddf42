package host_test

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/dataplane/host"
	"sallyport/vpn"
)

func TestDeviceNamesFitTheKernel(t *testing.T) {
	a, b := host.DeviceName("cvpn-endpoint-0123456789abcdef0", 99), host.DeviceName(vpn.NewEndpointID(), 0)
	if a != "sp0123456789-99" || len(a) > 15 || len(b) > 15 {
		t.Errorf("device names %q and %q, want sp0123456789-99 and at most 15 bytes", a, b)
	}
}

func TestTunIsCreatedAdoptedAndRemoved(t *testing.T) {
	want := host.Tun{Name: "sptest-0", UID: 12345, GID: 12346, MTU: 1400, Queue: 777, Address: addr("10.8.0.1")}
	must(t, host.EnsureTun(want))
	t.Cleanup(func() { _ = host.DeleteTun(want.Name) })
	check := func(uid uint32, mtu int, address string) int {
		t.Helper()
		link, err := netlink.LinkByName(want.Name)
		must(t, err)
		dev, ok := link.(*netlink.Tuntap)
		if !ok || dev.Owner != uid || dev.Attrs().MTU != mtu || dev.Attrs().TxQLen != 777 || dev.Attrs().Flags&net.FlagUp == 0 || dev.NonPersist {
			t.Errorf("device %+v, want owner %d, MTU %d, queue 777, persistent and up", link, uid, mtu)
		}
		list, err := netlink.AddrList(link, netlink.FAMILY_ALL)
		must(t, err)
		if len(list) != 1 || list[0].IPNet.String() != address {
			t.Errorf("addresses %v, want %s alone", list, address)
		}
		return link.Attrs().Index
	}
	index := check(12345, 1400, "10.8.0.1/32")
	for key, value := range map[string]string{"forwarding": "1", "send_redirects": "0", "accept_redirects": "0", "rp_filter": "0"} {
		if got := setting(t, want.Name, key); got != value {
			t.Errorf("%s is %s, want %s", key, got, value)
		}
	}

	// Adopted while a worker holds it open: same device, new settings.
	worker := openTun(t, want.Name)
	want.MTU, want.Address = 1500, addr("10.9.0.1")
	must(t, host.EnsureTun(want))
	if again := check(12345, 1500, "10.9.0.1/32"); again != index {
		t.Errorf("adopting made a new device %d, was %d", again, index)
	}
	must(t, unix.Close(worker))
	want.UID = 222
	must(t, host.EnsureTun(want))
	check(222, 1500, "10.9.0.1/32")

	names, err := host.Tuns()
	must(t, err)
	if !slices.Equal(names, []string{want.Name}) {
		t.Errorf("devices %q, want %q alone", names, want.Name)
	}
	must(t, host.DeleteTun(want.Name))
	must(t, host.DeleteTun(want.Name))
	if names, err = host.Tuns(); err != nil || len(names) != 0 {
		t.Errorf("devices %q, %v after removal; want none", names, err)
	}
}

// TestTunSetsEveryField changes each field of a Tun and expects the device to change. A new field needs
// an entry here.
func TestTunSetsEveryField(t *testing.T) {
	base := host.Tun{Name: "sptest-0", UID: 111, GID: 112, MTU: 1400, Queue: 700, Address: addr("10.8.0.1")}
	changes := map[string]func(*host.Tun){
		"UID":     func(d *host.Tun) { d.UID++ },
		"GID":     func(d *host.Tun) { d.GID++ },
		"MTU":     func(d *host.Tun) { d.MTU++ },
		"Queue":   func(d *host.Tun) { d.Queue++ },
		"Address": func(d *host.Tun) { d.Address = d.Address.Next() },
	}
	must(t, host.EnsureTun(base))
	t.Cleanup(func() { _ = host.DeleteTun(base.Name) })
	state := func() string {
		link, err := netlink.LinkByName(base.Name)
		must(t, err)
		addresses, err := netlink.AddrList(link, netlink.FAMILY_V4)
		must(t, err)
		dev, ok := link.(*netlink.Tuntap)
		if !ok {
			t.Fatalf("%s is no tun device", base.Name)
		}
		return fmt.Sprint(dev.Owner, dev.Group, dev.Attrs().MTU, dev.Attrs().TxQLen, addresses)
	}
	for i := range reflect.TypeFor[host.Tun]().NumField() {
		field := reflect.TypeFor[host.Tun]().Field(i).Name
		if field == "Name" { // which device it is
			continue
		}
		change, known := changes[field]
		if !known {
			t.Errorf("%s has no second value in this test", field)
			continue
		}
		must(t, host.EnsureTun(base))
		before, changed := state(), base
		change(&changed)
		must(t, host.EnsureTun(changed))
		if state() == before {
			t.Errorf("%s changed: the device is the same: %s", field, before)
		}
	}
}

func openTun(t *testing.T, name string) int {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	must(t, err)
	req, err := unix.NewIfreq(name)
	must(t, err)
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	must(t, unix.IoctlIfreq(fd, unix.TUNSETIFF, req))
	return fd
}

func TestDeviceOfAnotherProgramIsKept(t *testing.T) {
	cable(t, "sptest-9", "spfar", "192.0.2.1/30")
	wantError(t, host.EnsureTun(host.Tun{Name: "sptest-9", Address: addr("10.8.0.1")}), "sptest-9", "not made by this program")
	wantError(t, host.DeleteTun("sptest-9"), "not made by this program")
	if _, err := netlink.LinkByName("sptest-9"); err != nil {
		t.Errorf("the device of another program was deleted: %v", err)
	}
}

func TestClientRoutesAreMarked(t *testing.T) {
	for _, name := range []string{"sptest-0", "sptest-1"} {
		must(t, host.EnsureTun(host.Tun{Name: name, Address: addr("10.8.0.1")}))
		t.Cleanup(func() { _ = host.DeleteTun(name) })
	}
	link, err := netlink.LinkByName("sptest-0")
	must(t, err)
	route(t, netlink.Route{LinkIndex: link.Attrs().Index}, "10.8.3.0/24") // a route of another program
	must(t, host.RouteClient(addr("10.8.0.2"), "sptest-0"))
	must(t, host.RouteClient(addr("10.8.0.3"), "sptest-0"))
	must(t, host.RouteClient(addr("10.8.0.2"), "sptest-1")) // to another device
	got, err := host.ClientRoutes()
	must(t, err)
	if len(got) != 2 || got[addr("10.8.0.2")] != "sptest-1" || got[addr("10.8.0.3")] != "sptest-0" {
		t.Errorf("routes %v, want .2 by sptest-1 and .3 by sptest-0", got)
	}
	must(t, host.UnrouteClient(addr("10.8.0.2")))
	must(t, host.UnrouteClient(addr("10.8.0.2")))
	if got, err = host.ClientRoutes(); err != nil || len(got) != 1 {
		t.Errorf("routes %v, %v; want one left", got, err)
	}
	wantError(t, host.RouteClient(addr("10.8.0.2"), "sptest-7"), "sptest-7 does not exist")
}

func TestAddressesLeaveOutLoopbackAndTunnels(t *testing.T) {
	cable(t, "lan0", "lan1", "192.0.2.1/30")
	must(t, host.EnsureTun(host.Tun{Name: "sptest-0", Address: addr("10.8.0.1")}))
	t.Cleanup(func() { _ = host.DeleteTun("sptest-0") })
	got, err := host.Addresses()
	must(t, err)
	if len(got) != 1 || got[0] != addr("192.0.2.1") {
		t.Errorf("addresses %v, want 192.0.2.1 alone", got)
	}
}

func TestWatchSignalsChangesAndEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	changed, err := host.Watch(ctx)
	must(t, err)
	link := cable(t, "lan0", "lan1", "192.0.2.1/30")
	expect := func(what string) {
		t.Helper()
		select {
		case _, open := <-changed:
			if !open {
				t.Fatalf("Watch ended at %s", what)
			}
		case <-time.After(timeout):
			t.Errorf("Watch did not signal %s", what)
		}
	}
	const settled = 500 * time.Millisecond // longer than the interval between two signals
	drain := func() (signals int) {
		for {
			select {
			case <-changed:
				signals++
			case <-time.After(settled):
				return signals
			}
		}
	}
	expect("a new interface")
	drain()
	route(t, netlink.Route{LinkIndex: link.Attrs().Index}, "10.20.0.0/16")
	expect("a new route")
	drain()
	for i := range 200 {
		route(t, netlink.Route{LinkIndex: link.Attrs().Index}, fmt.Sprintf("10.21.%d.0/24", i))
	}
	expect("many routes")
	if n := drain(); n == 0 || n > 10 {
		t.Errorf("%d more signals for 200 routes, want a signal for the last one and few in all", n)
	}
	must(t, netlink.LinkSetDown(link))
	expect("an interface that was set down")
	cancel()
	for deadline := time.After(timeout); ; {
		select {
		case _, open := <-changed:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("Watch did not end with its context")
		}
	}
}
