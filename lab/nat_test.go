package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"sallyport/lab/netlab"
)

// Two clients behind one NAT share an address and a worker, and are two connections: each reaches what it may, also
// after the other has left, and after the NAT has forgotten its flows and gives other ports. The gateway's host checks
// source addresses strictly (rp_filter 1), on every device.
func TestClientsBehindOneNAT(t *testing.T) {
	t.Parallel()
	w := newTopology(t, 1)
	for _, device := range []string{"all", "default", "wan", "neta", "netb", "inet"} {
		w.gatewayHost.Sysctl(t, "net/ipv4/conf/"+device+"/rp_filter", "1")
	}
	w.serveEcho(t)
	s := signUp(t, w, startGateway(t, w.gatewayHost))
	nat := w.clients[0]
	nat.Sysctl(t, "net/ipv4/ip_forward", "1")
	ports := func(from, to int) {
		nat.NFT(t, fmt.Sprintf("table ip nat; delete table ip nat; table ip nat { chain post { type nat hook postrouting priority 100; oifname eth0 meta l4proto udp masquerade to :%d-%d; }; }", from, to))
	}
	ports(20000, 20999)
	s.CreateNetwork()
	s.CreateCertificates("alice", "bob")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	var clients []*netlab.Client
	for i, name := range []string{"alice", "bob"} {
		host := netlab.New(t, "behind"+name)
		netlab.Connect(t, nat, fmt.Sprintf("lan%d", i), fmt.Sprintf("192.168.%d.1/24", i), host, "eth0", fmt.Sprintf("192.168.%d.2/24", i))
		host.IP(t, "route", "add", "default", "via", fmt.Sprintf("192.168.%d.1", i))
		clients = append(clients, netlab.StartClient(t, host, s.Profile(name)))
	}
	reach := func(when string, of ...*netlab.Client) {
		t.Helper()
		for _, c := range of {
			if !c.On.Reaches(addrHostA, netlab.EchoPort) {
				t.Errorf("%s the client on %s reaches nothing", when, c.On.Name)
			}
		}
	}
	for _, c := range clients {
		c.WaitUp(t, 1)
	}
	reach("at first", clients...)
	listed := func(from string) int {
		n := 0
		for _, row := range stored(t, s.Gateway, "SELECT device FROM connection WHERE status = 'active'") {
			if strings.HasPrefix(row[0], from) {
				n++
			}
		}
		return n
	}
	netlab.Eventually(t, 10*time.Second, "two connections of one address are listed", func() bool { return listed("192.0.2.101:20") == 2 })

	ports(30000, 30999)
	// As a router that was started again.
	if err := nat.Do(func() error { return netlink.ConntrackTableFlush(netlink.ConntrackTable) }); err != nil {
		t.Fatal(err)
	}
	reach("after other ports", clients...)
	netlab.Eventually(t, 20*time.Second, "two connections of the new ports are listed", func() bool { return listed("192.0.2.101:30") == 2 })
	for _, c := range clients {
		if c.Ups() != 1 {
			t.Errorf("the client on %s connected again", c.On.Name)
		}
	}
	clients[0].Leave(t)
	netlab.Eventually(t, 10*time.Second, "one connection is left", func() bool { return listed("192.0.2.101:") == 1 })
	reach("after the other left", clients[1])
}
