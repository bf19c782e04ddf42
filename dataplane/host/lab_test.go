package host_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

const inNamespace = "SALLYPORT_TEST_NETNS"

// TestMain runs everything again inside a network namespace of its own, which is the host.
func TestMain(m *testing.M) {
	if os.Getenv(inNamespace) != "" {
		if lo, err := netlink.LinkByName("lo"); err == nil {
			_ = netlink.LinkSetUp(lo)
		}
		os.Exit(m.Run())
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...) //nolint:gosec // this very program
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Run(); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			os.Exit(exit.ExitCode())
		}
		fmt.Fprintln(os.Stderr, "the tests of this package need root (network namespaces) and the package nftables:", err)
		os.Exit(1)
	}
}

var discard = slog.New(slog.DiscardHandler)

const patience = 3 * time.Second

// cable makes a pair of interfaces, the near one with an address.
func cable(t *testing.T, near, far, address string) netlink.Link {
	t.Helper()
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

func wantSentence(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one that says %q", parts)
		return
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("%q does not say %q", err, p)
		}
	}
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
func addr(s string) netip.Addr     { return netip.MustParseAddr(s) }
