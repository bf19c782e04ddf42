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
	"golang.org/x/net/ipv4"

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

// openVPN is a worker's port that replies to first packets, and counts what else arrives by its opcode.
func openVPN(t *testing.T, listen string) (arrived *[32]atomic.Int64) {
	t.Helper()
	arrived, p := new([32]atomic.Int64), gatewaySpace(t).udp(listen)
	go func() {
		buf := make([]byte, 2000)
		for {
			n, _, from, err := p.ReadFrom(buf)
			if err != nil {
				return
			}
			if n == 0 {
				continue
			}
			arrived[buf[0]>>3].Add(1)
			if buf[0]>>3 == 7 {
				_, _ = p.WriteTo([]byte{8 << 3}, nil, from)
			}
		}
	}()
	return arrived
}

// answeredFlows opens flows whose first packet the worker answered, and gives a function that sends a packet in
// each of them.
func (l *lab) answeredFlows(n int, source string) (send func(opcode byte)) {
	l.t.Helper()
	to := &net.UDPAddr{IP: wanGateway.AsSlice(), Port: 1194}
	flows := make([]*ipv4.PacketConn, n)
	for i := range flows {
		flows[i] = l.outside.udp(source + ":0")
		_, err := flows[i].WriteTo([]byte{7 << 3, 0, 0, 0}, nil, to)
		must(l.t, err)
		must(l.t, flows[i].SetReadDeadline(time.Now().Add(timeout)))
		_, _, _, err = flows[i].ReadFrom(make([]byte, 100))
		must(l.t, err)
	}
	return func(opcode byte) {
		for i, c := range flows {
			_, _ = c.WriteTo([]byte{opcode << 3, 0, 0, 0}, nil, to)
			if i%50 == 49 {
				<-time.After(5 * time.Millisecond) // the worker's buffer holds them
			}
		}
	}
}

// TestHandshakesBeginAtAPace: of many clients that were answered and continue at once, a worker is handed as many
// as a crowd may begin; a client of another address gets in beside them; what continues a handshake passes, what
// begins another in the same flow counts; garbage uses nothing up; the rules written again give nothing anew.
func TestHandshakesBeginAtAPace(t *testing.T) {
	const (
		clients = 400
		// What one address, the pace and a crowd may begin at once: 5, 25 and 150. The rates let a few more pass.
		atOnce, some = 180, 80
	)
	l := newLab(t)
	for _, a := range []string{"198.51.100.3/24", "198.51.100.4/24"} {
		addr, err := netlink.ParseAddr(a)
		must(t, err)
		must(t, l.outside.AddrAdd(l.outside.link("eth0"), addr))
	}
	l.applyLimits(nft.DefaultLimits)
	worker := openVPN(t, "198.51.100.1:40001")
	began := func(send func(opcode byte), opcode byte) int64 {
		before := worker[opcode].Load()
		send(opcode)
		return settled(&worker[opcode]) - before
	}
	l.outside.datagrams(1000, true, "198.51.100.3", "198.51.100.1:1194", []byte{4 << 3, 0, 0, 0})
	if n := settled(&worker[4]); n > 60 {
		t.Errorf("%d packets of flows that were never answered arrived, want 20 and a few", n)
	}
	send := l.answeredFlows(clients, "198.51.100.2")
	first := began(send, 4)
	if first < atOnce || first > atOnce+some {
		t.Errorf("%d of %d handshakes began, want %d and a few", first, clients, atOnce)
	}
	l.applyLimits(nft.DefaultLimits)
	again := began(send, 5)
	if again < first || again > first+some {
		t.Errorf("%d handshakes continued, want the %d that began and a few", again, first)
	}
	other := l.answeredFlows(3, "198.51.100.4")
	if n := began(other, 4); n != 3 {
		t.Errorf("%d of 3 handshakes of another address began", n)
	}
	send(7) // another handshake in each flow
	settled(&worker[7])
	if n := began(send, 4); n > atOnce+some {
		t.Errorf("%d handshakes began in flows that had begun one, want a few", n)
	}
	if n := began(send, 9); n != clients {
		t.Errorf("%d of %d data packets arrived", n, clients)
	}
	must(t, noDrift(t, l.table))
	l.applyLimits(nft.Limits{})
	if n := began(l.answeredFlows(clients, "198.51.100.2"), 4); n != clients {
		t.Errorf("%d of %d handshakes began without limits", n, clients)
	}
}
