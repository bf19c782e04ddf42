package dataplane

import (
	"fmt"
	"testing"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

const manySessions = 7000

// fill lets n clients in and gives their connections.
func fill(b *testing.B, ep *endpoint, l dialogue, from, n int) []vpn.ConnectionID {
	b.Helper()
	ids := make([]vpn.ConnectionID, n)
	for i := range ids {
		ids[i] = vpn.NewConnectionID()
		cid := ovpn.CID(from + i)
		if err := logIn(ep, l, cid, "bench", fmt.Sprint(from+i), ids[i]); err != nil {
			b.Fatal(err)
		}
		ep.established(l.client(cid), ovpn.Established{CID: cid})
	}
	return ids
}

func took(f func()) time.Duration {
	started := time.Now()
	f()
	return time.Since(started)
}

// BenchmarkSessions prints what a login costs beside 7,000 sessions as a ratio of what it costs
// beside none, where the time of one goes, and what looking after all of them takes.
func BenchmarkSessions(b *testing.B) {
	ep, dialogues := stage(b, "cvpn-endpoint-7777777777777777b", "10.64.0.0/16")
	l := dialogues[0]
	const some = 200
	for b.Loop() {
		fill(b, ep, l, 0, some) // sockets are open, caches warm
		first := took(func() { fill(b, ep, l, some, some) }) / some
		b.ReportMetric(float64(first.Microseconds()), "µs/login")
		fill(b, ep, l, 2*some, manySessions-3*some)
		last := took(func() { fill(b, ep, l, manySessions-some, some) }) / some
		b.ReportMetric(float64(last)/float64(first), "login-ratio-7000/0")

		parts := partsOf(b, ep, l, some)
		for name, d := range parts {
			b.ReportMetric(100*float64(d)/float64(last), name+"%")
		}
		b.ReportMetric(float64(took(func() { ep.moveSessions(ep.want()) }).Microseconds())/1000, "ms/move")
		b.ReportMetric(float64(took(ep.mendRoutes).Microseconds())/1000, "ms/routes")
		b.ReportMetric(float64(took(func() { ep.expireSessions(b.Context()) }).Microseconds())/1000, "ms/expire")
		b.ReportMetric(float64(took(func() { ep.Status() }).Microseconds()), "µs/status")
		b.ReportMetric(float64(took(func() { _, _ = ep.Connections() }).Microseconds())/1000, "ms/connections")

		var ids []vpn.ConnectionID
		for id := range ep.roster.all {
			ids = append(ids, id)
		}
		one := took(func() {
			for _, id := range ids[:some] {
				_ = ep.Terminate(b.Context(), []vpn.ConnectionID{id}, "bench")
			}
		}) / some
		together := took(func() { _ = ep.Terminate(b.Context(), ids[some:2*some], "bench") }) / some
		b.ReportMetric(float64(one.Microseconds()), "µs/end")
		b.ReportMetric(float64(one)/float64(together), "end-ratio-alone/together")
		b.ReportMetric(float64(took(func() { ep.settleAddresses(true) }).Microseconds())/1000, "ms/settle-400")
		ep.endAll(b.Context(), "bench")
		ep.settleAddresses(true)
	}
}

// partsOf times the steps of a login beside all sessions.
func partsOf(b *testing.B, ep *endpoint, l dialogue, n int) map[string]time.Duration {
	b.Helper()
	var s *session
	for _, s = range ep.roster.all {
		break
	}
	each := func(f func() error) time.Duration {
		return took(func() {
			for range n {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		}) / time.Duration(n)
	}
	d := ep.want()
	spare, _ := ep.pool.Take()
	put := s.inTable()
	put.Addr = spare
	return map[string]time.Duration{
		"journal": each(func() error { return ep.journalSession(s) }),
		"route":   each(func() error { return host.RouteClient(s.Addr, s.Device) }),
		"nft-put-and-end": each(func() error {
			if err := ep.table.Put(put); err != nil {
				return err
			}
			_, err := ep.table.End(spare)
			return err
		}),
		"authorize": each(func() error { return l.conn.Authorize(b.Context(), s.CID, s.KID, directives(d, s)) }),
	}
}
