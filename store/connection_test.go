package store

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"sallyport/vpn"
)

func newConnection() vpn.Connection {
	return vpn.Connection{
		ID: vpn.NewConnectionID(), Endpoint: "cvpn-endpoint-a", Association: vpn.NewAssociationID(), Session: vpn.NewSessionID(), Node: "n1",
		Status: vpn.ConnectionActive, Username: "Zoë", Provider: "d-0123456789", UserKey: "guid", CommonName: "zoe.example", Serial: "12345678901234567890", Fingerprint: "ab01", Issuer: "cd02", IssuerKey: "ef03", IssuerID: "b105", Above: []vpn.CertificateNumber{{IssuerKey: "0a04", Serial: "-5"}, {IssuerID: "b206", Serial: "6"}, {Serial: "7"}},
		ClientIP: netip.MustParseAddr("10.0.0.10"), Device: netip.MustParseAddrPort("[2001:db8::1]:4711"), Platform: "linux", ClientVersion: "2.6.14",
		EstablishedAt: at, AwaySince: at.Add(time.Second), EndedAt: at.Add(time.Hour), EndReason: "it left",
		Counters: vpn.Counters{BytesIn: 1<<63 + 1, PacketsIn: 2, BytesOut: 3, PacketsOut: 4}, CountedAt: at.Add(time.Minute),
	}
}

func create(t *testing.T, s *Store, list ...vpn.Connection) {
	t.Helper()
	update(t, s, func(ctx context.Context, x *Tx) error {
		for _, c := range list {
			if err := x.CreateConnection(ctx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func testConnection(t *testing.T, s *Store) {
	c := newConnection()
	full(t, c)
	bare := vpn.Connection{ID: vpn.NewConnectionID(), Endpoint: c.Endpoint, Node: "n1", Status: vpn.ConnectionConnecting}
	create(t, s, c, bare)
	check := func(c vpn.Connection) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) error {
			same(t, "connection", must[vpn.Connection](t)(x.Connection(ctx, c.ID)), c)
			return nil
		})
	}
	check(c)
	check(bare)
	bare.Status, bare.EstablishedAt, bare.ClientIP = vpn.ConnectionActive, at, netip.MustParseAddr("10.0.0.9")
	c.Status, c.EndReason, c.Counters.BytesIn, c.CountedAt = vpn.ConnectionTerminated, "terminated", 99, at.Add(2*time.Hour)
	c.Endpoint, c.Node, c.Username = "cvpn-endpoint-b", "n2", "other"
	for _, c := range []vpn.Connection{bare, c} {
		update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveConnection(ctx, c) })
		check(c)
	}
	c.Association, c.Device, c.ClientIP, c.Status, c.EndReason = vpn.NewAssociationID(), netip.MustParseAddrPort("192.0.2.7:5000"), netip.MustParseAddr("10.0.0.77"), vpn.ConnectionAway, `"quoted" \ and ü`
	c.EstablishedAt, c.AwaySince, c.EndedAt, c.Counters.BytesOut, c.CountedAt = at.Add(3*time.Second), at.Add(4*time.Second), time.Time{}, 1<<62, at.Add(5*time.Second)
	bare.Status, bare.EndedAt, bare.Username = vpn.ConnectionTerminated, at.Add(time.Hour), "is not written"
	update(t, s, func(ctx context.Context, x *Tx) error {
		return x.SaveConnectionStates(ctx, c, bare, vpn.Connection{ID: "cvpn-connection-none", Status: vpn.ConnectionActive})
	})
	bare.Username = ""
	check(c)
	check(bare)
	view(t, s, func(ctx context.Context, x *Tx) error {
		found := must[map[vpn.ConnectionID]vpn.Connection](t)(x.ConnectionsByID(ctx, c.ID, bare.ID, "cvpn-connection-none", "a\x00b"))
		same(t, "connections by ID", len(found), 2)
		same(t, "connection by ID", found[c.ID], c)
		same(t, "other connection by ID", found[bare.ID], bare)
		return nil
	})
	wantKind(t, "same ID", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.CreateConnection(ctx, c) }), vpn.Conflict)
	c.ID = "cvpn-connection-none"
	wantKind(t, "save missing", attempt(t, s, func(ctx context.Context, x *Tx) error { return x.SaveConnection(ctx, c) }), vpn.NotFound)
	wantKind(t, "missing", attempt(t, s, func(ctx context.Context, x *Tx) error { _, err := x.Connection(ctx, c.ID); return err }), vpn.NotFound)
}

