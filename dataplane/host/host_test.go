package host_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/dataplane/host"
	"sallyport/vpn"
)

func TestForwardingIsEnabledAndRestored(t *testing.T) {
	for _, name := range []string{"lan0", "lan2"} {
		cable(t, name, name+"p", "192.0.2.1/30")
		set(t, name, "forwarding", "0")
	}
	cable(t, "on0", "on1", "192.0.2.9/30")
	set(t, "on0", "forwarding", "1")
	path := filepath.Join(t.TempDir(), "settings.json")
	s, err := host.OpenSettings(path, discard)
	must(t, err)
	would, err := s.WouldForward("lan0", "on0", "lan0", "lan2")
	must(t, err)
	if !slices.Equal(would, []string{"lan0", "lan2"}) {
		t.Errorf("would enable %q, want lan0 and lan2", would)
	}
	for _, name := range []string{"lan0", "lan2", "on0"} {
		_, err := s.Forward(name)
		must(t, err)
		if setting(t, name, "forwarding") != "1" {
			t.Errorf("forwarding on %s is disabled", name)
		}
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the record has mode %v, want 0600", info.Mode())
	}

	// After a crash the next process reads from the record what was off before.
	s, err = host.OpenSettings(path, discard)
	must(t, err)
	if got := s.Changed(); !slices.Equal(got, []string{"lan0", "lan2"}) {
		t.Errorf("record %q, want lan0 and lan2", got)
	}
	if would, err = s.WouldForward("lan0", "on0"); err != nil || !slices.Equal(would, []string{"lan0"}) {
		t.Errorf("would enable %q, %v; want lan0, which was off before", would, err)
	}
	if repaired, err := s.Forward("lan0"); err != nil || repaired {
		t.Errorf("repaired %v, %v; want nothing to do", repaired, err)
	}
	set(t, "lan0", "forwarding", "0")
	if repaired, err := s.Forward("lan0"); err != nil || !repaired {
		t.Errorf("repaired %v, %v; want it repaired", repaired, err)
	}
	// A setting that cannot be recorded is not changed, and not taken for recorded the next time.
	set(t, "lan0", "rp_filter", "1")
	must(t, os.Rename(filepath.Dir(path), filepath.Dir(path)+".away"))
	for range 2 {
		if _, err := s.LoosenReversePath("lan0"); err == nil || setting(t, "lan0", "rp_filter") != "1" {
			t.Errorf("without its record the setting is %s, %v; want it unchanged and an error", setting(t, "lan0", "rp_filter"), err)
		}
	}
	must(t, os.Rename(filepath.Dir(path)+".away", filepath.Dir(path)))
	must(t, s.Release("lan0"))
	if setting(t, "lan2", "forwarding") != "0" || setting(t, "lan0", "forwarding") != "1" {
		t.Error("Release restored the wrong interface")
	}
	_, err = s.LoosenReversePath("lan0")
	must(t, err)
	must(t, s.Restore())
	for name, want := range map[string]string{"lan0": "0", "lan2": "0", "on0": "1"} {
		if got := setting(t, name, "forwarding"); got != want {
			t.Errorf("forwarding on %s is %s after Restore, want %s", name, got, want)
		}
	}
	if got := setting(t, "lan0", "rp_filter"); got == "2" {
		t.Error("rp_filter was not restored")
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the record is still there: %v", err)
	}
	_, err = s.Forward("gone0")
	wantError(t, err, "gone0 does not exist")
}

func TestRestoreLeavesAnotherInterfaceOfTheSameNameAlone(t *testing.T) {
	link := cable(t, "lan0", "lan1", "192.0.2.1/30")
	set(t, "lan0", "forwarding", "0")
	s, err := host.OpenSettings(filepath.Join(t.TempDir(), "settings.json"), discard)
	must(t, err)
	_, err = s.Forward("lan0")
	must(t, err)
	must(t, netlink.LinkDel(link))
	cable(t, "lan0", "lan1", "192.0.2.1/30")
	set(t, "lan0", "forwarding", "1") // by its owner
	must(t, s.Restore())
	if setting(t, "lan0", "forwarding") != "1" {
		t.Error("Restore disabled forwarding that Forward had not enabled")
	}
}

