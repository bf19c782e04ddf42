package lab

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

const peerPort = 7007 // of the host that says whom it sees

// servePeers has a host answer each line of a TCP connection with the address that the connection comes from.
func servePeers(t testing.TB, n *netlab.Namespace) {
	t.Helper()
	var l net.Listener
	err := n.Do(func() (err error) { l, err = net.Listen("tcp4", fmt.Sprintf(":%d", peerPort)); return err })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					from := conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()
					if _, err := fmt.Fprintln(conn, from); err != nil {
						return
					}
				}
			}()
		}
	}()
}

// seenAs asks the host over an open connection whom it sees.
func seenAs(conn net.Conn) (from netip.Addr, err error) {
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err = fmt.Fprintln(conn); err != nil {
		return from, err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return from, err
	}
	return netip.ParseAddr(line[:len(line)-1])
}

// With source NAT a server of the target network sees the gateway, without it the client. The switch acts on new
// flows; those that run carry on.
func TestSourceNAT(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	servePeers(t, s.hostA)
	client := s.clients[0]
	own := netlab.ConnectClient(t, client, s.Profile("alice")).Address(t)
	gatewayAddr := netip.MustParseAddr("10.0.1.1")

	dial := func() net.Conn { t.Helper(); return client.MustDial(t, "tcp4", addrHostA, peerPort) }
	want := func(conn net.Conn, expected netip.Addr, when string) {
		t.Helper()
		if from, err := seenAs(conn); err != nil || from != expected {
			t.Errorf("%s the server sees %s, %v; want %s", when, from, err, expected)
		}
	}
	becomes := func(expected netip.Addr) net.Conn {
		t.Helper()
		var conn net.Conn
		netlab.Eventually(t, 30*time.Second, "the server sees "+expected.String(), func() bool {
			conn = dial()
			from, err := seenAs(conn)
			return err == nil && from == expected
		})
		return conn
	}
	before := dial()
	want(before, gatewayAddr, "with source NAT")
	s.WaitText("/connections", "alice", "active") // otherwise what is announced changes while it is confirmed
	s.Modify(gateway.Fields{"Enable source NAT": "off"}, nil)
	s.WaitText("", "Target networks see the addresses of the clients")
	without := becomes(own)
	want(before, gatewayAddr, "over the earlier connection")
	s.Modify(gateway.Fields{"Enable source NAT": "on"}, nil)
	becomes(gatewayAddr)
	want(without, own, "over the connection made without source NAT")
}