// several gives one connection for each status, the first established longest ago.
func several() map[vpn.ConnectionStatus]vpn.Connection {
	all := map[vpn.ConnectionStatus]vpn.Connection{}
	for i, status := range []vpn.ConnectionStatus{
		vpn.ConnectionActive, vpn.ConnectionTerminating, vpn.ConnectionTerminated, vpn.ConnectionFailedToTerminate, vpn.ConnectionConnecting,
	} {
		c := newConnection()
		c.Status, c.EstablishedAt, c.Username = status, at.Add(time.Duration(i)*time.Minute), string('E'-rune(i))+"ve"
		c.ClientIP = netip.MustParseAddr([]string{"10.0.0.10", "10.0.0.9", "10.0.0.100", "9.255.255.255", "10.0.0.1"}[i])
		if status != vpn.ConnectionTerminated {
			c.EndedAt = time.Time{}
		}
		if status == vpn.ConnectionConnecting {
			c.EstablishedAt = time.Time{}
		}
		all[status] = c
	}
	return all
}

func testConnectionLists(t *testing.T, s *Store) {
	all := several()
	never := newConnection()
	never.Status, never.EstablishedAt = vpn.ConnectionTerminated, time.Time{}
	elsewhere := newConnection()
	elsewhere.Endpoint, elsewhere.Node = "cvpn-endpoint-b", "n2"
	create(t, s, never, elsewhere)
	through := vpn.NewAssociationID()
	for status, c := range all {
		c.Association = through
		all[status] = c
		create(t, s, c)
	}
	active, leaving := all[vpn.ConnectionActive], all[vpn.ConnectionTerminating]
	ended, failed, waiting := all[vpn.ConnectionTerminated], all[vpn.ConnectionFailedToTerminate], all[vpn.ConnectionConnecting]
	set := func(what string, got []vpn.Connection, want ...vpn.Connection) {
		t.Helper()
		ids := map[vpn.ConnectionID]bool{}
		for _, c := range got {
			ids[c.ID] = true
		}
		for _, c := range want {
			if !ids[c.ID] {
				t.Errorf("%s: %s is not there", what, c.Status)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: got %d, want %d", what, len(got), len(want))
		}
	}
	view(t, s, func(ctx context.Context, x *Tx) error {
		for _, c := range []struct {
			l    vpn.List
			want []vpn.Connection
		}{
			{vpn.List{}, []vpn.Connection{failed, leaving, active}},
			{vpn.List{Sort: "established_at"}, []vpn.Connection{active, leaving, failed}},
			{vpn.List{Sort: "username"}, []vpn.Connection{failed, leaving, active}},
			{vpn.List{Sort: "client_ip"}, []vpn.Connection{failed, leaving, active}},
			{vpn.List{Sort: "client_ip", Desc: true, Size: 2, Page: 2}, []vpn.Connection{failed}},
			{vpn.List{Search: "VE"}, []vpn.Connection{failed, leaving, active}},
			{vpn.List{Search: string(active.ID)}, []vpn.Connection{active}},
			{vpn.List{Search: "2001:DB8::1"}, []vpn.Connection{failed, leaving, active}},
			{vpn.List{Filter: map[string]string{"status": "terminating"}}, []vpn.Connection{leaving}},
			{vpn.List{Filter: map[string]string{"status": "connecting"}}, []vpn.Connection{}},
		} {
			same(t, fmt.Sprintf("connections %+v", c.l), must[vpn.Page[vpn.Connection]](t)(x.Connections(ctx, active.Endpoint, c.l)).Items, c.want)
		}
		same(t, "count of unended", must[int](t)(x.CountUnended(ctx, active.Endpoint)), 3)
		same(t, "count of unended everywhere", must[int](t)(x.CountUnended(ctx, "")), 4)
		same(t, "ended", must[vpn.Page[vpn.Connection]](t)(x.EndedConnections(ctx, active.Endpoint, vpn.List{})).Items, []vpn.Connection{ended})
		set("live", must[[]vpn.Connection](t)(x.LiveConnections(ctx, active.Endpoint)), active, leaving, failed, waiting)
		set("to terminate", must[[]vpn.Connection](t)(x.ConnectionsToTerminate(ctx, "n1")), leaving, failed)
		set("to terminate elsewhere", must[[]vpn.Connection](t)(x.ConnectionsToTerminate(ctx, "n2")))
		same(t, "count", must[map[vpn.EndpointID]int](t)(x.CountLive(ctx, active.Endpoint, "cvpn-endpoint-b", "none")),
			map[vpn.EndpointID]int{active.Endpoint: 3, "cvpn-endpoint-b": 1})
		same(t, "count through an association", must[int](t)(x.CountLiveThrough(ctx, active.Association)), 3)
		same(t, "count through another", must[int](t)(x.CountLiveThrough(ctx, "cvpn-assoc-none")), 0)
		return nil
	})
}

func testConnectionPurge(t *testing.T, s *Store) {
	long := time.Now().Add(1000 * time.Hour)
	old, recent, active := newConnection(), newConnection(), newConnection()
	old.Status, old.EndedAt = vpn.ConnectionTerminated, at
	recent.Status, recent.EndedAt = vpn.ConnectionTerminated, at.Add(time.Minute)
	active.EndedAt = time.Time{}
	begun := vpn.Connection{ID: vpn.NewConnectionID(), Endpoint: old.Endpoint, Status: vpn.ConnectionConnecting}
	failed := vpn.Connection{ID: vpn.NewConnectionID(), Endpoint: old.Endpoint, Status: vpn.ConnectionTerminated}
	create(t, s, old, recent, active, begun, failed)
	for _, step := range []struct {
		before time.Time
		want   int
	}{{at, 0}, {at.Add(time.Second), 1}, {at.Add(time.Second), 0}, {long, 2}} {
		update(t, s, func(ctx context.Context, x *Tx) error {
			if got := must[int](t)(x.PurgeConnections(ctx, step.before, 100)); got != step.want {
				t.Errorf("purge before %v: got %d, want %d", step.before, got, step.want)
			}
			return nil
		})
	}
	for _, step := range []struct {
		before time.Time
		want   int
	}{{at, 0}, {long, 1}, {long, 0}} {
		update(t, s, func(ctx context.Context, x *Tx) error {
			if got := must[int](t)(x.PurgeConnecting(ctx, step.before)); got != step.want {
				t.Errorf("purge of grants before %v: got %d, want %d", step.before, got, step.want)
			}
			return nil
		})
	}
	view(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "what is left", must[[]vpn.Connection](t)(x.LiveConnections(ctx, active.Endpoint)), []vpn.Connection{active})
		return nil
	})
}