func TestReach(t *testing.T) {
	lan := cable(t, "lan0", "lan1", "10.20.1.1/24")
	used := func() []host.Used {
		out, err := host.UsedRanges()
		must(t, err)
		return out
	}
	must(t, host.EnsureTun(host.Tun{Name: "sptest-0", Address: addr("10.8.0.1")}))
	t.Cleanup(func() { _ = host.DeleteTun("sptest-0") })
	must(t, host.RouteClient(addr("10.8.0.2"), "sptest-0"))
	route(t, netlink.Route{Type: unix.RTN_UNREACHABLE}, "10.30.0.0/16")
	route(t, netlink.Route{Type: unix.RTN_BLACKHOLE}, "10.31.0.0/16")
	route(t, netlink.Route{Type: unix.RTN_PROHIBIT}, "10.32.0.0/16")
	route(t, netlink.Route{LinkIndex: lan.Attrs().Index, Gw: net.IPv4(10, 20, 1, 2)}, "10.40.0.0/16")

	_, err := host.Reach(prefix("10.99.0.0/24"))
	wantError(t, err, "No route of this host leads to 10.99.0.0/24.")
	got, err := host.Reach(prefix("10.20.1.0/24"))
	must(t, err)
	if got.Interface != "lan0" || got.Gateway.IsValid() || got.Source != addr("10.20.1.1") || got.Default {
		t.Errorf("path %+v, want lan0 itself", got)
	}
	got, err = host.Reach(prefix("10.40.7.0/27"))
	must(t, err)
	if got.Interface != "lan0" || got.Gateway != addr("10.20.1.2") || got.Default {
		t.Errorf("path %+v, want lan0 by 10.20.1.2", got)
	}
	for cidr, text := range map[string]string{
		"10.30.0.0/24": "No route of this host leads to", "10.31.0.0/24": "forbids", "10.32.0.0/24": "forbids",
		"10.20.1.1/32": "this host itself", "10.8.0.2/32": "leads into the VPN itself",
	} {
		_, err := host.Reach(prefix(cidr))
		wantError(t, err, text)
	}
	_, err = host.Reach(prefix("0.0.0.0/0"))
	wantError(t, err, "No route of this host leads to 0.0.0.0/0.")
	if got, err = host.ReachRange(t.Context(), prefix("10.20.0.0/16"), used); err != nil || !got.Partly || got.Interface != "lan0" {
		t.Errorf("path %+v, %v; want a part on lan0, without a default route", got, err)
	}
	route(t, netlink.Route{LinkIndex: lan.Attrs().Index, Gw: net.IPv4(10, 20, 1, 2)}, "0.0.0.0/0")
	if got, err = host.Reach(prefix("10.99.0.0/24")); err != nil || !got.Default {
		t.Errorf("path %+v, %v; want the default route", got, err)
	}
	// The default route leads to the internet, which nothing else does.
	for _, wide := range []string{"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1"} {
		if got, err = host.Reach(prefix(wide)); err != nil || !got.Default || got.Partly {
			t.Errorf("%s: path %+v, %v; want the default route", wide, got, err)
		}
	}
	// A route leads into the middle of a range.
	if got, err = host.ReachRange(t.Context(), prefix("10.20.0.0/16"), used); err != nil || got.Default || !got.Partly || got.Interface != "lan0" {
		t.Errorf("path %+v, %v; want a part on lan0", got, err)
	}
	if got, err = host.ReachRange(t.Context(), prefix("10.60.0.0/16"), used); err != nil || !got.Default || got.Partly {
		t.Errorf("path %+v, %v; want the default route", got, err)
	}
	// Routes that drop packets are no part of a way, and are not looked up: there may be many. The search ends where its context does.
	ended, end := context.WithCancel(t.Context())
	end()
	if got, err = host.ReachRange(ended, prefix("10.28.0.0/14"), used); err != nil || !got.Default || got.Partly {
		t.Errorf("path %+v, %v; want the default route, past routes that drop", got, err)
	}
	if _, err = host.ReachRange(ended, prefix("10.20.0.0/16"), used); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v where the context ended", err)
	}
	// Only a part of the network has a route of its own.
	if got, err = host.Reach(prefix("10.40.0.0/15")); err != nil || got.Default || !got.Partly {
		t.Errorf("path %+v, %v; want a part by the default route", got, err)
	}
	if got, err = host.Reach(prefix("10.40.0.0/16")); err != nil || got.Default || got.Partly {
		t.Errorf("path %+v, %v; want a route for the whole", got, err)
	}
	far, err := netlink.LinkByName("lan1")
	must(t, err)
	must(t, netlink.LinkSetDown(far))
	if !eventually(func() bool { _, err = host.Reach(prefix("10.20.1.0/24")); return err != nil }) {
		t.Error("an interface without a link is reported as reachable")
	}
	wantError(t, err, "lan0", "no link")
	must(t, netlink.LinkDel(lan))
	_, err = host.Reach(prefix("10.20.1.0/24"))
	wantError(t, err, "No route of this host leads to 10.20.1.0/24.")
}

