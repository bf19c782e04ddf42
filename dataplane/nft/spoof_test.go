package nft_test

import (
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/ipv4"
)

// addAddress adds an address that is not the client's own. The gateway's reverse path filter is off, so
// only the rules can drop its packets.
func (c *client) addAddress(a netip.Addr) {
	c.t.Helper()
	for _, name := range []string{"all", c.device.name} {
		must(c.t, os.WriteFile("/proc/sys/net/ipv4/conf/"+name+"/rp_filter", []byte("0"), 0))
	}
	must(c.t, c.AddrAdd(c.link("lo"), &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(32, 32)}}))
}

func (c *client) send(from *ipv4.PacketConn, label byte, to netip.Addr, port int) {
	c.t.Helper()
	for range 20 {
		_, err := from.WriteTo([]byte{label, label}, nil, &net.UDPAddr{IP: to.AsSlice(), Port: port})
		must(c.t, err)
	}
}

// TestClientCannotUseTheAddressOfAnother has a client of one worker send with the address of a client
// of another worker.
func TestClientCannotUseTheAddressOfAnother(t *testing.T) {
	l := newLab(t)
	arrivals := l.target.arrivals()
	l.apply(all("172.16.0.0/12"))
	victim, spoofer := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1)
	spoofer.addAddress(victim.addr)
	spoofer.send(spoofer.udp(victim.addr.String()+":0"), 9, someTarget, 7)
	arrivals.until(t, spoofer.udp(spoofer.addr.String()+":0"), alwaysAllowed, [2]byte{1, 1}, nil)
	if n := arrivals.count([2]byte{9, 9}); n != 0 {
		t.Errorf("%d targets were reached with another client's address", n)
	}
}

// TestClientCannotReplyForAHost has a client reply, with the address of a host, in a flow that another
// client has open to that host. Without source translation, connection tracking cannot distinguish
// the two.
func TestClientCannotReplyForAHost(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	e := l.endpoint(all("172.16.0.0/12"))
	e.SourceNAT = false
	l.applyEndpoint(e)
	must(t, l.target.RouteReplace(&netlink.Route{Dst: &net.IPNet{IP: clientCIDR.Addr().AsSlice(), Mask: net.CIDRMask(clientCIDR.Bits(), 32)}, Gw: lanGateway.AsSlice()}))
	victim, spoofer := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1)
	sock := victim.udp(":4000")
	read := func() byte {
		buf := make([]byte, 16)
		n, _, _, err := sock.ReadFrom(buf)
		must(t, err)
		return buf[n-1]
	}
	victim.send(sock, 1, someTarget, 7)
	if read() != 1 {
		t.Fatal("the host does not reply")
	}
	spoofer.addAddress(someTarget)
	spoofer.send(spoofer.udp(someTarget.String()+":7"), 9, victim.addr, 4000)
	// The host's reply to this comes after the spoofed replies, if any.
	spoofer.mustNotAnswer(victim.addr)
	victim.send(sock, 2, someTarget, 7)
	for label := read(); label != 2; label = read() {
		if label == 9 {
			t.Fatal("another client's reply with the address of a host arrived")
		}
	}
}

// TestForeignTranslationReachesOnlySessions: rules of another program translate an authorized address
// to that of a client, whose session then ends.
func TestForeignTranslationReachesOnlySessions(t *testing.T) {
	l := newLab(t)
	l.apply(all("172.16.0.0/12"))
	c, peer := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1)
	served := peer.echo()
	nftCommand(t, "add table ip others; add chain ip others pre { type nat hook prerouting priority dstnat - 5; }; add rule ip others pre ip daddr 172.16.9.9 dnat to "+peer.addr.String())
	t.Cleanup(func() { nftCommand(t, "delete table ip others") })
	c.mustAnswer(addr("172.16.9.9"))
	_, err := l.table.End(peer.addr)
	must(t, err)
	before := served.Load()
	c.mustNotAnswer(addr("172.16.9.9"))
	if n := served.Load() - before; n != 0 {
		t.Errorf("%d packets reached an address without a session", n)
	}
}

// TestForwardedPortsBelongToTheHost: rules of another program forward a port of the host to a
// container, as Docker does. A rule for every destination does not open it; one for the host's address
// does.
func TestForwardedPortsBelongToTheHost(t *testing.T) {
	for _, priority := range []string{"dstnat", "-150", "-198"} {
		t.Run(priority, func(t *testing.T) {
			l := newLab(t)
			served := l.target.echo()
			nftCommand(t, "add table ip others; add chain ip others pre { type nat hook prerouting priority "+priority+
				"; }; add rule ip others pre ip daddr "+wanGateway.String()+" dnat to "+someTarget.String())
			t.Cleanup(func() { nftCommand(t, "delete table ip others") })
			l.apply(all("0.0.0.0/0"))
			c := l.client("10.8.0.2", 0)
			c.mustAnswer(someTarget)
			before := served.Load()
			c.mustNotAnswer(wanGateway)
			if n := served.Load() - before; n != 0 {
				t.Errorf("%d packets for the host's own address were forwarded", n)
			}
			l.apply(all("0.0.0.0/0"), all(wanGateway.String()+"/32"))
			open, closed := c.udp(":0"), c.udp(":0") // the second one to a port where no program listens
			ask := func(p *ipv4.PacketConn, port int) {
				_, err := p.WriteTo([]byte("knock"), nil, &net.UDPAddr{IP: wanGateway.AsSlice(), Port: port})
				must(t, err)
			}
			sink := l.target.udp(":9")
			arrives := func(within time.Duration) bool {
				must(t, sink.SetReadDeadline(time.Now().Add(within)))
				_, _, _, err := sink.ReadFrom(make([]byte, 64))
				return err == nil
			}
			ask(open, 7)
			must(t, open.SetReadDeadline(time.Now().Add(timeout)))
			_, _, _, err := open.ReadFrom(make([]byte, 64))
			must(t, err)
			if ask(closed, 9); !arrives(timeout) {
				t.Fatal("a forwarded port of an address that a rule names is not reached")
			}

			l.apply(all("0.0.0.0/0"))
			before = served.Load()
			ask(open, 7)
			if ask(closed, 9); arrives(silence) {
				t.Error("a flow without a reply continues without its rule")
			}
			if n := served.Load() - before; n != 0 {
				t.Error("a flow with a reply continues without its rule")
			}
		})
	}
}
