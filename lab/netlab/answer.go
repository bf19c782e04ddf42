package netlab

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
)

// EchoPort is the port that hosts of a lab answer on.
const EchoPort = 7000

// ProbeTimeout is how long a probe waits for an answer that may never come.
const ProbeTimeout = 700 * time.Millisecond

// reachAttempts is how often Reaches asks: a busy machine loses a packet now and then.
const reachAttempts = 5

// Serve has the host answer on a TCP port, and on the UDP port of the same number, with what it is
// sent. A datagram is answered from the address that it was sent to.
func (n *Namespace) Serve(t testing.TB, port int) {
	t.Helper()
	err := n.Do(func() error {
		l, err := net.Listen("tcp4", fmt.Sprintf(":%d", port))
		if err != nil {
			return err
		}
		t.Cleanup(func() { l.Close() })
		go acceptEach(l, func(conn net.Conn) { _, _ = io.Copy(conn, conn) })
		u, err := net.ListenPacket("udp4", fmt.Sprintf(":%d", port))
		if err != nil {
			return err
		}
		t.Cleanup(func() { u.Close() })
		p := ipv4.NewPacketConn(u)
		if err := p.SetControlMessage(ipv4.FlagDst, true); err != nil {
			return err
		}
		go func() {
			b := make([]byte, 2048)
			for {
				n, to, from, err := p.ReadFrom(b)
				if err != nil {
					return
				}
				_, _ = p.WriteTo(b[:n], &ipv4.ControlMessage{Src: to.Dst}, from)
			}
		}()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// acceptEach hands each connection to its own goroutine until the listener is closed.
func acceptEach(l net.Listener, handle func(net.Conn)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() { defer conn.Close(); handle(conn) }()
	}
}

// Answers tells whether addr answers both a TCP connection and a datagram from the host. It asks once:
// tests use it for what must not answer, and Reaches for what must.
func (n *Namespace) Answers(addr string, port int) bool {
	return n.AnswersTCP(addr, port) && n.AnswersUDP(addr, port)
}

// AnswersTCP tells whether what listens on a TCP port sends back what it is sent.
func (n *Namespace) AnswersTCP(addr string, port int) bool { return n.answers("tcp4", addr, port) }

// AnswersUDP tells whether what listens on a UDP port sends back what it is sent.
func (n *Namespace) AnswersUDP(addr string, port int) bool { return n.answers("udp4", addr, port) }

// Reaches is Answers for a host that must answer: it asks again where packets are lost.
func (n *Namespace) Reaches(addr string, port int) bool {
	return n.ReachesTCP(addr, port) && n.reaches("udp4", addr, port)
}

// ReachesTCP is AnswersTCP for a host that must answer.
func (n *Namespace) ReachesTCP(addr string, port int) bool { return n.reaches("tcp4", addr, port) }

func (n *Namespace) reaches(network, addr string, port int) bool {
	for range reachAttempts {
		if n.answers(network, addr, port) {
			return true
		}
	}
	return false
}

func (n *Namespace) answers(network, addr string, port int) bool {
	conn, err := n.Dial(network, addr, port)
	if err != nil {
		return false
	}
	defer conn.Close()
	return Echoes(conn)
}

// Dial opens a connection from the host, with ProbeTimeout as its limit.
func (n *Namespace) Dial(network, addr string, port int) (conn net.Conn, err error) {
	err = n.Do(func() (err error) {
		conn, err = net.DialTimeout(network, join(addr, port), ProbeTimeout)
		return err
	})
	return conn, err
}

// MustDial opens a connection that must come about. It dials again where the first packet was lost: TCP sends it again only after
// ProbeTimeout.
func (n *Namespace) MustDial(t testing.TB, network, addr string, port int) (conn net.Conn) {
	t.Helper()
	Eventually(t, 20*time.Second, "a connection from "+n.Name+" to "+join(addr, port), func() (opened bool) {
		var err error
		conn, err = n.Dial(network, addr, port)
		return err == nil
	})
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Echoes tells whether the far end of a connection sends back what it is sent.
func Echoes(conn net.Conn) bool {
	_ = conn.SetDeadline(time.Now().Add(ProbeTimeout))
	if _, err := conn.Write([]byte("ping")); err != nil {
		return false
	}
	b := make([]byte, 4)
	_, err := io.ReadFull(conn, b)
	return err == nil && string(b) == "ping"
}
