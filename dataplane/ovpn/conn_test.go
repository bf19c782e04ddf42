package ovpn_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
)

const hello = ">INFO:OpenVPN Management Interface Version 5 -- type 'help' for more info\r\n"

// peer is the worker's end of a management socket, played by the test.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
}

// dial connects to a peer over a real Unix socket.
func dial(t *testing.T) (*ovpn.Conn, *peer) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	accepted := make(chan net.Conn, 1)
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = conn.Write([]byte(hello))
			accepted <- conn
		}
	}()
	c, err := ovpn.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	p := &peer{t: t, conn: <-accepted}
	p.in = bufio.NewReader(p.conn)
	t.Cleanup(func() { _ = p.conn.Close() })
	return c, p
}

func (p *peer) send(lines ...string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n")); err != nil {
		p.t.Fatal(err)
	}
}

// expect reads lines that were sent and compares them.
func (p *peer) expect(want ...string) {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for _, w := range want {
		got, err := p.in.ReadString('\n')
		if err != nil {
			p.t.Fatalf("waiting for %q: %v", w, err)
		}
		if got = strings.TrimSuffix(got, "\n"); got != w {
			p.t.Errorf("the worker received %q, want %q", got, w)
		}
	}
}

// during runs f while script plays the peer, and returns the error of f.
func during(t *testing.T, f func() error, script func()) error {
	t.Helper()
	result := make(chan error, 1)
	go func() { result <- f() }()
	script()
	select {
	case err := <-result:
		return err
	case <-time.After(15 * time.Second):
		t.Fatal("the command does not return")
		return nil
	}
}

func TestCommandsAreWrittenForOpenVPN(t *testing.T) {
	c, p := dial(t)
	ctx := t.Context()
	long := strings.Repeat("é", 200)
	cases := []struct {
		name string
		f    func() error
		want []string
	}{
		{"hold", func() error { return c.HoldRelease(ctx) }, []string{"hold release"}},
		{"log", func() error { return c.LogOn(ctx) }, []string{"log on"}},
		{"state", func() error { return c.StateOn(ctx) }, []string{"state on"}},
		{"bytecount", func() error { return c.ByteCount(ctx, 15*time.Second) }, []string{"bytecount 15"}},
		{"signal", func() error { return c.Signal(ctx, ovpn.SIGTERM) }, []string{"signal SIGTERM"}},
		{"authorize", func() error {
			return c.Authorize(ctx, 3, 1, []ovpn.Directive{ovpn.IfconfigPush(netip.MustParseAddr("10.7.0.5"), netip.MustParsePrefix("10.7.0.0/16")), ovpn.PushBlockIPv6()})
		}, []string{"client-auth 3 1", "ifconfig-push 10.7.0.5 255.255.0.0", `push "block-ipv6"`, "END"}},
		{"authorize bare", func() error { return c.Authorize(ctx, 3, 4, nil) }, []string{"client-auth 3 4", "END"}},
		{"deny", func() error { return c.Deny(ctx, 3, 1, `no "group"`, "You may not.\nGo\\away") },
			[]string{`client-deny 3 1 "no \"group\"" "You may not. Go\\away"`}},
		{"deny, no command to the client", func() error { return c.Deny(ctx, 3, 1, "x", "TEMPER your zeal") }, []string{`client-deny 3 1 "x" " TEMPER your zeal"`}},
		{"deny, long", func() error { return c.Deny(ctx, 3, 1, "x", long) }, []string{`client-deny 3 1 "x" "` + strings.Repeat("é", 115) + `…"`}},
		{"deny for now", func() error { return c.DenyForNow(ctx, 3, 1, "down", "Try later.", 20*time.Second) }, []string{`client-deny 3 1 "down" "TEMP[backoff 20]:Try later."`}},
		{"pending", func() error { return c.PendingAuth(ctx, 3, 1, "WEB_AUTH::https://vpn.example/a/x", 3*time.Minute) },
			[]string{`client-pending-auth 3 1 "WEB_AUTH::https://vpn.example/a/x" 180`}},
		{"pending, longest", func() error { return c.PendingAuth(ctx, 1<<63, 1<<63, strings.Repeat("x", 246), 3*time.Minute) },
			[]string{`client-pending-auth 9223372036854775808 9223372036854775808 "` + strings.Repeat("x", 246) + `" 180`}},
		{"halt", func() error { return c.Kill(ctx, 3, ovpn.Halt("Ended, by an administrator.")) }, []string{`client-kill 3 "HALT,Ended, by an administrator."`}},
		{"restart", func() error { return c.Kill(ctx, 3, ovpn.Restart("config changed", true)) }, []string{`client-kill 3 "RESTART,[P]config changed"`}},
		{"drop", func() error { return c.Drop(ctx, netip.MustParseAddrPort("192.0.2.9:4711")) }, []string{"kill 192.0.2.9:4711"}},
		{"restart, no flags", func() error { return c.Kill(ctx, 3, ovpn.Restart("[N]x", false)) }, []string{`client-kill 3 "RESTART, [N]x"`}},
	}
	for _, k := range cases {
		err := during(t, k.f, func() {
			p.expect(k.want...)
			p.send(">CLIENT:DISCONNECT,1", ">CLIENT:ENV,END", "SUCCESS: done") // a reply comes between events
		})
		if err != nil {
			t.Errorf("%s: %v", k.name, err)
		}
	}
	for _, err := range []error{
		c.PendingAuth(ctx, 3, 1, strings.Repeat("x", 247), time.Minute),
		c.PendingAuth(ctx, 3, 1, "WEB_AUTH::x\nsignal SIGTERM", time.Minute),
		c.PendingAuth(ctx, 3, 1, "CR_TEXT:R,E:"+strings.Repeat(`"`, 125), time.Minute), // too long when it is quoted
		c.Signal(ctx, "SIGTERM\nhold release"),
		c.Authorize(ctx, 3, 1, []ovpn.Directive{ovpn.PushDNS(netip.Addr{})}),
	} {
		if err == nil {
			t.Error("a command that must not be sent was sent")
		}
	}
	// Nothing of the refused commands was sent: the next line is the next command.
	if err := during(t, func() error { return c.LogOn(ctx) }, func() { p.expect("log on"); p.send("SUCCESS: ok") }); err != nil {
		t.Error(err)
	}
}