func TestOverlap(t *testing.T) {
	lan := cable(t, "lan0", "lan1", "10.20.1.1/24")
	route(t, netlink.Route{LinkIndex: lan.Attrs().Index, Gw: net.IPv4(10, 20, 1, 2)}, "0.0.0.0/0")
	route(t, netlink.Route{LinkIndex: lan.Attrs().Index, Gw: net.IPv4(10, 20, 1, 2)}, "10.40.0.0/16")
	must(t, host.EnsureTun(host.Tun{Name: "sptest-0", Address: addr("10.8.0.1")}))
	t.Cleanup(func() { _ = host.DeleteTun("sptest-0") })
	must(t, host.RouteClient(addr("10.8.0.2"), "sptest-0"))
	must(t, host.CheckOverlap(prefix("10.8.0.0/22")))
	must(t, host.CheckOverlap(prefix("10.50.0.0/16")))
	wantError(t, host.CheckOverlap(prefix("10.40.4.0/22")), "10.40.4.0/22", "10.40.0.0/16", "lan0")
	wantError(t, host.CheckOverlap(prefix("10.16.0.0/12")), "10.16.0.0/12", "10.20.1", "lan0")
}

func TestPortReservation(t *testing.T) {
	cable(t, "lan0", "lan1", "192.0.2.1/30")
	for _, transport := range []vpn.Transport{vpn.UDP, vpn.TCP} {
		at := netip.MustParseAddrPort("192.0.2.1:1194")
		r, err := host.Reserve(transport, at)
		must(t, err)
		_, err = host.Reserve(transport, at)
		wantError(t, err, strings.ToUpper(string(transport))+" port 1194 on address 192.0.2.1 is in use")
		_, err = host.Reserve(transport, netip.MustParseAddrPort("0.0.0.0:1194"))
		wantError(t, err, "port 1194 on this host is in use")
		must(t, r.Close())
		r, err = host.Reserve(transport, at)
		must(t, err)
		must(t, r.Close())
		_, err = host.Reserve(transport, netip.MustParseAddrPort("203.0.113.9:1194"))
		wantError(t, err, "This host has no address 203.0.113.9")
	}
}

func TestHolderOfAPortIsNamed(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	_, err = host.Reserve(vpn.TCP, netip.MustParseAddrPort(l.Addr().String()))
	wantError(t, err, "is in use by", fmt.Sprintf("(process %d).", os.Getpid()))
	if why := host.PortTaken(vpn.TCP, netip.MustParseAddrPort(l.Addr().String())); why != "" {
		t.Errorf("a port of this process: %q", why)
	}
}

func TestProbeFindsAllPrerequisites(t *testing.T) {
	if lacks := host.Probe(); len(lacks) != 0 {
		t.Errorf("missing: %q", lacks)
	}
}

func eventually(f func() bool) bool {
	for range 1000 {
		if f() {
			return true
		}
	}
	return false
}
