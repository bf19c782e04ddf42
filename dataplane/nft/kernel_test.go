package nft_test

import (
	"context"
	"net"
	"net/netip"
	"os"
	"testing"

	"github.com/vishvananda/netlink"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
)

func TestProbeOnThisHost(t *testing.T) {
	must(t, nft.Probe(t.Context()))
}

func TestOnlyAuthorizedDestinationAnswers(t *testing.T) {
	l := newLab(t)
	served := l.target.echo()
	l.apply()
	c := l.client("10.8.0.2", 0)
	c.mustNotAnswer(someTarget)
	if n := served.Load(); n != 0 {
		t.Errorf("%d packets arrived before any rule", n)
	}
	l.apply(all("172.16.5.5/32"))
	c.mustAnswer(someTarget)
	c.mustNotAnswer(someTarget.Next())

	e := l.endpoint(all("172.16.5.5/32"))
	e.Associations[0].Routes = nil
	l.applyEndpoint(e)
	c.mustNotAnswer(someTarget) // a rule without a route
}

func TestEndedSessionIsCutAndOthersAreNot(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	l.apply(all("172.16.0.0/12"))
	a, b := l.client("10.8.0.2", 0), l.client("10.8.0.3", 0)
	a.mustAnswer(someTarget)
	b.mustAnswer(someTarget)
	last, err := l.table.End(a.addr)
	must(t, err)
	if got := last[a.addr]; got.PacketsIn != 1 || got.PacketsOut != 1 || len(last) != 1 {
		t.Errorf("last counters %v, want one packet each way for %s alone", last, a.addr)
	}
	a.mustNotAnswer(someTarget)
	b.mustAnswer(someTarget)
	if again, err := l.table.End(a.addr); err != nil || len(again) != 0 {
		t.Errorf("ending twice gives %v, %v; want nothing", again, err)
	}
}

func TestGroupsOfALiveSessionChange(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	l.apply(group("172.16.5.0/24", "engineers"), group("172.16.5.5/32", "doctors"))
	c := l.client("10.8.0.2", 1, "engineers", "unnamed")
	c.mustNotAnswer(someTarget) // the more specific rule alone decides
	c.mustAnswer(someTarget.Next())
	l.put(c, "doctors", "doctors")
	c.mustAnswer(someTarget)
	c.mustNotAnswer(someTarget.Next())
}

func TestOnlyClientsOpenFlows(t *testing.T) {
	l := newLab(t)
	l.apply(all("0.0.0.0/0"))
	c := l.client("10.8.0.2", 0)
	served := c.echo()
	for _, s := range []space{l.outside, l.target} {
		s.mustNotAnswer(c.addr)
	}
	if gatewaySpace(t).answers(c.addr, silence) {
		t.Error("the gateway itself opened a flow to a client")
	}
	if n := served.Load(); n != 0 {
		t.Errorf("%d packets of flows that the client did not open reached it", n)
	}
}

func TestGatewayIsClosedButForEcho(t *testing.T) {
	l := newLab(t)
	gate := gatewaySpace(t)
	served := gate.echo() // a service of the gateway, on all of its addresses
	l.apply(all("0.0.0.0/0"))
	c := l.client("10.8.0.2", 0)
	if !c.ping(gateway, timeout) {
		t.Error("the tunnel gateway address does not answer an echo request")
	}
	if c.ping(lanGateway, silence) {
		t.Error("another address of the gateway answers an echo request")
	}
	for _, a := range []string{gateway.String(), lanGateway.String(), wanGateway.String()} {
		c.mustNotAnswer(addr(a))
	}
	if n := served.Load(); n != 0 {
		t.Errorf("%d packets of a client reached a service of the gateway", n)
	}
	l.apply(all("0.0.0.0/0"), all("192.0.2.1/32"))
	c.mustAnswer(lanGateway) // named by its /32
	c.mustNotAnswer(wanGateway)
	l.outside.mustAnswer(wanGateway) // other access to the gateway is not filtered
}

func TestOtherTrafficOfTheHostIsUntouched(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	l.outside.mustAnswer(someTarget) // before
	l.apply()
	l.outside.mustAnswer(someTarget)
	must(t, l.table.Apply(t.Context(), nft.Ruleset{Endpoints: []nft.Endpoint{l.endpoint(all("172.16.0.0/12"))}, HostForwarding: []string{"wan0"}}))
	l.outside.mustNotAnswer(someTarget) // forwarding from wan0 is there for us only
	l.client("10.8.0.2", 0).mustAnswer(someTarget)
	must(t, l.table.Remove())
	l.outside.mustAnswer(someTarget)
}

func TestClientsReachEachOtherOnlyByRouteAndRule(t *testing.T) {
	l := newLab(t)
	l.apply(all("0.0.0.0/0"))
	a, b, same := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1), l.client("10.8.0.4", 0)
	b.echo()
	same.echo()
	a.mustNotAnswer(b.addr)
	e := l.endpoint(all("10.8.0.0/22"))
	e.ClientToClient = true
	l.applyEndpoint(e)
	a.mustAnswer(b.addr)
	a.mustAnswer(same.addr)
	a.mustNotAnswer(addr("10.8.0.9")) // an address without a session
	e.Rules = nil
	l.applyEndpoint(e)
	a.mustNotAnswer(b.addr)
	a.mustNotAnswer(same.addr)
}

