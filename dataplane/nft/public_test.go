package nft_test

import (
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"sallyport/dataplane/nft"
	"sallyport/vpn"
)

// worker plays an OpenVPN process: it replies with its name.
func worker(t *testing.T, name, listen string) {
	p := gatewaySpace(t).udp(listen)
	go func() {
		buf := make([]byte, 100)
		for {
			_, _, from, err := p.ReadFrom(buf)
			if err != nil {
				return
			}
			_, _ = p.WriteTo([]byte(name), nil, from)
		}
	}()
}

// who sends to the public port from one source address and returns the name in the reply.
func (s space) who(source, to string, port int, within time.Duration) string {
	s.t.Helper()
	p := s.udp(source + ":0")
	defer func() { _ = p.Close() }()
	if _, err := p.WriteTo([]byte("hello"), nil, &net.UDPAddr{IP: net.ParseIP(to), Port: port}); err != nil {
		return ""
	}
	must(s.t, p.SetReadDeadline(time.Now().Add(within)))
	buf := make([]byte, 100)
	n, _, from, err := p.ReadFrom(buf)
	if err != nil {
		return ""
	}
	if got := from.String(); got != net.JoinHostPort(to, "1194") {
		s.t.Errorf("the reply came from %s, want the public port", got)
	}
	return string(buf[:n])
}

func TestPublicPortIsBalancedToWorkers(t *testing.T) {
	l := newLab(t)
	worker(t, "one", "198.51.100.1:40001")
	worker(t, "two", "198.51.100.1:40002")
	worker(t, "ssh", "198.51.100.1:22")
	e := l.endpoint(all("0.0.0.0/0"))
	e.Public = []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:1194")}
	e.Workers, e.HashSeed = []uint16{40001, 40002}, 0x5a11
	l.applyEndpoint(e)

	eth0 := l.outside.link("eth0")
	sources := []string{"198.51.100.2"}
	for _, s := range []string{"198.51.100.10", "198.51.100.11", "198.51.100.12", "198.51.100.13", "198.51.100.14", "198.51.100.15"} {
		a, err := netlink.ParseAddr(s + "/24")
		must(t, err)
		must(t, l.outside.AddrAdd(eth0, a))
		sources = append(sources, s)
	}
	first := map[string]string{}
	count := map[string]int{}
	for _, s := range sources {
		first[s] = l.outside.who(s, "198.51.100.1", 1194, timeout)
		count[first[s]]++
	}
	if count["one"] == 0 || count["two"] == 0 || count["one"]+count["two"] != len(sources) {
		t.Errorf("workers got %v of %d clients, want all, and some at each", count, len(sources))
	}
	l.applyEndpoint(e)
	for _, s := range sources { // from another port, after a reload
		if again := l.outside.who(s, "198.51.100.1", 1194, timeout); again != first[s] {
			t.Errorf("%s moved from worker %q to %q", s, first[s], again)
		}
	}
	for _, port := range []int{40001, 40002} {
		if got := l.outside.who("198.51.100.2", "198.51.100.1", port, silence); got != "" {
			t.Errorf("worker port %d replies %q to a packet that bypassed the public port", port, got)
		}
	}
	c := l.client("10.8.0.2", 0)
	if got := c.who("10.8.0.2", "198.51.100.1", 1194, silence); got != "" {
		t.Errorf("the public port replies %q inside the tunnel", got)
	}

	e.Workers, e.AnyAddress = []uint16{40001}, true
	worker(t, "other address", "192.0.2.1:40001")
	l.applyEndpoint(e)
	if got := l.outside.who("198.51.100.15", "198.51.100.1", 1194, timeout); got != "one" {
		t.Errorf("one worker: %q replies, want one", got)
	}
	if got := l.outside.who("198.51.100.2", "192.0.2.1", 40001, silence); got != "" {
		t.Errorf("worker port on another address replies %q", got)
	}
}

func TestDriftIsNoticedAndRepaired(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	e := l.endpoint(all("172.16.5.5/32"), group("172.17.0.0/16", "engineers"))
	l.applyEndpoint(e)
	c := l.client("10.8.0.2", 0, "engineers")
	changes, err := nft.Watch(t.Context(), "sptest")
	must(t, err)
	tail := func(id string) string { return id[strings.LastIndexByte(id, '-')+1:] }
	reach := "reach_" + tail(string(l.id)) + "_" + tail(string(l.assoc))
	for _, tc := range []struct{ name, line string }{
		{"table deleted", "delete table inet sptest"},
		{"everything flushed", "flush ruleset"},
		{"rules flushed", "flush table inet sptest"},
		{"a rule added", "insert rule inet sptest forwarding accept"},
		{"a chain emptied", "flush chain inet sptest ingress"},
		{"a session added", `add element inet sptest sessions { "` + c.device.name + `" . 10.8.0.77 }`},
		{"sessions flushed", "flush set inet sptest sessions"},
		{"clients flushed", "flush set inet sptest clients"},
		{"counters flushed", "flush set inet sptest sent"},
		{"a chain added", "add chain inet sptest backdoor { type filter hook forward priority -10; }"},
		{"a policy changed", "add chain inet sptest forwarding { policy drop; }"},
		{"a verdict opened", "delete element inet sptest " + reach + " { 172.17.0.0/16 }; add element inet sptest " + reach + " { 172.17.0.0/16 : accept }"},
		{"a set added", "add set inet sptest stray { type ipv4_addr; }"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := l.table.Drift(t.Context())
			must(t, err)
			if len(found) != 0 {
				t.Fatalf("drift %q before anything was changed", found)
			}
			drainSignals(changes.Any)
			nftCommand(t, tc.line)
			select {
			case <-changes.Any:
			case <-time.After(timeout):
				t.Error("Watch signalled nothing")
			}
			if found, err = l.table.Drift(t.Context()); err != nil || len(found) == 0 {
				t.Errorf("drift %q, %v; want a sentence", found, err)
			}
			t.Log(found)
			must(t, l.table.Repair(t.Context()))
			if found, err = l.table.Drift(t.Context()); err != nil || len(found) != 0 {
				t.Errorf("drift %q, %v after repair; want none", found, err)
			}
			c.mustAnswer(someTarget)
		})
	}
	// A change of another program's own table is no drift.
	nftCommand(t, "add table inet other")
	if found, err := l.table.Drift(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("drift %q, %v after a foreign change; want none", found, err)
	}
	nftCommand(t, "delete table inet other")
}

