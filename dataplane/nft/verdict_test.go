package nft_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"sallyport/dataplane/nft"
	"sallyport/vpn"
)

// permitted is the definition of authorization, implemented in the simplest way: one of the rules of the
// most specific destination that contains the address grants it, and a route covers it.
func permitted(rules []vpn.DesiredRule, routes []netip.Prefix, groups []string, to netip.Addr) bool {
	longest, allowed := -1, false
	for _, r := range rules {
		if !r.Destination.Contains(to) || r.Destination.Bits() < longest {
			continue
		}
		if r.Destination.Bits() > longest {
			longest, allowed = r.Destination.Bits(), false
		}
		allowed = allowed || r.AllUsers || slices.Contains(groups, r.Group)
	}
	routed := slices.ContainsFunc(routes, func(p netip.Prefix) bool { return p.Contains(to) })
	return allowed && routed
}

// TestKernelDecidesByTheRules sends a packet to a few hundred addresses under generated rules
// and compares what arrives with the definition.
func TestKernelDecidesByTheRules(t *testing.T) {
	l := newLab(t)
	arrivals := l.target.arrivals()
	l.apply()
	groups := [][]string{nil, {"a"}, {"a", "b"}, {"c", "nobody's"}}
	clients := make([]*client, len(groups))
	for i, g := range groups {
		clients[i] = l.client(fmt.Sprintf("10.8.1.%d", i+1), i%2, g...)
	}
	const seed = 1911
	random := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // a test repeats itself
	allowed, denied := 0, 0
	for round := range 8 {
		rules, routes := generate(random)
		e := l.endpoint(append(rules, all("172.31.255.254/32"))...)
		e.Associations[0].Routes = append(slices.Clone(routes), netip.MustParsePrefix("172.31.255.254/32"))
		l.applyEndpoint(e)
		for i, c := range clients {
			sock := c.udp(":0")
			want := map[netip.Addr]bool{}
			for _, to := range boundaries(random, rules, routes) {
				want[to] = permitted(e.Rules, e.Associations[0].Routes, groups[i], to)
				if want[to] {
					allowed++
				} else {
					denied++
				}
				_, err := sock.WriteTo([]byte{byte(round), byte(i)}, nil, &net.UDPAddr{IP: to.AsSlice(), Port: 7})
				must(t, err)
			}
			got := arrivals.until(t, sock, alwaysAllowed, [2]byte{byte(round), byte(i)}, want)
			for to, w := range want {
				if got[to] != w {
					t.Errorf("round %d, client with groups %v to %s: kernel %v, rules %v\nrules %v\nroutes %v", round, groups[i], to, got[to], w, rules, routes)
				}
			}
		}
	}
	if allowed < 100 || denied < 100 {
		t.Errorf("%d allowed and %d denied cases: too few of one kind", allowed, denied)
	}
	t.Logf("%d allowed, %d denied", allowed, denied)
}

func generate(random *rand.Rand) ([]vpn.DesiredRule, []netip.Prefix) {
	prefix := func() netip.Prefix {
		// Few distinct leading bits, so that destinations nest and repeat.
		raw := uint32(172)<<24 | uint32(16+random.IntN(2))<<16 | uint32(random.IntN(4))<<14 | uint32(random.IntN(1<<14))
		return netip.PrefixFrom(fromUint(raw), 12+random.IntN(21)).Masked()
	}
	var rules []vpn.DesiredRule
	for range 3 + random.IntN(25) {
		r := vpn.DesiredRule{Destination: prefix(), Group: string(rune('a' + random.IntN(3)))}
		if random.IntN(4) == 0 {
			r.AllUsers, r.Group = true, ""
		}
		rules = append(rules, r)
		if random.IntN(3) == 0 { // the same destination for another group
			r.AllUsers, r.Group = false, string(rune('a'+random.IntN(3)))
			rules = append(rules, r)
		}
	}
	if random.IntN(2) == 0 {
		rules = append(rules, all("0.0.0.0/0"))
	}
	routes := []netip.Prefix{prefix(), netip.MustParsePrefix("172.16.0.0/14")}
	if random.IntN(2) == 0 {
		routes[1] = prefix()
	}
	return rules, append(routes, routes[0])
}

