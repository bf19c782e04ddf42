package store

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"sallyport/vpn"
)

// endedOnes makes ended connections; every third user is the same, and one in ten is of another endpoint.
func endedOnes(n int) []vpn.Connection {
	out := make([]vpn.Connection, n)
	for i := range out {
		c := newConnection()
		c.Status, c.Username, c.EstablishedAt = vpn.ConnectionTerminated, fmt.Sprintf("Anna.Schmidt%d@example.com", i%3), at.Add(-time.Duration(i%7)*time.Minute)
		c.EndedAt, c.ClientIP = at.Add(time.Duration(i%5)*time.Hour), netip.AddrFrom4([4]byte{10, 20, byte(i % 4), byte(i)})
		c.Device = netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i % 9)}), uint16(40000+i))
		if i%10 == 9 {
			c.Endpoint = "cvpn-endpoint-b"
		}
		out[i] = c
	}
	return out
}

// Whatever the order, the pages of a long list have each row once, forward and back.
func testEndedConnections(t *testing.T, s *Store) {
	all := endedOnes(53)
	create(t, s, all...)
	for _, order := range []string{"", "ended_at", "established_at", "username", "client_ip"} {
		for _, desc := range []bool{false, true} {
			for _, endpoint := range []vpn.EndpointID{"cvpn-endpoint-a", ""} {
				t.Run(fmt.Sprintf("%s %v %s", order, desc, endpoint), func(t *testing.T) { walkEnded(t, s, endpoint, vpn.List{Sort: order, Desc: desc, Size: 7}) })
			}
		}
	}
	view(t, s, func(ctx context.Context, x *Tx) error {
		read := func(l vpn.List) vpn.Page[vpn.Connection] {
			t.Helper()
			return must[vpn.Page[vpn.Connection]](t)(x.EndedConnections(ctx, "", l))
		}
		first := read(vpn.List{Size: 7})
		same(t, "total", []any{first.Total, first.More, first.Prev, first.Long}, []any{53, false, "", true})
		if c := first.Items[0]; c.Counters.BytesOut != 3 {
			t.Errorf("no counters: %+v", c.Counters)
		}
		for _, odd := range []string{"x", "e30", first.Next + "x", endedList.placeOf(connectionRow{Ended: 1}, "ended_at"), "WyJ1c2VybmFtZSIsIlx1MDAwMCIsMV0"} {
			same(t, "odd place "+odd, read(vpn.List{Size: 7, After: odd}).Items, first.Items)
		}
		same(t, "place of another order", len(read(vpn.List{Size: 7, Sort: "username", After: first.Next}).Items), 7)
		n, more, err := x.CountEnded(ctx, "cvpn-endpoint-b")
		same(t, "count", []any{n, more, err}, []any{5, false, nil})
		return nil
	})
}

func walkEnded(t *testing.T, s *Store, endpoint vpn.EndpointID, l vpn.List) {
	view(t, s, func(ctx context.Context, x *Tx) error {
		whole := must[vpn.Page[vpn.Connection]](t)(x.EndedConnections(ctx, endpoint, vpn.List{Sort: l.Sort, Desc: l.Desc, Size: 200}))
		var forward, back []vpn.Connection
		var last vpn.Page[vpn.Connection]
		for {
			p := must[vpn.Page[vpn.Connection]](t)(x.EndedConnections(ctx, endpoint, l))
			same(t, "total", p.Total, whole.Total)
			forward, last = append(forward, p.Items...), p
			if p.Next == "" {
				break
			}
			l.After = p.Next
		}
		same(t, "forward", forward, whole.Items)
		l.After = ""
		back = last.Items
		for last.Prev != "" {
			l.Before = last.Prev
			last = must[vpn.Page[vpn.Connection]](t)(x.EndedConnections(ctx, endpoint, l))
			back = append(slices.Clone(last.Items), back...)
		}
		if len(back) < len(whole.Items) || !slices.Equal(vpn.IDsOf(back[len(back)-len(whole.Items)+7:], connectionID), vpn.IDsOf(whole.Items[7:], connectionID)) {
			t.Errorf("back: %d rows, want %d", len(back), len(whole.Items))
		}
		same(t, "back at the first page", last.Items, whole.Items[:7])
		return nil
	})
}

func connectionID(c vpn.Connection) vpn.ConnectionID { return c.ID }

func testEndedSearch(t *testing.T, s *Store) {
	all := endedOnes(40)
	create(t, s, all...)
	odd := newConnection()
	odd.Status, odd.Username, odd.ClientIP, odd.Device = vpn.ConnectionTerminated, `100%_\`, netip.MustParseAddr("fd00::7"), netip.MustParseAddrPort("[2001:db8::1]:4711")
	create(t, s, odd)
	view(t, s, func(ctx context.Context, x *Tx) error {
		for term, want := range map[string]int{
			"SCHMIDT1@": 13, "schmidt": 40, "nothing": 0, "10.20.1.": 10, "10.20.0.4": 1, "10.": 40, "203.0.113.8": 4, "203.0.113.8:40008": 1,
			string(all[3].ID): 1, string(all[3].ID)[16:28]: 1, "cvpn-connection-": 41, "%": 1, "_": 1, `\`: 1, "2001:db8": 1, "10.20.0.400": 0, "1.2.3.4.5": 0, ".": 40,
		} {
			p := must[vpn.Page[vpn.Connection]](t)(x.EndedConnections(ctx, "", vpn.List{Search: term, Size: 200}))
			if len(p.Items) != want || p.Total != want {
				t.Errorf("search %q: %d rows of %d, want %d", term, len(p.Items), p.Total, want)
			}
		}
		same(t, "of an endpoint", len(must[vpn.Page[vpn.Connection]](t)(x.EndedConnections(ctx, "cvpn-endpoint-b", vpn.List{Search: "schmidt", Size: 200})).Items), 4)
		return nil
	})
	update(t, s, func(ctx context.Context, x *Tx) error {
		_, err := x.PurgeConnections(ctx, at.Add(1000*time.Hour), 100)
		return err
	})
	var names int64
	if err := s.reading.WithContext(t.Context()).Model(&nameRow{}).Count(&names).Error; err != nil || names != 0 {
		t.Errorf("%d names are left: %v", names, err)
	}
}