func TestReplies(t *testing.T) {
	c, p := dial(t)
	ctx := t.Context()
	err := during(t, func() error { return c.Kill(ctx, 9, ovpn.Halt("x")) }, func() {
		p.expect(`client-kill 9 "HALT,x"`)
		p.send("ERROR: client-kill command failed")
	})
	if !errors.Is(err, ovpn.ErrNoClient) {
		t.Errorf("kill of an unknown client: got %v, want ErrNoClient", err)
	}
	err = during(t, func() error { return c.PendingAuth(ctx, 9, 1, "x", time.Second) }, func() {
		p.expect(`client-pending-auth 9 1 "x" 1`)
		p.send("ERROR: client-pending-auth command failed. Extra parameter might be too long")
	})
	if err == nil || errors.Is(err, ovpn.ErrNoClient) {
		t.Errorf("a parameter too long: got %v, want OpenVPN's text", err)
	}
	err = during(t, func() error {
		pid, err := c.Pid(ctx)
		if pid != 5641 {
			t.Errorf("pid: got %d, want 5641", pid)
		}
		return err
	}, func() { p.expect("pid"); p.send("SUCCESS: pid=5641") })
	if err != nil {
		t.Error(err)
	}
	// A recorded status, with an event between its lines.
	var status []string
	for _, l := range transcript(t, "renegotiation") {
		if !strings.HasPrefix(l, ">") && strings.Contains(l, "\t") || l == "END" {
			status = append(status, l)
		}
		if l == "END" {
			break
		}
	}
	err = during(t, func() error {
		s, err := c.Status(ctx)
		if len(s.Clients) != 1 || s.Clients[0].Addr != netip.MustParseAddr("10.77.0.5") {
			t.Errorf("status: got %+v", s)
		}
		return err
	}, func() {
		p.expect("status 3")
		p.send(status[:2]...)
		p.send(">BYTECOUNT_CLI:1,2,3")
		p.send(status[2:]...)
	})
	if err != nil {
		t.Error(err)
	}
}

