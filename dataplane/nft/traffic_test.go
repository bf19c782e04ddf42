package nft_test

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

func setMTU(t testing.TB, device string, mtu int) {
	t.Helper()
	link, err := netlink.LinkByName(device)
	must(t, err)
	must(t, netlink.LinkSetMTU(link, mtu))
}

// ping reports whether an echo request gets a reply.
func (s space) ping(to netip.Addr, within time.Duration) bool {
	s.t.Helper()
	var c *icmp.PacketConn
	var err error
	s.do(func() { c, err = icmp.ListenPacket("ip4:icmp", "0.0.0.0") })
	must(s.t, err)
	defer func() { _ = c.Close() }()
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: 77, Seq: 1, Data: []byte("knock")}}
	raw, err := m.Marshal(nil)
	must(s.t, err)
	if _, err := c.WriteTo(raw, &net.IPAddr{IP: to.AsSlice()}); err != nil {
		return false
	}
	must(s.t, c.SetReadDeadline(time.Now().Add(within)))
	buf := make([]byte, 1500)
	for {
		n, _, err := c.ReadFrom(buf)
		if err != nil {
			return false
		}
		if got, err := icmp.ParseMessage(1, buf[:n]); err == nil && got.Type == ipv4.ICMPTypeEchoReply {
			return true
		}
	}
}

// learnsMTU sends datagrams that may not be fragmented until the kernel knows the path's MTU.
func (c *client) learnsMTU(to netip.Addr, mtu int) bool {
	c.t.Helper()
	var fd int
	c.do(func() {
		var err error
		fd, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		must(c.t, err)
	})
	defer func() { _ = unix.Close(fd) }()
	must(c.t, unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DO))
	must(c.t, unix.Connect(fd, &unix.SockaddrInet4{Port: 7, Addr: to.As4()}))
	for deadline := time.Now().Add(timeout); time.Now().Before(deadline); {
		_, _ = unix.Write(fd, make([]byte, 1450)) // EMSGSIZE once it is known
		if got, err := unix.GetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MTU); err == nil && got == mtu {
			return true
		}
	}
	return false
}

// stream is a server that sends without end to the client of the last request, without waiting for a
// reply. A rule that accepts established flows would never cut it.
type stream struct {
	conn *ipv4.PacketConn
	to   chan request
}

type request struct {
	peer net.Addr
	from net.IP
}

func (s space) stream() *stream {
	st := &stream{conn: s.udp(":9"), to: make(chan request)}
	go func() {
		buf := make([]byte, 100)
		for {
			_, cm, peer, err := st.conn.ReadFrom(buf)
			if err != nil {
				close(st.to)
				return
			}
			st.to <- request{peer, cm.Dst}
		}
	}()
	go func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		var now request
		for {
			select {
			case r, open := <-st.to:
				if !open {
					return
				}
				now = r
			case <-tick.C:
				if now.peer != nil {
					_, _ = st.conn.WriteTo([]byte("more"), &ipv4.ControlMessage{Src: now.from}, now.peer)
				}
			}
		}
	}()
	return st
}

func (st *stream) start(t testing.TB, from *ipv4.PacketConn) {
	t.Helper()
	_, err := from.WriteTo([]byte("start"), nil, &net.UDPAddr{IP: someTarget.AsSlice(), Port: 9})
	must(t, err)
}

// received returns 1 as soon as a datagram arrives, 0 if none does within the time.
func (st *stream) received(p *ipv4.PacketConn, within time.Duration) int {
	_ = p.SetReadDeadline(time.Now().Add(within))
	if _, _, _, err := p.ReadFrom(make([]byte, 100)); err != nil {
		return 0
	}
	return 1
}

// drain reads the datagrams that were sent before.
func (st *stream) drain(p *ipv4.PacketConn) {
	for st.received(p, 20*time.Millisecond) > 0 {
	}
}

type flow struct{ net.Conn }

// serveTCP sends without end on every connection.
func (s space) serveTCP() string {
	var l net.Listener
	var err error
	s.do(func() { l, err = net.Listen("tcp4", "0.0.0.0:9") })
	must(s.t, err)
	s.t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				for tick := time.Tick(2 * time.Millisecond); ; <-tick {
					if _, err := io.WriteString(c, "more"); err != nil {
						return
					}
				}
			}()
		}
	}()
	return net.JoinHostPort(someTarget.String(), "9")
}

func (s space) dialTCP(to string) flow {
	s.t.Helper()
	var c net.Conn
	var err error
	s.do(func() {
		// DialTCP connects on this thread, so in this namespace.
		var a *net.TCPAddr
		a, err = net.ResolveTCPAddr("tcp4", to)
		if err == nil {
			c, err = net.DialTCP("tcp4", nil, a)
		}
	})
	must(s.t, err)
	s.t.Cleanup(func() { _ = c.Close() })
	return flow{c}
}

func (f flow) received(within time.Duration) int {
	_ = f.SetReadDeadline(time.Now().Add(within))
	n, err := f.Read(make([]byte, 4096))
	if err != nil && !errors.Is(err, io.EOF) {
		return 0
	}
	return n
}

func (f flow) drain() {
	for f.received(20*time.Millisecond) > 0 {
	}
}