// boundaries returns both ends of each prefix, their outer neighbours, and some others.
func boundaries(random *rand.Rand, rules []vpn.DesiredRule, routes []netip.Prefix) []netip.Addr {
	seen := map[netip.Addr]bool{}
	note := func(a netip.Addr) {
		if targets.Contains(a) && a != alwaysAllowed {
			seen[a] = true
		}
	}
	ends := slices.Clone(routes)
	for _, r := range rules {
		ends = append(ends, r.Destination)
	}
	for _, p := range ends {
		first, last := p.Addr(), vpn.LastAddr(p)
		for _, a := range []netip.Addr{first, first.Prev(), last, last.Next()} {
			note(a)
		}
	}
	for range 20 {
		note(fromUint(uint32(172)<<24 | uint32(16)<<16 | uint32(random.IntN(1<<18))))
	}
	var out []netip.Addr
	for a := range seen {
		out = append(out, a)
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

func fromUint(u uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], u)
	return netip.AddrFrom4(b)
}

var alwaysAllowed = addr("172.31.255.254")

// arrivals records which addresses datagrams reached, by their label.
type arrivals struct {
	mu   sync.Mutex
	seen map[[2]byte]map[netip.Addr]bool
}

func (s space) arrivals() *arrivals {
	a := &arrivals{seen: map[[2]byte]map[netip.Addr]bool{}}
	p := s.udp(":7")
	go func() {
		buf := make([]byte, 16)
		for {
			n, cm, _, err := p.ReadFrom(buf)
			if err != nil {
				return
			}
			if n != 2 {
				continue
			}
			to, _ := netip.AddrFromSlice(cm.Dst.To4())
			label := [2]byte(buf[:2])
			a.mu.Lock()
			if a.seen[label] == nil {
				a.seen[label] = map[netip.Addr]bool{}
			}
			a.seen[label][to] = true
			a.mu.Unlock()
		}
	}()
	return a
}

func (a *arrivals) count(label [2]byte) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.seen[label])
}

// until waits for the expected datagrams and then for the last ones, to an address that is always
// allowed. Datagrams that were sent before on the same way have then arrived or been dropped. Several
// last ones are sent, because a packet that changes processors may be overtaken.
func (a *arrivals) until(t *testing.T, sock interface {
	WriteTo([]byte, *ipv4.ControlMessage, net.Addr) (int, error)
}, last netip.Addr, label [2]byte, want map[netip.Addr]bool) map[netip.Addr]bool {
	t.Helper()
	var got map[netip.Addr]bool
	rounds := 0
	tick := time.NewTicker(time.Millisecond) // without pauses the receive buffer would overflow
	defer tick.Stop()
	for deadline := time.Now().Add(timeout); time.Now().Before(deadline) && rounds < 10; <-tick.C {
		_, err := sock.WriteTo(label[:], nil, &net.UDPAddr{IP: last.AsSlice(), Port: 7})
		must(t, err)
		a.mu.Lock()
		got = maps.Clone(a.seen[label])
		a.mu.Unlock()
		complete := got[last]
		for to, w := range want {
			complete = complete && (!w || got[to])
		}
		if complete {
			rounds++
		}
	}
	if !got[last] {
		t.Fatal("the last datagram never arrived")
	}
	return got
}

// TestNoPacketPassesDuringApply sends to a forbidden address without pause while the table is applied,
// repaired and changed.
func TestNoPacketPassesDuringApply(t *testing.T) {
	l := newLab(t)
	arrivals := l.target.arrivals()
	l.apply(all("172.31.0.0/16"), group("172.16.0.0/12", "engineers"))
	probe := l.client("10.8.0.2", 0)
	other := l.client("10.8.0.3", 1, "engineers")
	sock := probe.udp(":0")
	stop, sent := make(chan struct{}), 0
	var flood sync.WaitGroup
	flood.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := sock.WriteTo([]byte{1, 1}, nil, &net.UDPAddr{IP: someTarget.AsSlice(), Port: 7}); err == nil {
					sent++
				}
			}
		}
	})
	for i := range 60 {
		switch i % 3 {
		case 0:
			l.apply(all("172.31.0.0/16"), group("172.16.0.0/12", "engineers"), group(fmt.Sprintf("172.20.%d.0/24", i), "doctors"))
		case 1:
			must(t, l.table.Repair(t.Context()))
		case 2:
			l.put(other, "engineers", "doctors")
		}
	}
	close(stop)
	flood.Wait()
	if got := arrivals.until(t, sock, alwaysAllowed, [2]byte{1, 1}, nil); got[someTarget] {
		t.Error("a packet to a forbidden address arrived meanwhile")
	}
	if sent < 1000 {
		t.Errorf("only %d probes were sent", sent)
	}
	t.Logf("%d probes", sent)
}

