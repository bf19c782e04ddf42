package lab

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// serveDNS has a host answer every DNS question about an IPv4 address with the address.
func serveDNS(t testing.TB, on *netlab.Namespace, answer string) {
	t.Helper()
	var conn net.PacketConn
	if err := on.Do(func() (err error) { conn, err = net.ListenPacket("udp4", ":53"); return err }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		b := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if n < 17 {
				continue
			}
			end := 12 // the question: labels, type, class
			for end < n && b[end] != 0 {
				end += int(b[end]) + 1
			}
			if end += 5; end > n {
				continue
			}
			reply := append([]byte{}, b[:end]...)
			reply[2], reply[3] = 0x81, 0x80          // a response, without an error
			copy(reply[6:12], []byte{0, 0, 0, 0, 0}) // no other records
			if b[end-3] == 1 {                       // type A
				reply[7] = 1
				reply = append(reply, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
				reply = append(reply, netip.MustParseAddr(answer).AsSlice()...)
			}
			_, _ = conn.WriteTo(reply, from)
		}
	}()
}

// A split tunnel pushes the routes of the session's association and nothing that touches other traffic, and the
// endpoint's DNS servers, one of which answers through the tunnel.
func TestSplitTunnelWithDNS(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	serveDNS(t, s.hostA, "10.0.1.77")
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(gateway.Fields{"Enable split-tunnel": "on", "DNS Server 1 IP address": addrHostA, "DNS Server 2 IP address": "203.0.113.53"})
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.AddRoute("198.51.100.0/24", "subnet-a")
	s.WaitRow("/routes", "198.51.100.0/24", "active")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	s.WaitText("", "No route and no authorization rule leads to 203.0.113.53.")

	before := s.clients[0].IP(t, "route")
	c := netlab.ConnectClient(t, s.clients[0], s.Profile("alice"))
	var tunnel []string
	for line := range strings.Lines(c.On.IP(t, "-o", "route")) {
		if !strings.Contains(before, strings.TrimSpace(line)) {
			tunnel = append(tunnel, strings.Fields(line)[0])
		}
	}
	if got := strings.Join(tunnel, " "); got != "10.0.0.0/16 10.128.0.0/22 198.51.100.0/24" {
		t.Errorf("the client has the routes %s", got)
	}
	pushed := c.Log()
	for _, want := range []string{"dhcp-option DNS " + addrHostA + ",", "dhcp-option DNS 203.0.113.53,"} {
		if !strings.Contains(pushed, want) {
			t.Errorf("%q is not pushed", want)
		}
	}
	for _, unwanted := range []string{"redirect-gateway", "ifconfig-ipv6", "block-ipv6", "block-outside-dns"} {
		if strings.Contains(pushed, unwanted) {
			t.Errorf("%q is pushed to a client with a split tunnel", unwanted)
		}
	}
	resolver := net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		var conn net.Conn
		err := c.On.Do(func() (err error) { conn, err = net.Dial("udp4", net.JoinHostPort(addrHostA, "53")); return err })
		return conn, err
	}}
	netlab.Eventually(t, 10*time.Second, "the pushed DNS server answers through the tunnel", func() bool {
		found, err := resolver.LookupNetIP(t.Context(), "ip4", "intranet.lab.test.")
		return err == nil && len(found) == 1 && found[0] == netip.MustParseAddr("10.0.1.77")
	})

	s.Modify(gateway.Fields{"DNS Server 2 IP address": ""}, nil)
	s.WaitNoText("", "203.0.113.53")
}
