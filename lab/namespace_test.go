package lab

import (
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// namespace is one host of the lab.
type namespace struct{ name string }

// newNamespace makes a host and removes it at the end of the test, with all that is in it.
func newNamespace(t testing.TB, label string) *namespace {
	t.Helper()
	n := &namespace{name: "splab-" + label + "-" + strings.ToLower(rand.Text()[:6])}
	command(t, "ip", "netns", "add", n.name)
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "delete", n.name).Run() })
	n.ip(t, "link", "set", "lo", "up")
	return n
}

// ip runs iproute2 inside the namespace.
func (n *namespace) ip(t testing.TB, args ...string) string {
	t.Helper()
	return command(t, append([]string{"ip", "-n", n.name}, args...)...)
}

// exec prepares a command that runs inside the namespace.
func (n *namespace) exec(args ...string) *exec.Cmd {
	return exec.Command("ip", append([]string{"netns", "exec", n.name}, args...)...)
}

// do runs f on a thread inside the namespace. Sockets made there stay there.
func (n *namespace) do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // not unlocked: the thread ends with the goroutine
		h, err := netns.GetFromName(n.name)
		if err == nil {
			err = netns.Set(h)
			h.Close()
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// connect lays a cable between two hosts and gives each end its addresses.
func connect(t testing.TB, a *namespace, deviceA, addrA string, b *namespace, deviceB, addrB string) {
	t.Helper()
	command(t, "ip", "link", "add", deviceA, "netns", a.name, "type", "veth", "peer", "name", deviceB, "netns", b.name)
	for _, end := range []struct {
		n            *namespace
		device, addr string
	}{{a, deviceA, addrA}, {b, deviceB, addrB}} {
		if end.addr != "" {
			end.n.ip(t, "addr", "add", end.addr, "dev", end.device)
		}
		end.n.ip(t, "link", "set", end.device, "up")
	}
}

// sysctl writes a setting inside the namespace; names are paths under /proc/sys.
func (n *namespace) sysctl(t testing.TB, name, value string) {
	t.Helper()
	if err := n.do(func() error { return os.WriteFile("/proc/sys/"+name, []byte(value), 0) }); err != nil {
		t.Fatal(err)
	}
}

// read reads a file inside the namespace.
func (n *namespace) read(t testing.TB, path string) string {
	t.Helper()
	var b []byte
	err := n.do(func() (err error) { b, err = os.ReadFile(path); return err })
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

func command(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// topology is the lab's network:
//
//	client1, client2 … ── wan ── gateway ──┬── hostA 10.0.1.10   (subnet A, 10.0.1.0/24)
//	                                       ├── hostB 10.0.2.10   (subnet B, 10.0.2.0/24)
//	                                       ├── internet 198.51.100.10 (the default route)
//	                                       └── left, right: hosts that the gateway forwards for
type topology struct {
	gateway, wan, hostA, hostB, internet, left, right *namespace
	clients                                           []*namespace
}

const (
	gatewayWAN   = "192.0.2.1"
	addrHostA    = "10.0.1.10"
	addrHostB    = "10.0.2.10"
	addrInternet = "198.51.100.10"
	addrLeft     = "172.30.1.10"
	addrRight    = "172.30.2.10"
)

func newTopology(t testing.TB, clients int) *topology {
	t.Helper()
	w := &topology{
		gateway: newNamespace(t, "gw"), wan: newNamespace(t, "wan"),
		hostA: newNamespace(t, "a"), hostB: newNamespace(t, "b"), internet: newNamespace(t, "inet"),
		left: newNamespace(t, "left"), right: newNamespace(t, "right"),
	}
	w.wan.ip(t, "link", "add", "br0", "type", "bridge")
	w.wan.ip(t, "link", "set", "br0", "up")
	connect(t, w.gateway, "wan", gatewayWAN+"/24", w.wan, "gw", "")
	w.wan.ip(t, "link", "set", "gw", "master", "br0")
	connect(t, w.gateway, "neta", "10.0.1.1/24", w.hostA, "eth0", addrHostA+"/24")
	connect(t, w.gateway, "netb", "10.0.2.1/24", w.hostB, "eth0", addrHostB+"/24")
	connect(t, w.gateway, "inet", "198.51.100.1/24", w.internet, "eth0", addrInternet+"/24")
	connect(t, w.gateway, "left", "172.30.1.1/24", w.left, "eth0", addrLeft+"/24")
	connect(t, w.gateway, "right", "172.30.2.1/24", w.right, "eth0", addrRight+"/24")
	w.gateway.ip(t, "route", "add", "default", "via", addrInternet)
	// Every host sends what it does not know to the gateway: an outsider that wants to reach a
	// client would have the way.
	for n, via := range map[*namespace]string{w.hostA: "10.0.1.1", w.hostB: "10.0.2.1", w.internet: "198.51.100.1", w.left: "172.30.1.1", w.right: "172.30.2.1"} {
		n.ip(t, "route", "add", "default", "via", via)
	}
	for _, device := range []string{"left", "right"} {
		w.gateway.sysctl(t, "net/ipv4/conf/"+device+"/forwarding", "1")
	}
	for i := range clients {
		w.addClient(t, i)
	}
	return w
}

func (w *topology) addClient(t testing.TB, i int) {
	t.Helper()
	n := newNamespace(t, fmt.Sprintf("c%d", i))
	connect(t, n, "eth0", fmt.Sprintf("192.0.2.%d/24", 101+i), w.wan, fmt.Sprintf("c%d", i), "")
	w.wan.ip(t, "link", "set", fmt.Sprintf("c%d", i), "master", "br0")
	n.ip(t, "route", "add", "default", "via", gatewayWAN)
	w.clients = append(w.clients, n)
}

// toDevice has a socket send and receive by one device only.
func toDevice(name string) func(network, address string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var failure error
		if err := c.Control(func(fd uintptr) { failure = unix.BindToDevice(int(fd), name) }); err != nil {
			return err
		}
		return failure
	}
}