func TestEndAndPutAfterForeignFlush(t *testing.T) {
	l := newLab(t)
	l.target.echo()
	l.apply(all("172.16.0.0/12"))
	a, b := l.client("10.8.0.2", 0), l.client("10.8.0.3", 0)
	nftCommand(t, "flush set inet sptest sessions")
	_, err := l.table.End(a.addr)
	must(t, err)
	must(t, l.table.Repair(t.Context()))
	a.mustNotAnswer(someTarget)
	b.mustAnswer(someTarget)
	nftCommand(t, "delete table inet sptest")
	if err := l.table.Put(nft.Session{Addr: a.addr, Device: a.device.name, Endpoint: l.id, Association: l.assoc}); vpn.KindOf(err) != vpn.Unavailable {
		t.Errorf("put into a deleted table gives %v, want an unavailable error", err)
	}
	must(t, l.table.Repair(t.Context()))
	a.mustNotAnswer(someTarget)
	b.mustAnswer(someTarget)
}

// A change of our tables is told from one of another program's.
func TestWatchTellsWhoseTableChanged(t *testing.T) {
	nftCommand(t, "flush ruleset")
	changes, err := nft.Watch(t.Context(), "spwatch")
	must(t, err)
	t.Cleanup(func() { nftCommand(t, "flush ruleset") })
	for _, tc := range []struct {
		line    string
		foreign bool
	}{
		{"table inet spwatch { set s { type ipv4_addr; }; chain f { type filter hook forward priority 0; }; }", false},
		{"table inet spwatch-owned-1 { chain f { type filter hook forward priority 0; }; }", false},
		{"add element inet spwatch s { 10.0.0.1 }", false},
		{"add rule inet spwatch f accept", false},
		{"table ip spwatcher { set s { type ipv4_addr; }; chain f { type filter hook forward priority 0; }; }", true},
		{"add element ip spwatcher s { 10.0.0.1 }", true},
		{"add rule ip spwatcher f accept", true},
		{"delete table ip spwatcher", true},
	} {
		drainSignals(changes.Any)
		drainSignals(changes.Foreign)
		nftCommand(t, tc.line)
		select {
		case <-changes.Any:
		case <-time.After(timeout):
			t.Fatalf("%s: no signal", tc.line)
		}
		wait := 50 * time.Millisecond
		if tc.foreign {
			wait = timeout
		}
		foreign := false
		select {
		case <-changes.Foreign:
			foreign = true
		case <-time.After(wait):
		}
		if foreign != tc.foreign {
			t.Errorf("%s: foreign is %v, want %v", tc.line, foreign, tc.foreign)
		}
	}
}

func drainSignals(c <-chan struct{}) {
	for {
		select {
		case <-c:
		case <-time.After(20 * time.Millisecond):
			return
		}
	}
}

// TestWorkersReplyFromTheirPortsAlone: a process under a worker's uid that listens on a port of its
// choice, as after a break-in, gets no reply out; the worker itself does.
func TestWorkersReplyFromTheirPortsAlone(t *testing.T) {
	const uid = 60950
	l := newLab(t)
	listen := func(on string) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		must(t, unix.Setfsuid(uid)) // of this thread alone; the packet filter asks for the socket's
		c, err := net.ListenPacket("udp4", on)
		must(t, unix.Setfsuid(0))
		must(t, err)
		t.Cleanup(func() { _ = c.Close() })
		go func() {
			buf := make([]byte, 100)
			for {
				n, from, err := c.ReadFrom(buf)
				if err != nil {
					return
				}
				_, _ = c.WriteTo(buf[:n], from)
			}
		}()
	}
	listen("198.51.100.1:40001")
	listen("198.51.100.1:31337")
	e := l.endpoint(all("0.0.0.0/0"))
	e.Public = []netip.AddrPort{netip.MustParseAddrPort("198.51.100.1:1194")}
	e.Workers = []uint16{40001}
	must(t, l.table.Apply(t.Context(), nft.Ruleset{Endpoints: []nft.Endpoint{e}, Workers: nft.UIDs{First: uid, Last: uid}}))
	if got := l.outside.who("198.51.100.2", "198.51.100.1", 1194, timeout); got != "hello" {
		t.Errorf("the worker replies %q", got)
	}
	p := l.outside.udp(":0")
	_, err := p.WriteTo([]byte("hello"), nil, &net.UDPAddr{IP: wanGateway.AsSlice(), Port: 31337})
	must(t, err)
	must(t, p.SetReadDeadline(time.Now().Add(silence)))
	if n, _, _, err := p.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes came from a port that is no worker's", n)
	}
}
