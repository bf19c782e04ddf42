package host_test

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"sallyport/lab/netlab"
)

// TestMain runs the tests in a sandbox, which is the host of these tests.
func TestMain(m *testing.M) { netlab.Main(m, netlab.Sandbox{}) }

var discard = slog.New(slog.DiscardHandler)

const timeout = 10 * time.Second

// cable makes a pair of interfaces, the near one with an address.
func cable(t *testing.T, near, far, address string) netlink.Link {
	t.Helper()
	netlab.NeedSandbox(t)
	must(t, netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: near}, PeerName: far}))
	link, err := netlink.LinkByName(near)
	must(t, err)
	t.Cleanup(func() { _ = netlink.LinkDel(link) })
	a, err := netlink.ParseAddr(address)
	must(t, err)
	must(t, netlink.AddrAdd(link, a))
	must(t, netlink.LinkSetUp(link))
	peer, err := netlink.LinkByName(far)
	must(t, err)
	must(t, netlink.LinkSetUp(peer))
	return link
}

func route(t *testing.T, r netlink.Route, dst string) {
	t.Helper()
	_, p, err := net.ParseCIDR(dst)
	must(t, err)
	r.Dst = p
	must(t, netlink.RouteAdd(&r))
	t.Cleanup(func() { _ = netlink.RouteDel(&r) })
}

func setting(t *testing.T, name, key string) string {
	t.Helper()
	raw, err := os.ReadFile("/proc/sys/net/ipv4/conf/" + name + "/" + key)
	must(t, err)
	return strings.TrimSpace(string(raw))
}

func set(t *testing.T, name, key, value string) {
	t.Helper()
	must(t, os.WriteFile("/proc/sys/net/ipv4/conf/"+name+"/"+key, []byte(value), 0))
}

func must(t testing.TB, err error) {
	if err != nil {
		t.Helper()
		t.Fatalf("%v (%v)", err, errors.Unwrap(err))
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one that contains %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%q does not contain %q", err, p)
		}
	}
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }
