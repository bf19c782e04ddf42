package browser

import (
	"fmt"
	"testing"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// site is a gateway with its network: a host in the target network, a host on the internet by the
// default route, and client hosts. The browser reaches the console at base, the public pages at public.
type site struct {
	*gateway.Gateway
	base    string
	public  string // the public pages
	target  *netlab.Namespace
	clients []*netlab.Namespace
}

const (
	gatewayAddr = "192.0.2.1"
	targetAddr  = "10.0.1.10"
)

// newSite makes the network and starts the program, which knows its public name.
func newSite(t testing.TB, clients int) *site {
	t.Helper()
	return newSiteWith(t, clients, "SALLYPORT_PUBLIC_NAME="+gatewayAddr)
}

// newSiteWith does so with further settings of the program, and no public name of itself.
func newSiteWith(t testing.TB, clients int, settings ...string) *site {
	t.Helper()
	host, target, internet := netlab.New(t, "gw"), netlab.New(t, "target"), netlab.New(t, "inet")
	netlab.Connect(t, host, "target", "10.0.1.1/24", target, "eth0", targetAddr+"/24")
	netlab.Connect(t, host, "inet", "198.51.100.1/24", internet, "eth0", "198.51.100.10/24")
	host.IP(t, "addr", "add", "10.0.2.1/24", "dev", "target")
	host.IP(t, "addr", "add", gatewayAddr+"/32", "dev", "lo")
	host.IP(t, "route", "add", "default", "via", "198.51.100.10")
	target.IP(t, "route", "add", "default", "via", "10.0.1.1")
	listen, public := fmt.Sprintf("127.0.0.1:%d", host.Forward(t)), fmt.Sprintf("127.0.0.1:%d", host.Forward(t))
	s := &site{base: "https://" + listen, public: "https://" + public, target: target}
	for i := range clients {
		c := netlab.New(t, fmt.Sprintf("c%d", i))
		netlab.Connect(t, host, fmt.Sprintf("client%d", i), fmt.Sprintf("203.0.113.%d/30", 4*i+1), c, "eth0", fmt.Sprintf("203.0.113.%d/30", 4*i+2))
		c.IP(t, "route", "add", "default", "via", fmt.Sprintf("203.0.113.%d", 4*i+1))
		s.clients = append(s.clients, c)
	}
	s.Gateway = gateway.Start(t, host, append(settings, "SALLYPORT_NODE_NAME=gateway-1", "SALLYPORT_DIRECTORY_LOOK_UP=10", "SALLYPORT_CONSOLE_LISTEN="+listen, "SALLYPORT_PUBLIC_LISTEN="+public)...)
	return s
}

// pings tells whether an address answers echo requests of a size from a host.
func pings(from *netlab.Namespace, addr, size string) bool {
	return from.Exec("ping", "-c", "3", "-i", "0.05", "-W", "1", "-s", size, addr).Run() == nil
}
