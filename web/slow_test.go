package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"testing"
	"time"

	"sallyport/web"
	"sallyport/web/webtest"
)

// away is a listener whose clients seem to come from other hosts: each from an address that the test chooses.
type away struct {
	net.Listener
	from func() netip.AddrPort
}

type awayConn struct {
	net.Conn
	addr net.Addr
}

func (c awayConn) RemoteAddr() net.Addr { return c.addr }

func (a away) Accept() (net.Conn, error) {
	conn, err := a.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return awayConn{conn, net.TCPAddrFromAddrPort(a.from())}, nil
}

// serveAway serves a handler of a site to clients elsewhere, with the times for a request divided.
func serveAway(t *testing.T, s *webtest.Site, h http.Handler, limits web.Limits, divided time.Duration, from func() netip.AddrPort) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- web.ServeQuickly(ctx, away{l, from}, h, limits, divided, s.Kit.Core.Log) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// answers gets a page over a connection of its own.
func answers(addr, path string) error {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + addr + path)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d, %w", res.StatusCode, err)
	}
	return nil
}

// doors are the two listeners of a site: handler, limits, a page that every client may see.
func doors(s *webtest.Site) map[string]door {
	return map[string]door{
		"console": {s.Config.Handler, web.ConsoleLimits, "/sign-in"},
		"public":  {s.PublicHandler(), web.PublicLimits, "/"},
	}
}

type door struct {
	http.Handler
	limits web.Limits
	path   string
}

// Clients that send nothing, half a header or half a body delay no other client, and lose their connections.
func TestSlowRequests(t *testing.T) {
	t.Parallel()
	s := webtest.NewUnstarted(t)
	for name, d := range doors(s) {
		t.Run(name, func(t *testing.T) { t.Parallel(); checkSlowRequests(t, s, d) })
	}
}

func checkSlowRequests(t *testing.T, s *webtest.Site, d door) {
	t.Helper()
	n := 0
	addr := serveAway(t, s, d, d.limits, 10, func() netip.AddrPort {
		n++ // one goroutine accepts
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(n % 100)}), 4000)
	})
	var slow []net.Conn
	for _, sent := range []string{
		"", "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
		"POST /saml/x/acs HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nusername=a",
	} {
		for range 300 {
			conn, err := net.Dial("tcp4", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, sent); err != nil {
				t.Fatal(err)
			}
			slow = append(slow, conn)
		}
	}
	began := time.Now()
	if err := answers(addr, d.path); err != nil {
		t.Errorf("beside %d slow requests: %v", len(slow), err)
	}
	if took := time.Since(began); took > 2*time.Second { // 3 ms where nothing else runs
		t.Errorf("beside %d slow requests an answer took %s", len(slow), took)
	}
	for i, conn := range slow { // times out where the listener keeps one
		_ = conn.SetReadDeadline(time.Now().Add(15 * time.Second))
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("slow request %d of %d is open after %s", i, len(slow), time.Since(began))
		}
	}
}

// One client has a bounded number of connections, which others do not notice.
func TestConnectionsOfOneClient(t *testing.T) {
	t.Parallel()
	s := webtest.NewUnstarted(t)
	for name, d := range doors(s) {
		t.Run(name, func(t *testing.T) { t.Parallel(); checkConnections(t, s, d) })
	}
}

func checkConnections(t *testing.T, s *webtest.Site, d door) {
	t.Helper()
	from := make(chan string, 2*d.limits.OpenOf())
	addr := serveAway(t, s, d, d.limits, 1, func() netip.AddrPort { return netip.MustParseAddrPort(<-from) })
	closed := 0
	for i := range d.limits.OpenOf() + 10 {
		from <- fmt.Sprintf("[2001:db8:1:2::%x]:4000", i+1) // addresses of one network are one client
		conn, err := net.Dial("tcp4", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if i < d.limits.OpenOf() {
			continue
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
			closed++
		}
	}
	if closed != 10 {
		t.Errorf("%d of 10 connections above the limit were closed at once", closed)
	}
	from <- "[2001:db8:1:3::1]:4000"
	if err := answers(addr, d.path); err != nil {
		t.Errorf("another client: %v", err)
	}
}
