package web

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Limits are what the clients of a listener may take.
type Limits struct {
	// Connections that are open at once, of all clients and of one: a client may keep each open for Read without
	// having sent a request. A browser opens six.
	open, openOf int
	read         time.Duration // for a request with its body
	idle         time.Duration // of a connection between two requests
}

// Limits of the two listeners. Behind one address stand the administrators of the console, but the users of a whole
// office, who sign in at the same time in the morning and send small forms.
var (
	ConsoleLimits = Limits{open: 4096, openOf: 256, read: 60 * time.Second, idle: 2 * time.Minute}
	PublicLimits  = Limits{open: 4096, openOf: 1024, read: 20 * time.Second, idle: 30 * time.Second}
)

// boundedListener closes connections above a limit at once: of one IPv4 address or IPv6 /64, and of all together.
// This host and the declared proxies, which connect for many, have the limit of all only.
type boundedListener struct {
	net.Listener
	many   []netip.Prefix // the declared proxies
	limits Limits

	mu   sync.Mutex // guards both
	of   map[netip.Prefix]int
	open int
}

func bound(l net.Listener, proxies []netip.Prefix, limits Limits) *boundedListener {
	return &boundedListener{Listener: l, many: proxies, limits: limits, of: map[netip.Prefix]int{}}
}

// Accept gives the next connection that is within the limits.
func (b *boundedListener) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := b.source(conn.RemoteAddr())
		if b.take(from) {
			return &boundedConn{Conn: conn, end: sync.OnceFunc(func() { b.release(from) })}, nil
		}
		_ = conn.Close()
	}
}

// source is what a connection counts for; the zero value has no limit of its own.
func (b *boundedListener) source(remote net.Addr) netip.Prefix {
	peer, err := netip.ParseAddrPort(remote.String())
	if err != nil || isLoopback(remote.String()) || isTrusted(b.many, remote.String()) {
		return netip.Prefix{}
	}
	addr := peer.Addr().Unmap().WithZone("")
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	from, _ := addr.Prefix(bits)
	return from
}

func (b *boundedListener) take(from netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open >= b.limits.open || from.IsValid() && b.of[from] >= b.limits.openOf {
		return false
	}
	b.open++
	b.of[from]++
	return true
}

func (b *boundedListener) release(from netip.Prefix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	if b.of[from]--; b.of[from] == 0 {
		delete(b.of, from)
	}
}

// boundedConn gives its place back when it is closed.
type boundedConn struct {
	net.Conn
	end func()
}

func (c *boundedConn) Close() error {
	defer c.end()
	return c.Conn.Close()
}