func TestCountersAreExactAndSurviveApply(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	l.apply(all("172.16.5.5/32"))
	c := l.client("10.8.0.2", 0)
	idle := l.client("10.8.0.3", 0)
	sock := c.udp(":0")
	const payload, packets = 100, 50
	exchange := func(want nft.Counters) {
		t.Helper()
		for range packets {
			_, err := sock.WriteTo(make([]byte, payload), nil, &net.UDPAddr{IP: someTarget.AsSlice(), Port: 7})
			must(t, err)
			must(t, sock.SetReadDeadline(time.Now().Add(timeout)))
			_, _, _, err = sock.ReadFrom(make([]byte, 200))
			must(t, err)
			// Dropped packets are not counted.
			_, err = sock.WriteTo(make([]byte, payload), nil, &net.UDPAddr{IP: someTarget.Next().AsSlice(), Port: 7})
			must(t, err)
		}
		got, err := l.table.Counters()
		must(t, err)
		if got[c.addr] != want {
			t.Errorf("counters %+v, want %+v", got[c.addr], want)
		}
		if got[idle.addr] != (nft.Counters{}) || len(got) != 2 {
			t.Errorf("counters %v, want those of two clients and zero for the idle one", got)
		}
	}
	const size = payload + 28
	want := nft.Counters{BytesIn: packets * size, PacketsIn: packets, BytesOut: packets * size, PacketsOut: packets}
	exchange(want)
	l.apply(all("172.16.5.5/32"), all("172.17.0.0/16"))
	must(t, l.table.Repair(t.Context()))
	l.put(c, "some", "groups")
	twice := nft.Counters{BytesIn: 2 * want.BytesIn, PacketsIn: 2 * want.PacketsIn, BytesOut: 2 * want.BytesOut, PacketsOut: 2 * want.PacketsOut}
	exchange(twice)

	// Where another program deletes counters, they continue from their last reading.
	sum := twice
	for _, line := range []string{"delete table inet sptest", "flush set inet sptest sent", "flush ruleset"} {
		nftCommand(t, line)
		must(t, l.table.Repair(t.Context()))
		sum = nft.Counters{BytesIn: sum.BytesIn + want.BytesIn, PacketsIn: sum.PacketsIn + packets, BytesOut: sum.BytesOut + want.BytesOut, PacketsOut: sum.PacketsOut + packets}
		exchange(sum)
	}
	// They do not continue for the next client with the address.
	_, err := l.table.End(idle.addr, c.addr)
	must(t, err)
	l.put(c, "some", "groups")
	l.put(idle)
	nftCommand(t, "delete table inet sptest")
	must(t, l.table.Repair(t.Context()))
	exchange(want)
	exchange(twice)

	// A new process adopts the counters of the table, and drops those of ended sessions.
	adopter := nft.New("sptest", discard)
	r := nft.Ruleset{Endpoints: []nft.Endpoint{l.endpoint(all("172.16.5.5/32"))}}
	must(t, adopter.Restore(t.Context(), r, []nft.Session{{Addr: c.addr, Device: c.device.name, Endpoint: l.id, Association: l.assoc}}))
	got, err := adopter.Counters()
	must(t, err)
	if got[c.addr] != twice || len(got) != 1 {
		t.Errorf("adopted counters %v, want %v for %s alone", got, twice, c.addr)
	}
	c.mustAnswer(someTarget)
	idle.mustNotAnswer(someTarget)
	if !c.ping(gateway, timeout) {
		t.Fatal("no echo from the gateway")
	}
	before := twice
	got, err = adopter.Counters()
	must(t, err)
	if n := got[c.addr]; n.PacketsIn != before.PacketsIn+2 || n.PacketsOut != before.PacketsOut+2 {
		t.Errorf("counters %+v after one datagram and one echo each way, were %+v", n, before)
	}
	last, err := adopter.End(c.addr)
	must(t, err)
	if last[c.addr] != got[c.addr] {
		t.Errorf("last counters %+v, want %+v", last[c.addr], got[c.addr])
	}
	_, err = l.table.End(c.addr, idle.addr) // the first process finds nothing left, which is no error
	must(t, err)
}
