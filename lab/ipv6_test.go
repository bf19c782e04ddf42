package lab

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

const addrIPv6 = "2001:db8:99::1" // a host that clients reach over IPv6, without the gateway

// addIPv6 gives a client's host a way to addrIPv6 by an IPv6 default route of its own.
func addIPv6(t testing.TB, client *netlab.Namespace) {
	t.Helper()
	beside := netlab.New(t, client.Name+"v6")
	netlab.Connect(t, client, "eth6", "", beside, "eth0", "")
	for _, host := range []*netlab.Namespace{client, beside} {
		host.Sysctl(t, "net/ipv6/conf/all/disable_ipv6", "0")
	}
	beside.IP(t, "addr", "add", "2001:db8:6::1/64", "dev", "eth0", "nodad")
	beside.IP(t, "addr", "add", addrIPv6+"/128", "dev", "eth0", "nodad")
	client.IP(t, "addr", "add", "2001:db8:6::2/64", "dev", "eth6", "nodad")
	client.IP(t, "route", "add", "default", "via", "2001:db8:6::1")
	netlab.Eventually(t, 10*time.Second, addrIPv6+" answers", func() bool { return pings6(client) })
}

// pings6 reports whether addrIPv6 answers one of two pings.
func pings6(n *netlab.Namespace) bool {
	return n.Exec("ping", "-6", "-n", "-c", "2", "-i", "0.2", "-W", "1", addrIPv6).Run() == nil
}

// A full tunnel stops all IPv6 of its client, and leaves it as it was when the client disconnects. A host whose
// kernel has no IPv6 connects with the line of docs/connect.md.
func TestFullTunnelStopsIPv6(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	s.CreateNetwork()
	s.CreateCertificates("alice", "bob")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	with, without := s.clients[0], s.clients[1]
	addIPv6(t, with)
	without.Sysctl(t, "net/ipv6/conf/all/disable_ipv6", "1")
	without.Sysctl(t, "net/ipv6/conf/default/disable_ipv6", "1")
	profile := s.Profile("bob")
	stopped := netlab.StartClient(t, without, profile)

	c := netlab.ConnectClient(t, with, s.Profile("alice"))
	if pings6(with) {
		t.Error("IPv6 passes beside a full tunnel")
	}
	if !with.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("IPv4 does not pass the tunnel")
	}
	c.Leave(t)
	if !pings6(with) {
		t.Error("IPv6 does not work after the client has disconnected")
	}

	netlab.Eventually(t, 20*time.Second, "the client without IPv6 ends", func() bool { return !stopped.Running() })
	if text := "Linux can't add IPv6 to interface"; !strings.Contains(stopped.Log(), text) {
		t.Errorf("the log of a client without IPv6 lacks %q, which docs/connect.md names", text)
	}
	netlab.ConnectClient(t, without, profile+"\npull-filter ignore ifconfig-ipv6\n")
	if !without.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("IPv4 does not pass the tunnel of a client without IPv6")
	}

	s.Modify(gateway.Fields{"Leave IPv6 outside the tunnel": "on"}, nil)
	s.WaitText("", "Outside the tunnel")
	netlab.Eventually(t, 40*time.Second, "a new connection leaves IPv6 outside the tunnel", func() bool {
		c := netlab.ConnectClient(t, with, s.Profile("alice"))
		defer c.Leave(t)
		return pings6(with)
	})
}