func testCounters(t *testing.T, s *Store) {
	ended := newConnection()
	ended.Status = vpn.ConnectionTerminated
	list := []vpn.Connection{ended}
	want := map[vpn.ConnectionID]vpn.Counters{ended.ID: {BytesIn: 7}, "cvpn-connection-none": {BytesIn: 8}, "\x00": {}, `"'\`: {}}
	for i := range batch + 50 { // more than one statement reads
		c := newConnection()
		if i%2 == 0 {
			c.Counters, c.CountedAt = vpn.Counters{}, time.Time{}
		}
		list = append(list, c)
		want[c.ID] = vpn.Counters{BytesIn: 1<<53 + uint64(i), PacketsIn: uint64(i) + 1, BytesOut: uint64(i) + 2, PacketsOut: uint64(i) + 3}
	}
	create(t, s, list...)
	when := at.Add(time.Hour)
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveCounters(ctx, want, when) })
	update(t, s, func(ctx context.Context, x *Tx) error { return x.SaveCounters(ctx, nil, when) })
	view(t, s, func(ctx context.Context, x *Tx) error {
		live := must[[]vpn.Connection](t)(x.LiveConnections(ctx, ended.Endpoint))
		if len(live) != batch+50 {
			t.Errorf("got %d connections", len(live))
		}
		for _, c := range live {
			if c.Counters != want[c.ID] || !c.CountedAt.Equal(when) {
				t.Fatalf("got %+v at %v, want %+v", c.Counters, c.CountedAt, want[c.ID])
			}
		}
		same(t, "ended connection", must[vpn.Connection](t)(x.Connection(ctx, ended.ID)), ended)
		return nil
	})
}

func testAttempt(t *testing.T, s *Store) {
	f := stored(t, s)
	at := at.UTC()
	add := func(n int, change func(i int, a *vpn.RefusedAttempt)) {
		t.Helper()
		update(t, s, func(ctx context.Context, x *Tx) error {
			for i := range n {
				a := vpn.RefusedAttempt{Endpoint: f.endpoint.ID, Device: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.7"), uint16(1000+i)), CommonName: "alice", Reason: "expired"}
				change(i, &a)
				if err := x.CreateAttempt(ctx, a, at.Add(time.Duration(i)*time.Second)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	list := func(limit int) (got []vpn.Attempt) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) error {
			got = must[[]vpn.Attempt](t)(x.Attempts(ctx, f.endpoint.ID, limit))
			same(t, "of another", len(must[[]vpn.Attempt](t)(x.Attempts(ctx, "none", 5))), 0)
			return nil
		})
		return got
	}
	// One client, from ever another port: one row that counts, from the first to the last.
	add(30, func(int, *vpn.RefusedAttempt) {})
	add(1, func(_ int, a *vpn.RefusedAttempt) { a.CommonName = "bob" })
	add(1, func(_ int, a *vpn.RefusedAttempt) { a.Reason = "blocked" })
	last := vpn.RefusedAttempt{Endpoint: f.endpoint.ID, Device: netip.MustParseAddrPort("192.0.2.7:1029"), CommonName: "alice", Reason: "expired", Count: 30}
	got := list(2 * keptAttempts)
	same(t, "rows", len(got), 3)
	same(t, "counted", got[0], vpn.Attempt{Number: got[0].Number, RefusedAttempt: last, First: at, At: at.Add(29 * time.Second)})
	same(t, "limited", len(list(2)), 2)

	// Hosts without the key are one client, whatever their addresses, and each report tells a number.
	add(20, func(i int, a *vpn.RefusedAttempt) {
		a.Device = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 1)
		a.CommonName, a.Reason, a.Count, a.Unauthenticated = "", "no key", 100, true
	})
	got = list(2 * keptAttempts)
	same(t, "rows", len(got), 4)
	if a := got[1]; a.Count != 2000 || !a.Unauthenticated || a.Device != netip.MustParseAddrPort("10.0.0.19:1") {
		t.Errorf("without the key: %+v", a)
	}

	// One source with ever another name replaces its own rows only; all sources together are bounded.
	add(keptOfSource+9, func(i int, a *vpn.RefusedAttempt) {
		a.Device, a.CommonName = netip.MustParseAddrPort("192.0.2.66:1"), strconv.Itoa(i)
	})
	same(t, "rows of one source", len(list(2*keptAttempts)), 4+keptOfSource)
	// In the portal, which any host reaches, a network of IPv6 addresses is one source, and all replace rows of the portal only.
	add(keptOfSource+9, func(i int, a *vpn.RefusedAttempt) {
		a.Device, a.Username, a.Portal = netip.AddrPortFrom(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i)}), 0), strconv.Itoa(i), true
	})
	same(t, "rows with those of a network", len(list(2*keptAttempts)), 4+2*keptOfSource)
	add(keptOfPortal+9, func(i int, a *vpn.RefusedAttempt) {
		a.Device, a.Portal = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 2, byte(i >> 8), byte(i)}), 0), true
	})
	same(t, "rows with those of the portal", len(list(2*keptAttempts)), 4+keptOfSource+keptOfPortal)
	add(keptAttempts+9, func(i int, a *vpn.RefusedAttempt) {
		a.Device = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 1)
	})
	got = list(2 * keptAttempts)
	same(t, "rows of all", len(got), keptAttempts)
	same(t, "newest", got[0].At, at.Add((keptAttempts+8)*time.Second))

	// Those of every endpoint are a long list.
	view(t, s, func(ctx context.Context, x *Tx) error {
		first := must[vpn.Page[vpn.Attempt]](t)(x.AllAttempts(ctx, vpn.List{Size: 20}))
		second := must[vpn.Page[vpn.Attempt]](t)(x.AllAttempts(ctx, vpn.List{Size: 20, After: first.Next}))
		same(t, "pages", append(first.Items, second.Items...), got[:40])
		same(t, "counted", first.Total, keptAttempts)
		same(t, "search", len(must[vpn.Page[vpn.Attempt]](t)(x.AllAttempts(ctx, vpn.List{Search: "10.1.1.7:"})).Items), 1)
		codes := 0
		for _, n := range must[map[vpn.Code]int](t)(x.AttemptCodes(ctx)) {
			codes += n
		}
		same(t, "counted by code", codes, keptAttempts)
		same(t, "of a code", len(must[vpn.Page[vpn.Attempt]](t)(x.AllAttempts(ctx, vpn.List{Filter: map[string]string{"code": "none"}})).Items), 0)
		n, more, err := x.CountAttempts(ctx, f.endpoint.ID)
		same(t, "count", []any{n, more, err}, []any{keptAttempts, false, nil})
		return nil
	})

	// Old rows are purged, a batch at a time.
	update(t, s, func(ctx context.Context, x *Tx) error {
		same(t, "a batch", must[int](t)(x.PurgeAttempts(ctx, got[0].At, 10)), 10)
		same(t, "the others", must[int](t)(x.PurgeAttempts(ctx, got[0].At, keptAttempts)), keptAttempts-11)
		return nil
	})
	same(t, "left", len(list(2*keptAttempts)), 1)
}

func testEventCursor(t *testing.T, s *Store) {
	check := func(epoch string, seq uint64) {
		t.Helper()
		view(t, s, func(ctx context.Context, x *Tx) error {
			e, n, err := x.EventCursor(ctx, "n1")
			if err != nil || e != epoch || n != seq {
				t.Errorf("got %q %d %v, want %q %d", e, n, err, epoch, seq)
			}
			return nil
		})
	}
	check("", 0)
	for _, seq := range []uint64{5, 1<<64 - 1} {
		update(t, s, func(ctx context.Context, x *Tx) error {
			if err := x.SaveEventCursor(ctx, "n2", "z", 1); err != nil {
				return err
			}
			return x.SaveEventCursor(ctx, "n1", "epoch", seq)
		})
		check("epoch", seq)
	}
}
