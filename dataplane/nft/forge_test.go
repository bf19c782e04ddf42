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

// takes gives a client an address that is not its own, behind a gateway whose own check of source
// addresses is off: ours must do.
func (c *client) takes(a netip.Addr) {
	c.t.Helper()
	for _, name := range []string{"all", c.device.name} {
		must(c.t, os.WriteFile("/proc/sys/net/ipv4/conf/"+name+"/rp_filter", []byte("0"), 0))
	}
	must(c.t, c.AddrAdd(c.link("lo"), &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(32, 32)}}))
}

func (c *client) sends(from *ipv4.PacketConn, label byte, to netip.Addr, port int) {
	c.t.Helper()
	for range 20 {
		_, err := from.WriteTo([]byte{label, label}, nil, &net.UDPAddr{IP: to.AsSlice(), Port: port})
		must(c.t, err)
	}
}

// TestClientCannotUseTheAddressOfAnother has a client of one worker send as one of another worker.
func TestClientCannotUseTheAddressOfAnother(t *testing.T) {
	l := newLab(t)
	arrivals := l.target.arrivals()
	l.apply(all("172.16.0.0/12"))
	victim, forger := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1)
	forger.takes(victim.addr)
	forger.sends(forger.udp(victim.addr.String()+":0"), 9, someTarget, 7)
	arrivals.until(t, forger.udp(forger.addr.String()+":0"), alwaysAllowed, [2]byte{1, 1}, nil)
	if n := arrivals.count([2]byte{9, 9}); n != 0 {
		t.Errorf("%d targets were reached with another client's address", n)
	}
}

// TestClientCannotAnswerForAHost has a client answer, in the name of a host, to a flow that another
// client has open to that host. Without source translation the two are the same to connection
// tracking.
func TestClientCannotAnswerForAHost(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	e := l.endpoint(all("172.16.0.0/12"))
	e.SourceNAT = false
	l.applyEndpoint(e)
	must(t, l.target.RouteReplace(&netlink.Route{Dst: &net.IPNet{IP: clientCIDR.Addr().AsSlice(), Mask: net.CIDRMask(clientCIDR.Bits(), 32)}, Gw: lanGateway.AsSlice()}))
	victim, forger := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1)
	sock := victim.udp(":4000")
	read := func() byte {
		buf := make([]byte, 16)
		n, _, _, err := sock.ReadFrom(buf)
		must(t, err)
		return buf[n-1]
	}
	victim.sends(sock, 1, someTarget, 7)
	if read() != 1 {
		t.Fatal("the host does not answer")
	}
	forger.takes(someTarget)
	forger.sends(forger.udp(someTarget.String()+":7"), 9, victim.addr, 4000)
	// What the host answers to this comes after the forged answers, or they never come.
	forger.mustNotAnswer(victim.addr)
	victim.sends(sock, 2, someTarget, 7)
	for label := read(); label != 2; label = read() {
		if label == 9 {
			t.Fatal("another client's answer in the name of a host arrived")
		}
	}
}

// TestTranslationOfOthersLeadsOnlyToLiveClients: somebody else's rules send packets for an
// authorized address to a client, whose session then ends.
func TestTranslationOfOthersLeadsOnlyToLiveClients(t *testing.T) {
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
		t.Errorf("%d packets reached an address that no client has any more", n)
	}
}

// TestPortsThatTheHostPassesOnAreTheHosts: somebody else's rules lead a port of the host to a
// container, as Docker does. A rule for everything does not open it: one that names the host does.
func TestPortsThatTheHostPassesOnAreTheHosts(t *testing.T) {
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
				t.Errorf("%d packets for the host's own address were passed on", n)
			}
			l.apply(all("0.0.0.0/0"), all(wanGateway.String()+"/32"))
			answered, silent := c.udp(":0"), c.udp(":0") // the second one to a port where nobody answers
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
			ask(answered, 7)
			must(t, answered.SetReadDeadline(time.Now().Add(patience)))
			_, _, _, err := answered.ReadFrom(make([]byte, 64))
			must(t, err)
			if ask(silent, 9); !arrives(patience) {
				t.Fatal("a port that the host passes on and a rule names is not reached")
			}

			l.apply(all("0.0.0.0/0"))
			before = served.Load()
			ask(answered, 7)
			if ask(silent, 9); arrives(silence) {
				t.Error("a flow that was never answered goes on without its rule")
			}
			if n := served.Load() - before; n != 0 {
				t.Error("a flow that was answered goes on without its rule")
			}
		})
	}
}
