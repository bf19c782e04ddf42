package lab

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// flow counts what arrives at one end, with the time of the last arrival.
type flow struct {
	name  string
	last  atomic.Int64 // UnixNano; 0: nothing came
	count atomic.Int64 // bytes
}

func (f *flow) take(n int) {
	f.count.Add(int64(n))
	f.last.Store(time.Now().UnixNano())
}

// read counts what a connection brings until it ends.
func (f *flow) read(conn net.Conn) {
	b := make([]byte, 64<<10)
	for {
		n, err := conn.Read(b)
		if n > 0 {
			f.take(n)
		}
		if err != nil {
			return
		}
	}
}

func (f *flow) quietFor() time.Duration { return time.Since(time.Unix(0, f.last.Load())) }

// waitFlowing waits until data arrives. After an interruption of some seconds TCP sends again only as many seconds later.
func (f *flow) waitFlowing(t testing.TB) {
	t.Helper()
	before := f.count.Load()
	netlab.Eventually(t, 20*time.Second, f.name+" brings data", func() bool { return f.count.Load() > before+20_000 })
}

// wantStoppedBy waits until no more data arrives, and fails where some arrived after the deadline.
func (f *flow) wantStoppedBy(t testing.TB, deadline time.Time) {
	t.Helper()
	netlab.Eventually(t, 10*time.Second, f.name+" stops", func() bool {
		return time.Now().After(deadline) && f.quietFor() > 1500*time.Millisecond
	})
	last := time.Unix(0, f.last.Load())
	t.Logf("%s: the last byte came %s before the deadline", f.name, deadline.Sub(last).Round(time.Millisecond))
	if last.After(deadline) {
		t.Errorf("%s went on for %s longer than it may", f.name, last.Sub(deadline))
	}
}

const pushPort = 7100

// servePushes sends without end to each client that connects by TCP or sends a datagram, whatever the
// client does then.
func servePushes(t testing.TB, on *netlab.Namespace) {
	t.Helper()
	err := on.Do(func() error {
		l, err := net.Listen("tcp4", fmt.Sprintf(":%d", pushPort))
		if err != nil {
			return err
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go push(conn.Close, 32<<10, conn.Write)
			}
		}()
		u, err := net.ListenPacket("udp4", fmt.Sprintf(":%d", pushPort))
		if err != nil {
			return err
		}
		t.Cleanup(func() { u.Close() })
		go func() {
			for b := make([]byte, 64); ; {
				_, to, err := u.ReadFrom(b)
				if err != nil {
					return
				}
				go push(func() error { return nil }, 1000, func(p []byte) (int, error) {
					if _, err := u.WriteTo(p, to); isClosed(err) {
						return 0, err
					}
					return len(p), nil // a router's refusal does not stop it
				})
			}
		}()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func push(done func() error, size int, write func([]byte) (int, error)) {
	defer func() { _ = done() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for p := make([]byte, size); ; <-tick.C {
		if _, err := write(p); err != nil {
			return
		}
	}
}

// receive has a host receive pushes of both kinds from addr.
func receive(t testing.TB, n *netlab.Namespace, addr string) []*flow {
	t.Helper()
	var out []*flow
	for _, network := range []string{"tcp4", "udp4"} {
		f := &flow{name: network + " from " + addr}
		err := n.Do(func() error {
			conn, err := net.DialTimeout(network, net.JoinHostPort(addr, fmt.Sprint(pushPort)), 5*time.Second)
			if err != nil {
				return err
			}
			t.Cleanup(func() { conn.Close() })
			if network == "udp4" {
				if _, err := conn.Write([]byte("push")); err != nil {
					return err
				}
			}
			go f.read(conn)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
