package nft_test

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"sallyport/dataplane/nft"
	"sallyport/vpn"
)

// datagrams sends n datagrams, each from a port of its own where fresh, from a source address.
func (s space) datagrams(n int, fresh bool, source, to string, payload []byte) {
	s.t.Helper()
	p := s.udp(source + ":0")
	defer func() { _ = p.Close() }()
	for range n {
		if fresh {
			_ = p.Close()
			p = s.udp(source + ":0")
		}
		_, _ = p.WriteTo(payload, nil, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to)))
	}
}

// settled waits until a counter has stood still and returns it.
func settled(n *atomic.Int64) int64 {
	last := n.Load()
	for {
		<-time.After(silence)
		if now := n.Load(); now == last {
			return now
		} else {
			last = now
		}
	}
}

// silentWorker counts what arrives at a worker's port and never replies.
func silentWorker(t *testing.T, listen string) *atomic.Int64 {
	t.Helper()
	n, p := new(atomic.Int64), gatewaySpace(t).udp(listen)
	go func() {
		buf := make([]byte, 2000)
		for {
			if _, _, _, err := p.ReadFrom(buf); err != nil {
				return
			}
			n.Add(1)
		}
	}()
	return n
}

func (l *lab) applyLimits(limits nft.Limits) nft.Endpoint {
	l.t.Helper()
	e := l.endpoint(all("172.16.0.0/12"))
	e.Public = []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:1194")}
	e.Workers = []uint16{40001}
	must(l.t, l.table.Apply(context.Background(), nft.Ruleset{Endpoints: []nft.Endpoint{e}, Limits: limits}))
	return e
}

// TestNewFlowsAreLimitedForEachSource: a host that opens flows without end, by one port or by many,
// gets its burst through and little more; another host and an answered flow notice nothing; a change
// of rules does not give the burst anew, and filled sets are no drift.
func TestNewFlowsAreLimitedForEachSource(t *testing.T) {
	l := newLab(t)
	eth := l.outside.link("eth0")
	for _, a := range []string{"198.51.100.3/24", "198.51.100.4/24"} {
		addr, err := netlink.ParseAddr(a)
		must(t, err)
		must(t, l.outside.AddrAdd(eth, addr))
	}
	limits := nft.Limits{NewFlows: 1, NewFlowsBurst: 50}
	arrived := silentWorker(t, "198.51.100.1:40001")
	for _, fresh := range []bool{true, false} {
		l.applyLimits(limits)
		source := map[bool]string{true: "198.51.100.2", false: "198.51.100.3"}[fresh]
		before := arrived.Load()
		l.outside.datagrams(400, fresh, source, "198.51.100.1:1194", []byte("8 garbage"))
		if n := settled(arrived) - before; n < 50 || n > 60 {
			t.Errorf("%d of 400 packets of new flows arrived (a port for each: %v), want 50 and a few", n, fresh)
		}
	}
	before := arrived.Load()
	l.applyLimits(limits)
	l.outside.datagrams(100, true, "198.51.100.2", "198.51.100.1:1194", []byte("8 garbage"))
	if n := settled(arrived) - before; n > 10 {
		t.Errorf("%d packets arrived after the rules were written again, want a few", n)
	}
	before = arrived.Load()
	l.outside.datagrams(20, true, "198.51.100.4", "198.51.100.1:1194", []byte("8 hello"))
	if n := settled(arrived) - before; n != 20 {
		t.Errorf("%d of 20 packets of another source arrived", n)
	}
	if drift, err := l.table.Drift(context.Background()); err != nil || len(drift) != 0 {
		t.Errorf("drift: %v, %v", drift, err)
	}
}

