package nft_test

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/net/ipv4"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
)

// BenchmarkLimits measures what the limits cost a quiet stream, as a ratio of the kernel's time for one packet
// with them to that without: for a packet of a connected client outside the tunnel, and for one inside.
func BenchmarkLimits(b *testing.B) {
	const (
		rounds = 30
		batch  = 4000
	)
	l := newLab(b)
	e := l.endpoint(all("172.16.0.0/12"))
	e.Public = []netip.AddrPort{netip.AddrPortFrom(wanGateway, 1194)}
	e.Workers = []uint16{21000}
	session := nft.Session{Addr: netip.MustParseAddr("10.8.0.2"), Device: l.devices[0].name, Endpoint: l.id, Association: l.assoc}
	limits := func(limits nft.Limits) {
		must(b, l.table.Restore(b.Context(), nft.Ruleset{Endpoints: []nft.Endpoint{e}, Limits: limits}, []nft.Session{session}))
	}
	limits(nft.DefaultLimits)
	must(b, host.RouteClient(session.Addr, session.Device))

	// Each flow is answered once: what follows is no new flow. In a flow that is never answered, each packet
	// of a client has its flows counted, which takes 0.8 µs.
	worker, err := net.ListenPacket("udp4", netip.AddrPortFrom(wanGateway, 21000).String())
	must(b, err)
	b.Cleanup(func() { _ = worker.Close() })
	remote := l.outside.udp(":0")
	data := make([]byte, 1200)
	data[0] = 9 << 3 // P_DATA_V2
	arriving := func() {
		_, _ = remote.WriteTo(data, nil, &net.UDPAddr{IP: wanGateway.AsSlice(), Port: 1194})
	}
	arriving()
	_, from, err := worker.ReadFrom(make([]byte, 2000))
	must(b, err)
	_, err = worker.WriteTo(data, from)
	must(b, err)
	served := l.target.udp(":9")
	ask := datagram(session.Addr, someTarget, 4000, 9, 1200)
	asking := func() { _, _ = l.devices[0].file.Write(ask) }
	asking()
	_, _, asker, err := served.ReadFrom(make([]byte, 2000))
	must(b, err)
	_, err = served.WriteTo(data, &ipv4.ControlMessage{Src: someTarget.AsSlice()}, asker)
	must(b, err)

	for name, packet := range map[string]func(){"outside": arriving, "inside": asking} {
		b.Run(name, func(b *testing.B) {
			var with, without []float64
			for range rounds {
				limits(nft.DefaultLimits)
				packet()
				with = append(with, nanoseconds(batch, packet))
				limits(nft.Limits{})
				packet()
				without = append(without, nanoseconds(batch, packet))
			}
			slices.Sort(with)
			slices.Sort(without)
			b.ReportMetric(with[rounds/4]-without[rounds/4], "ns-more")
			b.ReportMetric(with[rounds/4]/without[rounds/4], "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}