func TestPathMTUReachesTheClient(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	setMTU(t, "lan0", 1300)
	l.apply(all("172.16.0.0/12"))
	c := l.client("10.8.0.2", 0)
	if !c.learnsMTU(someTarget, 1300) {
		t.Error("the client did not learn the smaller MTU behind the gateway")
	}
}

func TestAddressDoesNotInheritFlows(t *testing.T) {
	l := newLab(t)
	stream := l.target.stream()
	l.apply(all("172.16.0.0/12"))
	first := l.client("10.8.0.2", 0)
	sock := first.udp(":4000")
	stream.start(t, sock)
	if stream.received(sock, timeout) == 0 {
		t.Fatal("the first holder receives no stream")
	}
	_, err := l.table.End(first.addr)
	must(t, err)
	must(t, host.ForgetFlows(first.addr))
	next := l.client("10.8.0.2", 0)
	other := next.udp(":4000")
	if n := stream.received(other, silence); n != 0 {
		t.Errorf("the next holder of the address received %d packets of the last one's stream", n)
	}
	stream.start(t, other)
	if stream.received(other, timeout) == 0 {
		t.Error("the next holder cannot open a stream of its own")
	}
}

func TestRevocationCutsRunningFlows(t *testing.T) {
	l := newLab(t)
	stream := l.target.stream()
	serve := l.target.serveTCP()
	l.apply(group("172.16.0.0/12", "engineers"))
	c := l.client("10.8.0.2", 0, "engineers")
	sock := c.udp(":4000")
	stream.start(t, sock)
	tcp := c.dialTCP(serve)
	cuts := []struct {
		name         string
		cut, restore func()
	}{
		{"rule removed", func() { l.apply() }, func() { l.apply(group("172.16.0.0/12", "engineers")) }},
		{"group lost", func() { l.put(c) }, func() { l.put(c, "engineers") }},
		{"more specific rule", func() { l.apply(group("172.16.0.0/12", "engineers"), group("172.16.0.0/16", "doctors")) },
			func() { l.apply(group("172.16.0.0/12", "engineers")) }},
	}
	for _, tc := range cuts {
		t.Run(tc.name, func(t *testing.T) {
			if stream.received(sock, timeout) == 0 || tcp.received(timeout) == 0 {
				t.Fatal("nothing flows before")
			}
			tc.cut()
			stream.drain(sock)
			tcp.drain()
			if n := stream.received(sock, silence); n != 0 {
				t.Errorf("%d datagrams after the cut", n)
			}
			if n := tcp.received(silence); n != 0 {
				t.Errorf("%d bytes over TCP after the cut", n)
			}
			tc.restore()
			if stream.received(sock, timeout) == 0 {
				t.Error("nothing flows after it was restored")
			}
		})
	}
}

func TestRemoveTwice(t *testing.T) {
	l := newLab(t)
	must(t, l.table.Remove())
	l.apply()
	must(t, l.table.Remove())
	must(t, l.table.Remove())
	if found, err := l.table.Drift(context.Background()); err != nil || len(found) != 0 {
		t.Errorf("drift of a removed table is %v, %v; want none", found, err)
	}
}

// TestSpoofedSourceIsDropped sends from outside with the address of a connected client, to a host
// that this client may reach and to another client.
func TestSpoofedSourceIsDropped(t *testing.T) {
	l := newLab(t)
	atTarget := l.target.arrivals()
	e := l.endpoint(all("172.16.0.0/12"), all("10.8.0.0/22"))
	e.ClientToClient = true
	l.applyEndpoint(e)
	victim, peer := l.client("10.8.0.2", 0), l.client("10.8.0.3", 0)
	atPeer := peer.arrivals()
	for _, name := range []string{"all", "wan0"} {
		must(t, os.WriteFile("/proc/sys/net/ipv4/conf/"+name+"/rp_filter", []byte("0"), 0))
	}
	must(t, l.outside.AddrAdd(l.outside.link("lo"), &netlink.Addr{IPNet: &net.IPNet{IP: victim.addr.AsSlice(), Mask: net.CIDRMask(32, 32)}}))
	spoofer, honest := l.outside.udp(victim.addr.String()+":0"), victim.udp(":0")
	for _, to := range []netip.Addr{someTarget, peer.addr} {
		for range 20 {
			_, err := spoofer.WriteTo([]byte{9, 9}, nil, &net.UDPAddr{IP: to.AsSlice(), Port: 7})
			must(t, err)
		}
	}
	// The label of the client's own packets differs, so each spoofed one is recognized.
	for _, tc := range []struct {
		name string
		at   *arrivals
		to   netip.Addr
	}{{"the target", atTarget, someTarget}, {"another client", atPeer, peer.addr}} {
		tc.at.until(t, honest, tc.to, [2]byte{1, 1}, nil)
		if tc.at.count([2]byte{9, 9}) != 0 {
			t.Errorf("a packet with a spoofed source reached %s", tc.name)
		}
	}
}
