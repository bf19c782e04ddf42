// Package echo asks whether a host answers to ICMP echo. It is the only part of the dataplane that sends something to another
// host by itself, and sends it to the one address that it is given.
package echo

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"sallyport/vpn"
)

// Answer is what came back.
type Answer struct {
	Outcome   vpn.ProbeOutcome
	From      netip.Addr    // who said vpn.ProbeUnreachable; it may be this host
	RoundTrip time.Duration // of the request that was answered
}

// The requests: one each interval, as ping sends them.
const (
	requests = 3
	interval = time.Second
)

const protocolICMP = 1

// Ask sends echo requests to an address until one is answered, for vpn.ProbeTime at most. from is the source address; the
// zero Addr lets the host choose. The error is a *vpn.Error where the host does not let us ask.
func Ask(ctx context.Context, to, from netip.Addr) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, vpn.ProbeTime)
	defer cancel()
	local := "0.0.0.0"
	if from.IsValid() {
		local = from.String()
	}
	conn, err := icmp.ListenPacket("ip4:icmp", local)
	if errors.Is(err, os.ErrPermission) {
		return Answer{}, vpn.Refuse(vpn.Unavailable, vpn.CodeProbeFailed, "The dataplane may not send ICMP echo on this host: its unit lacks CAP_NET_RAW. Test a TCP port instead.").Because(err)
	}
	if err != nil {
		return Answer{}, vpn.Refuse(vpn.Unavailable, vpn.CodeProbeFailed, "The dataplane cannot send ICMP echo on this host.").Because(err)
	}
	defer func() { _ = conn.Close() }()
	var filter ipv4.ICMPFilter
	filter.SetAll(true)
	for _, wanted := range []ipv4.ICMPType{ipv4.ICMPTypeEchoReply, ipv4.ICMPTypeDestinationUnreachable, ipv4.ICMPTypeTimeExceeded} {
		filter.Accept(wanted)
	}
	if err := conn.IPv4PacketConn().SetICMPFilter(&filter); err != nil {
		return Answer{}, err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })()
	return newQuestion(to).ask(ctx, conn)
}

// question is the requests to one address, which replies are recognized by.
type question struct {
	to    netip.Addr
	id    int
	token []byte
	sent  [requests]time.Time
}

func newQuestion(to netip.Addr) *question {
	random := make([]byte, 34)
	_, _ = rand.Read(random)
	return &question{to: to, id: int(binary.BigEndian.Uint16(random)), token: random[2:]}
}

func (q *question) ask(ctx context.Context, conn *icmp.PacketConn) (Answer, error) {
	for i := 0; i < requests && ctx.Err() == nil; i++ {
		q.sent[i] = time.Now()
		text, err := (&icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: q.id, Seq: i + 1, Data: q.token}}).Marshal(nil)
		if err != nil {
			return Answer{}, err
		}
		switch _, err := conn.WriteTo(text, &net.IPAddr{IP: q.to.AsSlice()}); {
		case errors.Is(err, unix.EHOSTUNREACH), errors.Is(err, unix.ENETUNREACH):
			return Answer{Outcome: vpn.ProbeUnreachable}, nil
		case errors.Is(err, unix.EPERM):
			return Answer{}, vpn.Refuse(vpn.Unavailable, vpn.CodeProbeFailed, "The packet filter of this host does not let ICMP echo out.").Because(err)
		case err != nil:
			return Answer{}, vpn.Refuse(vpn.Unavailable, vpn.CodeProbeFailed, "ICMP echo cannot be sent.").Because(err)
		}
		until := q.sent[i].Add(interval)
		if i == requests-1 {
			until = q.sent[i].Add(vpn.ProbeTime) // the context ends first
		}
		if a, ours, err := q.hear(ctx, conn, until); ours || err != nil {
			return a, err
		}
	}
	return Answer{Outcome: vpn.ProbeSilent}, nil
}

// hear reads until a time, or until ctx ends; ours is false where no answer came.
func (q *question) hear(ctx context.Context, conn *icmp.PacketConn, until time.Time) (a Answer, ours bool, err error) {
	b := make([]byte, 1500)
	if ctx.Err() == nil {
		_ = conn.SetReadDeadline(until)
	}
	for {
		n, peer, err := conn.ReadFrom(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return a, false, nil
		}
		if err != nil {
			return a, false, err
		}
		if a, ours := q.understand(b[:n], peer, time.Now()); ours {
			return a, true, nil
		}
	}
}

// understand reads a packet; ours is false where it is no answer to the question: a raw socket hears all ICMP of the host.
func (q *question) understand(packet []byte, peer net.Addr, at time.Time) (a Answer, ours bool) {
	sender, ok := peer.(*net.IPAddr)
	if !ok {
		return a, false
	}
	from, _ := netip.AddrFromSlice(sender.IP.To4())
	message, err := icmp.ParseMessage(protocolICMP, packet)
	if err != nil {
		return a, false
	}
	switch body := message.Body.(type) {
	case *icmp.Echo:
		if message.Type != ipv4.ICMPTypeEchoReply || from != q.to || body.ID != q.id || body.Seq < 1 || body.Seq > requests || !slices.Equal(body.Data, q.token) {
			return a, false
		}
		return Answer{Outcome: vpn.ProbeAnswered, RoundTrip: at.Sub(q.sent[body.Seq-1])}, true
	case *icmp.DstUnreach:
		return Answer{Outcome: vpn.ProbeUnreachable, From: from}, q.quotes(body.Data)
	case *icmp.TimeExceeded: // a loop of routes
		return Answer{Outcome: vpn.ProbeUnreachable, From: from}, q.quotes(body.Data)
	}
	return a, false
}

// quotes tells whether an ICMP error quotes one of the requests: the IPv4 header and the first 8 bytes behind it.
func (q *question) quotes(data []byte) bool {
	header, err := ipv4.ParseHeader(data)
	if err != nil || header.Protocol != protocolICMP || len(data) < header.Len+8 || !header.Dst.Equal(q.to.AsSlice()) {
		return false
	}
	quoted := data[header.Len:]
	return quoted[0] == byte(ipv4.ICMPTypeEcho) && int(binary.BigEndian.Uint16(quoted[4:6])) == q.id
}
