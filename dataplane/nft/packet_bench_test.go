package nft_test

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
)

// BenchmarkPacket measures the kernel's time for one packet with our two tables, and the difference to
// masquerading alone, as on a gateway configured by hand: for each of the four ways of a client's
// packet, inside and outside the tunnel.
func BenchmarkPacket(b *testing.B) {
	const (
		rounds = 30
		batch  = 4000
		public = 1194
		worker = 21000
	)
	l := newLab(b)
	r := nft.Ruleset{
		Mark: testMark, Limits: nft.DefaultLimits,
		Workers:   nft.UIDs{Last: 1}, // this process sends as a worker
		Endpoints: []nft.Endpoint{l.endpoint(all("172.16.0.0/12"), group("172.17.0.0/16", "other"))},
	}
	r.Endpoints[0].Public = []netip.AddrPort{netip.AddrPortFrom(wanGateway, public)}
	r.Endpoints[0].Workers = []uint16{worker}
	session := nft.Session{Addr: netip.MustParseAddr("10.8.0.2"), Device: l.devices[0].name, Endpoint: l.id, Association: l.assoc}
	must(b, l.table.Restore(b.Context(), r, []nft.Session{session}))
	must(b, host.RouteClient(session.Addr, session.Device))

	// No program reads at the ends: a datagram that is dropped at a full buffer has passed all rules.
	served := l.target.udp(":9")
	ask := datagram(session.Addr, someTarget, 4000, 9, 1200)
	asks := func() { _, _ = l.devices[0].file.Write(ask) }
	asks()
	_, _, asker, err := served.ReadFrom(make([]byte, 2000))
	must(b, err)
	body := make([]byte, 1200)
	body[0] = 9 << 3 // P_DATA_V2: packets that are no data are limited
	from := &ipv4.ControlMessage{Src: someTarget.AsSlice()}
	answers := func() { _, _ = served.WriteTo(body, from, asker) }
	answers()
	counted, err := l.table.Counters()
	must(b, err)
	if c := counted[session.Addr]; c.PacketsIn == 0 || c.PacketsOut == 0 {
		b.Fatalf("request and reply do not pass: %+v", c)
	}

	at, err := net.ListenPacket("udp4", netip.AddrPortFrom(wanGateway, worker).String())
	must(b, err)
	b.Cleanup(func() { _ = at.Close() })
	remote := l.outside.udp(":0")
	to := func(port int) func() {
		return func() { _, _ = remote.WriteTo(body, nil, &net.UDPAddr{IP: wanGateway.AsSlice(), Port: port}) }
	}
	out := func(port int) func() {
		remote := l.outside.udp(":0")
		_, err := remote.WriteTo(body, nil, &net.UDPAddr{IP: wanGateway.AsSlice(), Port: port})
		must(b, err)
		must(b, at.SetReadDeadline(time.Now().Add(timeout)))
		_, from, err := at.ReadFrom(make([]byte, 2000))
		must(b, err)
		return func() { _, _ = at.WriteTo(body, from) }
	}
	toPublic, outPublic := to(public), out(public)

	var owned *nft.OwnedTable
	table := func(ours bool) {
		if owned != nil {
			must(b, owned.Close())
			owned = nil
		}
		must(b, l.table.Remove())
		if ours {
			must(b, l.table.Restore(b.Context(), r, []nft.Session{session}))
			owned, err = nft.OpenOwnedTable("sptest", testMark)
			must(b, err)
		} else {
			nftCommand(b, "table ip byhand { chain post { type nat hook postrouting priority srcnat; ip saddr 10.8.0.0/22 oifname \"lan0\" masquerade; }; }")
		}
		asks()
		answers() // the measured packets are not the first of a flow
	}
	defer func() { must(b, owned.Close()) }()
	table(false)
	outDirect := out(worker)
	nftCommand(b, "delete table ip byhand")
	table(true)
	for _, way := range []struct {
		name         string
		ours, byHand func()
	}{
		{"inside, asking", asks, asks},
		{"inside, answering", answers, answers},
		{"outside, arriving", toPublic, to(worker)},
		{"outside, leaving", outPublic, outDirect},
	} {
		b.Run(way.name, func(b *testing.B) {
			var mine, theirs []float64
			for range rounds {
				mine = append(mine, nanoseconds(batch, way.ours))
				table(false)
				theirs = append(theirs, nanoseconds(batch, way.byHand))
				nftCommand(b, "delete table ip byhand")
				table(true)
			}
			slices.Sort(mine)
			slices.Sort(theirs)
			b.ReportMetric(mine[rounds/4], "ns/packet")
			b.ReportMetric(mine[rounds/4]-theirs[rounds/4], "ns-more")
			b.ReportMetric(mine[rounds/4]/theirs[rounds/4], "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func nanoseconds(times int, f func()) float64 {
	began := time.Now()
	for range times {
		f()
	}
	return float64(time.Since(began)) / float64(times)
}

// datagram is an IPv4 packet with UDP inside and no checksum of the payload, which IPv4 allows.
func datagram(from, to netip.Addr, sport, dport uint16, size int) []byte {
	p := make([]byte, 28+size)
	p[0], p[8], p[9] = 0x45, 64, 17
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	copy(p[12:16], from.AsSlice())
	copy(p[16:20], to.AsSlice())
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(p[10:], ^uint16(sum))
	binary.BigEndian.PutUint16(p[20:], sport)
	binary.BigEndian.PutUint16(p[22:], dport)
	binary.BigEndian.PutUint16(p[24:], uint16(8+size))
	return p
}
