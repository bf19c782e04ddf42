package lab

import (
	"fmt"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"sallyport/lab/netlab"
)

// topology is the lab's network:
//
//	client1, client2 … ── wan ── gateway ──┬── hostA 10.0.1.10   (subnet A, 10.0.1.0/24)
//	                                       ├── hostB 10.0.2.10   (subnet B, 10.0.2.0/24)
//	                                       ├── internet 198.51.100.10 (the default route)
//	                                       └── left, right: hosts that the gateway forwards for
type topology struct {
	gatewayHost, wan, hostA, hostB, internet, left, right *netlab.Namespace
	clients                                               []*netlab.Namespace
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
		gatewayHost: netlab.New(t, "gw"), wan: netlab.New(t, "wan"),
		hostA: netlab.New(t, "a"), hostB: netlab.New(t, "b"), internet: netlab.New(t, "inet"),
		left: netlab.New(t, "left"), right: netlab.New(t, "right"),
	}
	w.wan.IP(t, "link", "add", "br0", "type", "bridge")
	w.wan.IP(t, "link", "set", "br0", "up")
	netlab.Connect(t, w.gatewayHost, "wan", gatewayWAN+"/24", w.wan, "gw", "")
	w.wan.IP(t, "link", "set", "gw", "master", "br0")
	netlab.Connect(t, w.gatewayHost, "neta", "10.0.1.1/24", w.hostA, "eth0", addrHostA+"/24")
	netlab.Connect(t, w.gatewayHost, "netb", "10.0.2.1/24", w.hostB, "eth0", addrHostB+"/24")
	netlab.Connect(t, w.gatewayHost, "inet", "198.51.100.1/24", w.internet, "eth0", addrInternet+"/24")
	netlab.Connect(t, w.gatewayHost, "left", "172.30.1.1/24", w.left, "eth0", addrLeft+"/24")
	netlab.Connect(t, w.gatewayHost, "right", "172.30.2.1/24", w.right, "eth0", addrRight+"/24")
	w.gatewayHost.IP(t, "route", "add", "default", "via", addrInternet)
	// The default route of every host leads to the gateway, so a host outside has a way to each
	// client.
	for n, via := range map[*netlab.Namespace]string{w.hostA: "10.0.1.1", w.hostB: "10.0.2.1", w.internet: "198.51.100.1", w.left: "172.30.1.1", w.right: "172.30.2.1"} {
		n.IP(t, "route", "add", "default", "via", via)
	}
	for _, device := range []string{"left", "right"} {
		w.gatewayHost.Sysctl(t, "net/ipv4/conf/"+device+"/forwarding", "1")
	}
	for i := range clients {
		w.addClient(t, i)
	}
	return w
}

func (w *topology) addClient(t testing.TB, i int) {
	t.Helper()
	n := netlab.New(t, fmt.Sprintf("c%d", i))
	netlab.Connect(t, n, "eth0", fmt.Sprintf("192.0.2.%d/24", 101+i), w.wan, fmt.Sprintf("c%d", i), "")
	w.wan.IP(t, "link", "set", fmt.Sprintf("c%d", i), "master", "br0")
	n.IP(t, "route", "add", "default", "via", gatewayWAN)
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
