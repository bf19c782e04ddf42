package browser

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netns"
)

// host is a network namespace.
type host struct{ name string }

// newHost makes a host and removes it at the end of the test, with all that is in it.
func newHost(t testing.TB, label string) *host {
	t.Helper()
	h := &host{name: "spweb-" + label + "-" + strings.ToLower(rand.Text()[:6])}
	command(t, "ip", "netns", "add", h.name)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", h.name).Run() })
	h.ip(t, "link", "set", "lo", "up")
	return h
}

func (h *host) ip(t testing.TB, args ...string) {
	t.Helper()
	command(t, append([]string{"ip", "-n", h.name}, args...)...)
}

func (h *host) exec(args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", h.name}, args...)...)
}

// cable joins two hosts and gives each end its address.
func cable(t testing.TB, a *host, deviceA, addrA string, b *host, deviceB, addrB string) {
	t.Helper()
	command(t, "ip", "link", "add", deviceA, "netns", a.name, "type", "veth", "peer", "name", deviceB, "netns", b.name)
	a.ip(t, "addr", "add", addrA, "dev", deviceA)
	b.ip(t, "addr", "add", addrB, "dev", deviceB)
	a.ip(t, "link", "set", deviceA, "up")
	b.ip(t, "link", "set", deviceB, "up")
}

// dial opens a TCP connection inside the host. The thread goes back where it came from: one that
// ended would take along the browser, if it was the one that started it (PR_SET_PDEATHSIG).
func (h *host) dial(addr string) (net.Conn, error) {
	inside, err := netns.GetFromName(h.name)
	if err != nil {
		return nil, err
	}
	defer inside.Close()
	runtime.LockOSThread()
	outside, err := netns.Get()
	if err != nil {
		return nil, err
	}
	defer outside.Close()
	if err := netns.Set(inside); err != nil {
		return nil, err
	}
	conn, failure := net.DialTimeout("tcp4", addr, 10*time.Second)
	if err := netns.Set(outside); err != nil {
		return nil, err // and the thread, which is in the wrong place, ends with this goroutine
	}
	runtime.UnlockOSThread()
	return conn, failure
}

// door opens a port of loopback that leads to the same port of the host's loopback, so that the
// addresses the program prints work in a browser outside.
func (h *host) door(t testing.TB) (port int) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			outside, err := l.Accept()
			if err != nil {
				return
			}
			go h.relay(outside, l.Addr().String())
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func (h *host) relay(outside net.Conn, addr string) {
	defer outside.Close()
	inside, err := h.dial(addr)
	if err != nil {
		return
	}
	defer inside.Close()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{outside, inside}, {inside, outside}} {
		go func() { _, _ = io.Copy(pair[0], pair[1]); done <- struct{}{} }()
	}
	<-done
}

func command(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// eventually waits for a condition and fails with what was waited for.
func eventually(t testing.TB, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", limit, what)
		}
		<-tick.C
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// premises are where a gateway stands: a client on one side, a host of the target network on the
// other, and a host on the internet by the default route.
type premises struct {
	gateway *host
	clients []*host
}

const (
	gatewayAddr = "192.0.2.1"
	targetAddr  = "10.0.1.10"
)

func newPremises(t testing.TB, clients int) *premises {
	t.Helper()
	n := &premises{gateway: newHost(t, "gw")}
	target, internet := newHost(t, "target"), newHost(t, "inet")
	cable(t, n.gateway, "target", "10.0.1.1/24", target, "eth0", targetAddr+"/24")
	cable(t, n.gateway, "inet", "198.51.100.1/24", internet, "eth0", "198.51.100.10/24")
	n.gateway.ip(t, "addr", "add", "10.0.2.1/24", "dev", "target")
	n.gateway.ip(t, "addr", "add", gatewayAddr+"/32", "dev", "lo")
	n.gateway.ip(t, "route", "add", "default", "via", "198.51.100.10")
	target.ip(t, "route", "add", "default", "via", "10.0.1.1")
	for i := range clients {
		c := newHost(t, fmt.Sprintf("c%d", i))
		cable(t, n.gateway, fmt.Sprintf("client%d", i), fmt.Sprintf("203.0.113.%d/30", 4*i+1), c, "eth0", fmt.Sprintf("203.0.113.%d/30", 4*i+2))
		c.ip(t, "route", "add", "default", "via", fmt.Sprintf("203.0.113.%d", 4*i+1))
		n.clients = append(n.clients, c)
	}
	return n
}