// TestAnsweredFlowsPassData: a flow that a worker answered carries data without limit, and of what is
// no data as much as handshakes need.
func TestAnsweredFlowsPassData(t *testing.T) {
	l := newLab(t)
	l.applyLimits(nft.Limits{NewFlows: 1, NewFlowsBurst: 5})
	arrived := new(atomic.Int64)
	p := gatewaySpace(t).udp("198.51.100.1:40001")
	go func() {
		buf := make([]byte, 2000)
		for {
			_, _, from, err := p.ReadFrom(buf)
			if err != nil {
				return
			}
			if arrived.Add(1) == 1 {
				_, _ = p.WriteTo([]byte("reply"), nil, from)
			}
		}
	}()
	c := l.outside.udp(":0")
	to := &net.UDPAddr{IP: wanGateway.AsSlice(), Port: 1194}
	_, err := c.WriteTo([]byte{7 << 3}, nil, to)
	must(t, err)
	must(t, c.SetReadDeadline(time.Now().Add(timeout)))
	_, _, _, err = c.ReadFrom(make([]byte, 100))
	must(t, err)
	send := func(n int, first byte) (came int64) {
		before := arrived.Load()
		for i := range n {
			_, _ = c.WriteTo([]byte{first, 1, 2, 3}, nil, to)
			if i%100 == 99 {
				<-time.After(2 * time.Millisecond) // the worker's buffer holds them
			}
		}
		return settled(arrived) - before
	}
	// The test's own socket may lose some on a busy machine; the limit would leave 10000.
	if n := send(15000, 9<<3); n < 13500 {
		t.Errorf("%d of 15000 data packets arrived", n)
	}
	if n := send(15000, 7<<3); n < 8000 || n > 13000 {
		t.Errorf("%d of 15000 packets that are no data arrived, want the burst of 10000 and a few", n)
	}
}

// TestFlowsOfOneClientAreLimited: one client's flows end at the limit, another's are not concerned.
func TestFlowsOfOneClientAreLimited(t *testing.T) {
	l := newLab(t)
	l.applyLimits(nft.Limits{ClientFlows: 30})
	alice, bob := l.client("10.8.0.2", 0), l.client("10.8.0.3", 1)
	arrived := l.target.received(":19")
	alice.datagrams(100, true, "", "172.16.5.5:19", []byte("flow"))
	// The kernel counts a flow once its first packet has left, so each processor may let one more pass.
	passed := settled(arrived)
	if passed < 30 || passed > int64(30+runtime.NumCPU()) {
		t.Errorf("%d of 100 flows of one client passed, want 30", passed)
	}
	bob.datagrams(20, true, "", "172.16.5.5:19", []byte("flow"))
	if n := settled(arrived); n != passed+20 {
		t.Errorf("%d flows passed in all, want another client's 20 too", n)
	}
}

// TestOfficeReturnsAtOnce: 500 clients behind one address that open their flows at once, over UDP and over
// TCP, pass the limits that hold where nothing else is set.
func TestOfficeReturnsAtOnce(t *testing.T) {
	const office = 500
	for _, transport := range []vpn.Transport{vpn.UDP, vpn.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			l := newLab(t)
			e := l.endpoint(all("172.16.0.0/12"))
			e.Public = []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:1194")}
			e.Workers, e.Transport = []uint16{40001}, transport
			must(t, l.table.Apply(context.Background(), nft.Ruleset{Endpoints: []nft.Endpoint{e}, Limits: nft.DefaultLimits}))
			passed, began := int64(0), time.Now()
			if transport == vpn.UDP {
				arrived := silentWorker(t, "198.51.100.1:40001")
				l.outside.datagrams(office, true, "", "198.51.100.1:1194", []byte{7 << 3})
				passed = settled(arrived)
			} else {
				listener, err := net.Listen("tcp4", "198.51.100.1:40001")
				must(t, err)
				t.Cleanup(func() { _ = listener.Close() })
				for range office {
					l.outside.dialTCP("198.51.100.1:1194")
					passed++
				}
			}
			t.Logf("%d flows of one address in %v", passed, time.Since(began).Round(time.Millisecond))
			if passed != office {
				t.Errorf("%d of %d flows of one address passed", passed, office)
			}
		})
	}
}
