package lab

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// transfer is one TCP connection through a tunnel with numbered messages that the far end echoes. It
// ends when the connection is lost or a number is wrong, not while no answer comes.
type transfer struct {
	conn   net.Conn
	echoed atomic.Uint64
	mu     sync.Mutex
	lost   error
}

// pace is the interval between the messages of a transfer: short enough to find gaps, and long enough
// for twenty transfers on two cores.
const pace = 20 * time.Millisecond

func startTransfer(t testing.TB, on *netlab.Namespace, addr string) *transfer {
	t.Helper()
	x := &transfer{conn: on.MustDial(t, "tcp4", addr, netlab.EchoPort)}
	go x.send()
	go x.receive()
	return x
}

func (x *transfer) send() {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	var message [512]byte
	for n := uint64(1); ; n++ {
		binary.BigEndian.PutUint64(message[:], n)
		if _, err := x.conn.Write(message[:]); err != nil {
			x.fail(err)
			return
		}
		<-tick.C
	}
}

func (x *transfer) receive() {
	var message [512]byte
	for want := uint64(1); ; want++ {
		if _, err := io.ReadFull(x.conn, message[:]); err != nil {
			x.fail(err)
			return
		}
		if n := binary.BigEndian.Uint64(message[:]); n != want {
			x.fail(fmt.Errorf("message %d came in place of %d", n, want))
			return
		}
		x.echoed.Store(want)
	}
}

func (x *transfer) fail(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.lost == nil {
		x.lost = err
	}
}

func (x *transfer) err() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lost
}

// probes sends datagrams to a host that no rule authorizes until the test ends; arrived counts those
// that it receives.
type probes struct {
	sent, arrived atomic.Int64
	stop          chan struct{}
	done          sync.WaitGroup
}

const probePort = 7777

// startProbes has each host of from send datagrams to the host at addr, where none may arrive.
func startProbes(t testing.TB, from []*netlab.Namespace, to *netlab.Namespace, addr string) *probes {
	t.Helper()
	p := &probes{stop: make(chan struct{})}
	err := to.Do(func() error {
		u, err := net.ListenPacket("udp4", fmt.Sprintf(":%d", probePort))
		if err != nil {
			return err
		}
		t.Cleanup(func() { u.Close() })
		go func() {
			b := make([]byte, 2048)
			for {
				if _, _, err := u.ReadFrom(b); err != nil {
					return
				}
				p.arrived.Add(1)
			}
		}()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range from {
		var conn net.Conn
		err := n.Do(func() (err error) {
			conn, err = net.Dial("udp4", net.JoinHostPort(addr, fmt.Sprint(probePort)))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		p.done.Go(func() {
			defer conn.Close()
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-p.stop:
					return
				case <-tick.C:
				}
				if _, err := conn.Write([]byte("probe")); err == nil {
					p.sent.Add(1)
				}
			}
		})
	}
	t.Cleanup(p.end)
	return p
}

func (p *probes) end() {
	select {
	case <-p.stop:
	default:
		close(p.stop)
	}
	p.done.Wait()
}
