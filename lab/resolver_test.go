package lab

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"sallyport/lab/netlab"
)

const (
	addrRouter   = "192.0.2.254"
	addrResolver = "203.0.113.53"
)

// A client whose resolver is not on its own link asks it through the tunnel, as everything is. After
// an outage it looks the server's name up again: the configuration file must not keep the dead tunnel
// for that.
func TestOutageWithResolverBehindTheTunnel(t *testing.T) {
	t.Parallel()
	const name = "vpn.lab.test"
	s := newSite(t, 1, "SALLYPORT_PUBLIC_NAME="+name)
	client := s.clients[0]
	s.wan.IP(t, "addr", "add", addrRouter+"/24", "dev", "br0")
	s.wan.IP(t, "addr", "add", addrResolver+"/32", "dev", "lo")
	s.wan.Sysctl(t, "net/ipv4/ip_forward", "1")
	client.IP(t, "route", "replace", "default", "via", addrRouter)
	serveName(t, s.wan, gatewayWAN)
	useResolver(t, client)

	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	c := netlab.ConnectClient(t, client, s.Profile("alice"))
	if !client.Reaches(addrHostA, netlab.EchoPort) {
		t.Fatal("the client reaches nothing")
	}

	s.wan.IP(t, "link", "set", "gw", "down")
	c.Restart(t) // as its keepalive does after 20 s
	netlab.Eventually(t, 40*time.Second, "an attempt has failed", func() bool {
		return strings.Contains(c.Log(), "server_poll") || strings.Contains(c.Log(), "Cannot resolve")
	})
	s.wan.IP(t, "link", "set", "gw", "up")
	c.WaitUp(t, 2)
	if !client.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("the client reaches nothing after the outage")
	}
}

// useResolver has the programs of a host ask addrResolver.
func useResolver(t *testing.T, n *netlab.Namespace) {
	t.Helper()
	dir := filepath.Join("/etc/netns", n.Name) // ip netns exec mounts what is there over /etc
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.WriteFile(filepath.Join(dir, "resolv.conf"), []byte("nameserver "+addrResolver+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// serveName answers every question for an IPv4 address with addr, at addrResolver. The function that it returns
// changes the answer.
func serveName(t *testing.T, on *netlab.Namespace, addr string) (change func(addr string)) {
	t.Helper()
	var conn net.PacketConn
	err := on.Do(func() (err error) { conn, err = net.ListenPacket("udp4", addrResolver+":53"); return err })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	var now atomic.Pointer[dnsmessage.AResource]
	change = func(addr string) { now.Store(&dnsmessage.AResource{A: [4]byte(net.ParseIP(addr).To4())}) }
	change(addr)
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(b[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			if q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 5}, Body: now.Load()}}
			}
			if answer, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return change
}
