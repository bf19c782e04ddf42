package dataplane

import (
	"fmt"
	"testing"
	"time"

	"sallyport/dataplane/host"
	"sallyport/dataplane/journal"
	"sallyport/dataplane/ovpn"
	"sallyport/vpn"
)

const manySessions = 7000

// fill lets n clients in and gives their connections.
func (f *fixture) fill(b *testing.B, r run, from, n int) []vpn.ConnectionID {
	b.Helper()
	ids := make([]vpn.ConnectionID, n)
	for i := range ids {
		ids[i] = vpn.NewConnectionID()
		cid := ovpn.CID(from + i)
		if err := f.logIn(r, cid, "bench", fmt.Sprint(from+i), ids[i]); err != nil {
			b.Fatal(err)
		}
		f.send(r, ovpn.Established{CID: cid})
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
	f := newFixture(b, "cvpn-endpoint-7777777777777777b", "10.64.0.0/16")
	r := f.runs[0]
	const some = 200
	for b.Loop() {
		f.fill(b, r, 0, some) // sockets are open, caches warm
		first := took(func() { f.fill(b, r, some, some) }) / some
		b.ReportMetric(float64(first.Microseconds()), "µs/login")
		f.fill(b, r, 2*some, manySessions-3*some)
		last := took(func() { f.fill(b, r, manySessions-some, some) }) / some
		b.ReportMetric(float64(last)/float64(first), "login-ratio-7000/0")

		parts := f.partsOf(b, r, some)
		for name, d := range parts {
			b.ReportMetric(100*float64(d)/float64(last), name+"%")
		}
		b.ReportMetric(float64(took(func() { d := f.desired(); f.inOwn(func() { f.ep.updateSessions(d) }) }).Microseconds())/1000, "ms/move")
		b.ReportMetric(float64(took(func() { f.inOwn(f.ep.repairRoutes) }).Microseconds())/1000, "ms/routes")
		b.ReportMetric(float64(took(func() { f.inOwn(f.ep.expireSessions) }).Microseconds())/1000, "ms/expire")
		b.ReportMetric(float64(took(func() { f.Status() }).Microseconds()), "µs/status")
		b.ReportMetric(float64(took(func() { _, _ = f.Connections() }).Microseconds())/1000, "ms/connections")

		var ids []vpn.ConnectionID
		for _, s := range f.ep.sessions.Select(nil) {
			ids = append(ids, s.Connection)
		}
		one := took(func() {
			for _, id := range ids[:some] {
				_ = f.Terminate(b.Context(), []vpn.ConnectionID{id}, "bench")
			}
		}) / some
		together := took(func() { _ = f.Terminate(b.Context(), ids[some:2*some], "bench") }) / some
		b.ReportMetric(float64(one.Microseconds()), "µs/end")
		b.ReportMetric(float64(one)/float64(together), "end-ratio-alone/together")
		b.ReportMetric(float64(took(func() { f.ep.releaseAddresses(true) }).Microseconds())/1000, "ms/settle-400")
		f.ep.endAll(b.Context(), forGood("bench"))
		f.ep.releaseAddresses(true)
	}
}

// partsOf times the steps of a login beside all sessions.
func (f *fixture) partsOf(b *testing.B, r run, n int) map[string]time.Duration {
	b.Helper()
	s := f.ep.sessions.Select(nil)[0]
	each := func(f func() error) time.Duration {
		return took(func() {
			for range n {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		}) / time.Duration(n)
	}
	d := f.desired()
	spare, admitted := s.Addr, f.filter.table.Sessions()
	for held := true; held; _, held = admitted[spare] {
		spare = spare.Next()
	}
	put := inTable(s)
	put.Addr = spare
	return map[string]time.Duration{
		"journal": each(func() error { return f.journal.Put(journal.Sessions, string(s.Connection), s) }),
		"route":   each(func() error { return host.RouteClient(s.Addr, s.Device) }),
		"nft-put-and-end": each(func() error {
			if err := f.filter.table.Put(put); err != nil {
				return err
			}
			_, err := f.filter.table.End(spare)
			return err
		}),
		"authorize": each(func() error { return r.conn.Authorize(b.Context(), s.CID, s.KID, directives(d, s)) }),
	}
}
