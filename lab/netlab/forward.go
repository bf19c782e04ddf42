package netlab

import (
	"io"
	"net"
	"testing"
	"time"
)

// Forward opens a port of the machine's loopback that leads to the same port of the host's loopback,
// so that a browser outside can use the addresses that a program on the host prints.
func (n *Namespace) Forward(t testing.TB) (port int) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	port = l.Addr().(*net.TCPAddr).Port
	go acceptEach(l, func(outside net.Conn) { n.relay(outside, port) })
	return port
}

func (n *Namespace) relay(outside net.Conn, port int) {
	var inside net.Conn
	err := n.Do(func() (err error) {
		inside, err = net.DialTimeout("tcp4", join("127.0.0.1", port), 10*time.Second)
		return err
	})
	if err != nil {
		return
	}
	defer inside.Close()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{outside, inside}, {inside, outside}} {
		go func() { _, _ = io.Copy(pair[0], pair[1]); done <- struct{}{} }()
	}
	<-done
}