// The reply to a cancelled command is not taken for the reply to the next one.
func TestCancelledCommandKeepsItsPlace(t *testing.T) {
	c, p := dial(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := during(t, func() error { return c.StateOn(ctx) }, func() { p.expect("state on"); cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	err = during(t, func() error {
		pid, err := c.Pid(t.Context())
		if pid != 77 {
			t.Errorf("pid: got %d, want 77", pid)
		}
		return err
	}, func() { p.expect("pid"); p.send("SUCCESS: real-time state notification set to ON", "SUCCESS: pid=77") })
	if err != nil {
		t.Error(err)
	}
}

func TestConcurrentCommandsGetTheirOwnReplies(t *testing.T) {
	c, p := dial(t)
	go func() {
		for {
			l, err := p.in.ReadString('\n')
			if err != nil {
				return
			}
			var cid int
			if _, err := fmt.Sscanf(l, "client-kill %d", &cid); err == nil && cid%2 == 1 {
				_, _ = p.conn.Write([]byte("ERROR: client-kill command failed\r\n"))
			} else {
				_, _ = p.conn.Write([]byte("SUCCESS: killed\r\n"))
			}
		}
	}()
	var wg sync.WaitGroup
	for cid := range ovpn.CID(200) {
		wg.Go(func() {
			if err := c.Kill(t.Context(), cid, ovpn.Halt("x")); errors.Is(err, ovpn.ErrNoClient) != (cid%2 == 1) {
				t.Errorf("kill %d: got %v", cid, err)
			}
		})
	}
	wg.Wait()
}

func TestEventsInOrderUntilTheEnd(t *testing.T) {
	c, p := dial(t)
	for _, l := range transcript(t, "token_restart")[1:] {
		p.send(l)
	}
	_ = p.conn.Close()
	<-c.Done() // everything was read before the first event was received: no event may be lost
	var got []ovpn.Event
	for e := range c.Events() {
		got = append(got, e)
	}
	want, _ := events(transcript(t, "token_restart")[1:]) // less the greeting
	if len(got) != len(want) {
		t.Fatalf("events: got %d, want %d", len(got), len(want))
	}
	for i := range want {
		if fmt.Sprint(got[i]) != fmt.Sprint(want[i]) {
			t.Errorf("event %d: got %v, want %v", i, got[i], want[i])
		}
	}
	if err := c.Err(); !errors.Is(err, ovpn.ErrClosed) {
		t.Errorf("end: got %v, want ErrClosed", err)
	}
	if err := c.LogOn(t.Context()); !errors.Is(err, ovpn.ErrClosed) {
		t.Errorf("a command after the end: got %v, want ErrClosed", err)
	}
}

// A worker that is full says so for each client that it turns away; one event is enough.
func TestFull(t *testing.T) {
	c, p := dial(t)
	for range 3 {
		p.send(">LOG:1795769352,N,MULTI: new incoming connection would exceed maximum number of clients (2046)")
	}
	_ = p.conn.Close()
	full := 0
	for e := range c.Events() {
		if _, is := e.(ovpn.Full); is {
			full++
		}
	}
	if full != 1 {
		t.Errorf("%d events, want one", full)
	}
}

// A client cannot say that its worker is full.
func TestFullIsNotForged(t *testing.T) {
	c, p := dial(t)
	p.send(">LOG:1795769352,N,192.0.2.9:4711 VERIFY ERROR: depth=0, error=self-signed certificate: CN=MULTI: new incoming connection would exceed maximum number of clients, serial=5")
	_ = p.conn.Close()
	for e := range c.Events() {
		if _, is := e.(ovpn.Full); is {
			t.Error("the common name of a client counts as a worker that is full")
		}
	}
}

// Where no event is received, log lines are dropped, events of clients are kept, and in the end the
// connection is closed. The worker never has to wait.
func TestStalledConsumerNeverStopsTheReader(t *testing.T) {
	c, p := dial(t)
	const logs = 60_000
	_ = p.conn.SetWriteDeadline(time.Now().Add(30 * time.Second))
	w := bufio.NewWriter(p.conn)
	for i := range logs {
		fmt.Fprintf(w, ">LOG:1,I,line %d\r\n", i)
	}
	fmt.Fprintf(w, ">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,END\r\n")
	if err := w.Flush(); err != nil {
		t.Fatalf("the reader stopped reading: %v", err)
	}
	if err := during(t, func() error { return c.LogOn(t.Context()) }, func() { p.expect("log on"); p.send("SUCCESS: ok") }); err != nil {
		t.Fatalf("a command behind 60,000 lines: %v", err)
	}
	waiting, dropped := c.Backlog()
	if waiting > 10_001 || dropped < logs-10_002 {
		t.Errorf("backlog: %d waiting, %d dropped of %d", waiting, dropped, logs)
	}
	for range 50_000 {
		fmt.Fprintf(w, ">CLIENT:CONNECT,1,1\r\n>CLIENT:ENV,END\r\n")
	}
	_ = w.Flush() // fails when the connection is closed meanwhile
	select {
	case <-c.Done():
	case <-time.After(20 * time.Second):
		t.Fatal("the connection was not closed")
	}
	if err := c.Err(); !errors.Is(err, ovpn.ErrStalled) {
		t.Errorf("end: got %v, want ErrStalled", err)
	}
}

func TestDialOfASocketInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // connections are accepted into the backlog and never greeted, as OpenVPN's second is
	if _, err := ovpn.Dial(t.Context(), path); !errors.Is(err, ovpn.ErrHeld) {
		t.Errorf("got %v, want ErrHeld", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := ovpn.Dial(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a short context: got %v, want its error", err)
	}
	if _, err := ovpn.Dial(t.Context(), path+"x"); err == nil {
		t.Error("a socket that does not exist was dialled")
	}
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := ovpn.Await(ctx, path+"x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("awaiting a socket that never comes: got %v", err)
	}
}

func TestDialOfAnotherProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = conn.Write([]byte("220 mail ready\r\n"))
		}
	}()
	if _, err := ovpn.Dial(t.Context(), path); err == nil || errors.Is(err, ovpn.ErrHeld) {
		t.Errorf("got %v, want an error about the greeting", err)
	}
}
