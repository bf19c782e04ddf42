package echo

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	"sallyport/vpn"
)

// Of all ICMP that the host hears, only a reply of the address to one of the requests, or an error that quotes one, is an answer.
func TestUnderstand(t *testing.T) {
	to, router := netip.MustParseAddr("10.0.9.1"), netip.MustParseAddr("192.0.2.254")
	q := newQuestion(to)
	now := time.Now()
	q.sent[0], q.sent[1] = now.Add(-1500*time.Millisecond), now.Add(-500*time.Millisecond)
	packet := func(m icmp.Message) []byte {
		b, err := m.Marshal(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	reply := func(id, seq int, data []byte) []byte {
		return packet(icmp.Message{Type: ipv4.ICMPTypeEchoReply, Body: &icmp.Echo{ID: id, Seq: seq, Data: data}})
	}
	quote := func(dst netip.Addr, id int) []byte {
		h := &ipv4.Header{Version: 4, Len: ipv4.HeaderLen, TotalLen: 28, TTL: 1, Protocol: protocolICMP, Src: net.IPv4(192, 0, 2, 1), Dst: net.IP(dst.AsSlice())}
		b, err := h.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return append(b, packet(icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id, Seq: 1}})...)
	}
	other := q.id ^ 1
	for name, c := range map[string]struct {
		packet []byte
		from   netip.Addr
		ours   bool
		want   Answer
	}{
		"the reply":                  {reply(q.id, 2, q.token), to, true, Answer{Outcome: vpn.ProbeAnswered, RoundTrip: 500 * time.Millisecond}},
		"a reply of another host":    {reply(q.id, 1, q.token), router, false, Answer{}},
		"a reply to another program": {reply(other, 1, q.token), to, false, Answer{}},
		"a reply without the token":  {reply(q.id, 1, []byte("x")), to, false, Answer{}},
		"a reply to no request":      {reply(q.id, 0, q.token), to, false, Answer{}},
		"a reply to a later request": {reply(q.id, requests+1, q.token), to, false, Answer{}},
		"our own request":            {packet(icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: q.id, Seq: 1, Data: q.token}}), to, false, Answer{}},
		"an error about it":          {packet(icmp.Message{Type: ipv4.ICMPTypeDestinationUnreachable, Code: 1, Body: &icmp.DstUnreach{Data: quote(to, q.id)}}), router, true, Answer{Outcome: vpn.ProbeUnreachable, From: router}},
		"a loop":                     {packet(icmp.Message{Type: ipv4.ICMPTypeTimeExceeded, Body: &icmp.TimeExceeded{Data: quote(to, q.id)}}), router, true, Answer{Outcome: vpn.ProbeUnreachable, From: router}},
		"an error about another":     {packet(icmp.Message{Type: ipv4.ICMPTypeDestinationUnreachable, Code: 1, Body: &icmp.DstUnreach{Data: quote(to, other)}}), router, false, Answer{}},
		"an error about another one": {packet(icmp.Message{Type: ipv4.ICMPTypeDestinationUnreachable, Code: 1, Body: &icmp.DstUnreach{Data: quote(router, q.id)}}), router, false, Answer{}},
		"an error without a quote":   {[]byte{3, 1, 0, 0, 0, 0, 0, 0}, router, false, Answer{}},
		"nothing":                    {nil, router, false, Answer{}},
	} {
		got, ours := q.understand(c.packet, &net.IPAddr{IP: c.from.AsSlice()}, now)
		if ours != c.ours || ours && got != c.want {
			t.Errorf("%s: %+v, ours: %v; want %+v, %v", name, got, ours, c.want, c.ours)
		}
	}
}
