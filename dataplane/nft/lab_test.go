package nft_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"sallyport/dataplane/host"
	"sallyport/dataplane/nft"
	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// TestMain runs the tests in a sandbox, which is the gateway of these tests.
func TestMain(m *testing.M) { netlab.Main(m, netlab.Sandbox{}) }

// lab is a gateway, which is this process, with two hosts: "target" is behind lan0 and has every address
// of 172.16.0.0/12, "outside" is behind wan0. Clients are namespaces whose only device is a tun, which
// a goroutine connects to the gateway's tun as OpenVPN would.
type lab struct {
	t       testing.TB
	target  space
	outside space
	table   *nft.Table
	devices [2]*tunnel
	id      vpn.EndpointID
	assoc   vpn.AssociationID
}

var discard = slog.New(slog.DiscardHandler)

var (
	gateway    = netip.MustParseAddr("10.8.0.1")
	clientCIDR = netip.MustParsePrefix("10.8.0.0/22")
	lanGateway = netip.MustParseAddr("192.0.2.1")
	wanGateway = netip.MustParseAddr("198.51.100.1")
	targets    = netip.MustParsePrefix("172.16.0.0/12")
	someTarget = netip.MustParseAddr("172.16.5.5")
	everywhere = netip.MustParsePrefix("0.0.0.0/0")
)

func newLab(t testing.TB) *lab {
	t.Helper()
	l := &lab{t: t, id: vpn.NewEndpointID(), assoc: vpn.NewAssociationID(), target: newSpace(t), outside: newSpace(t)}
	l.join(l.target, "lan0", "192.0.2.1/30", "192.0.2.2/30", "192.0.2.1")
	l.join(l.outside, "wan0", "198.51.100.1/24", "198.51.100.2/24", "198.51.100.1")
	_, local, _ := net.ParseCIDR(targets.String())
	must(t, l.target.RouteAdd(&netlink.Route{LinkIndex: l.target.link("lo").Attrs().Index, Dst: local, Type: unix.RTN_LOCAL, Table: unix.RT_TABLE_LOCAL, Scope: netlink.SCOPE_HOST}))
	lan, err := netlink.LinkByName("lan0")
	must(t, err)
	must(t, netlink.RouteAdd(&netlink.Route{LinkIndex: lan.Attrs().Index, Dst: local, Gw: net.IPv4(192, 0, 2, 2)}))
	for _, name := range []string{"lan0", "wan0"} {
		must(t, os.WriteFile("/proc/sys/net/ipv4/conf/"+name+"/forwarding", []byte("1"), 0))
	}
	for i := range l.devices {
		l.devices[i] = newTunnel(t, host.DeviceName(l.id, i))
	}
	l.table = nft.New("sptest", discard)
	t.Cleanup(func() {
		if err := l.table.Remove(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// endpoint returns one with both devices and a route to every destination.
func (l *lab) endpoint(rules ...vpn.DesiredRule) nft.Endpoint {
	return nft.Endpoint{
		ID: l.id, Devices: []string{l.devices[0].name, l.devices[1].name}, ClientCIDR: clientCIDR, Gateway: gateway,
		Transport: vpn.UDP, SourceNAT: true, Rules: rules,
		Associations: []nft.Association{{ID: l.assoc, Routes: []netip.Prefix{everywhere}}},
	}
}

func (l *lab) apply(rules ...vpn.DesiredRule) {
	l.t.Helper()
	l.applyEndpoint(l.endpoint(rules...))
}

func (l *lab) applyEndpoint(e nft.Endpoint) {
	l.t.Helper()
	must(l.t, l.table.Apply(context.Background(), nft.Ruleset{Endpoints: []nft.Endpoint{e}}))
}

// client makes a connected client on the n-th device, with a session in the table.
func (l *lab) client(addr string, n int, groups ...string) *client {
	l.t.Helper()
	c := l.connect(addr, n)
	l.put(c, groups...)
	return c
}

// connect makes a client on the n-th device, without a session.
func (l *lab) connect(addr string, n int) *client {
	l.t.Helper()
	c := &client{space: newSpace(l.t), addr: netip.MustParseAddr(addr), lab: l, device: l.devices[n]}
	c.do(func() { c.tun = openTun(l.t, "c0") })
	l.t.Cleanup(func() { _ = c.tun.Close() })
	link := c.link("c0")
	must(l.t, c.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: c.addr.AsSlice(), Mask: net.CIDRMask(32, 32)}}))
	must(l.t, c.LinkSetUp(link))
	must(l.t, c.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}}))
	must(l.t, host.RouteClient(c.addr, c.device.name))
	c.device.add(c.addr, c.tun)
	go pump(c.tun, func([]byte) *os.File { return c.device.file })
	return c
}

func (l *lab) put(c *client, groups ...string) {
	l.t.Helper()
	must(l.t, l.table.Put(nft.Session{Addr: c.addr, Device: c.device.name, Endpoint: l.id, Association: l.assoc, Groups: groups}))
}

type client struct {
	space
	addr   netip.Addr
	lab    *lab
	device *tunnel
	tun    *os.File
}

// tunnel is the gateway's end of a tun device with the clients behind it.
type tunnel struct {
	name string
	file *os.File
	mu   sync.Mutex
	to   map[netip.Addr]*os.File
}

func newTunnel(t testing.TB, name string) *tunnel {
	t.Helper()
	must(t, host.EnsureTun(host.Tun{Name: name, Address: gateway}))
	d := &tunnel{name: name, file: openTun(t, name), to: map[netip.Addr]*os.File{}}
	go pump(d.file, func(p []byte) *os.File {
		if len(p) < 20 || p[0]>>4 != 4 {
			return nil
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.to[netip.AddrFrom4([4]byte(p[16:20]))]
	})
	t.Cleanup(func() {
		_ = d.file.Close()
		if err := host.DeleteTun(name); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *tunnel) add(a netip.Addr, f *os.File) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.to[a] = f
}

func pump(from *os.File, to func([]byte) *os.File) {
	buf := make([]byte, 65536)
	for {
		n, err := from.Read(buf)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil {
			continue // EIO while the device is down
		}
		if f := to(buf[:n]); f != nil {
			_, _ = f.Write(buf[:n])
		}
	}
}

func openTun(t testing.TB, name string) *os.File {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	must(t, err)
	req, err := unix.NewIfreq(name)
	must(t, err)
	req.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	must(t, unix.IoctlIfreq(fd, unix.TUNSETIFF, req))
	return os.NewFile(uintptr(fd), name)
}

// space is a host with a netlink handle into it.
type space struct {
	*netlink.Handle
	*netlab.Namespace
	t testing.TB
}

func newSpace(t testing.TB) space {
	t.Helper()
	netlab.NeedSandbox(t, "ip", "nft")
	n := netlab.New(t, "space")
	h, err := netlink.NewHandleAt(n.NetNS())
	must(t, err)
	t.Cleanup(h.Close)
	return space{Handle: h, Namespace: n, t: t}
}

// gatewaySpace is the gateway: the sandbox that the test runs in.
func gatewaySpace(t testing.TB) space { return space{Namespace: netlab.Here(), t: t} }

func (s space) link(name string) netlink.Link {
	s.t.Helper()
	link, err := s.LinkByName(name)
	must(s.t, err)
	return link
}

// do calls f on the host; sockets that f opens stay there.
func (s space) do(f func()) {
	must(s.t, s.Do(func() error { f(); return nil }))
}

// join connects a device of the gateway with eth0 of the space.
func (l *lab) join(s space, device, near, far, via string) {
	l.t.Helper()
	netlab.Connect(l.t, netlab.Here(), device, near, s.Namespace, "eth0", far)
	must(l.t, s.RouteAdd(&netlink.Route{Gw: net.ParseIP(via)}))
}

// udp opens a socket in the space, on every address where addr is empty.
func (s space) udp(addr string) *ipv4.PacketConn {
	s.t.Helper()
	var c net.PacketConn
	var err error
	s.do(func() { c, err = net.ListenPacket("udp4", addr) })
	must(s.t, err)
	s.t.Cleanup(func() { _ = c.Close() })
	p := ipv4.NewPacketConn(c)
	must(s.t, p.SetControlMessage(ipv4.FlagDst, true))
	return p
}

// echo replies to every datagram to port 7 from the address that it was sent to, and counts them: a
// missing reply does not prove that no datagram arrived.
func (s space) echo() *atomic.Int64 {
	served := new(atomic.Int64)
	p := s.udp(":7")
	go func() {
		buf := make([]byte, 65536)
		for {
			n, cm, from, err := p.ReadFrom(buf)
			if err != nil {
				return
			}
			served.Add(1)
			_, _ = p.WriteTo(buf[:n], &ipv4.ControlMessage{Src: cm.Dst}, from)
		}
	}()
	return served
}

// answers reports whether a reply comes from addr within the time.
func (s space) answers(addr netip.Addr, within time.Duration) bool {
	s.t.Helper()
	p := s.udp(":0")
	defer func() { _ = p.Close() }()
	text := []byte("knock")
	if _, err := p.WriteTo(text, nil, &net.UDPAddr{IP: addr.AsSlice(), Port: 7}); err != nil {
		return false
	}
	must(s.t, p.SetReadDeadline(time.Now().Add(within)))
	n, _, _, err := p.ReadFrom(make([]byte, 64))
	return err == nil && n == len(text)
}

const (
	timeout = 10 * time.Second       // for what must arrive
	silence = 150 * time.Millisecond // much longer than a round trip here
)

func (s space) mustAnswer(addr netip.Addr) {
	s.t.Helper()
	if !s.answers(addr, timeout) {
		s.t.Errorf("no reply from %s, want one", addr)
	}
}

func (s space) mustNotAnswer(addr netip.Addr) {
	s.t.Helper()
	if s.answers(addr, silence) {
		s.t.Errorf("%s replied, want no reply", addr)
	}
}

func must(t testing.TB, err error) {
	if err != nil {
		t.Helper()
		t.Fatalf("%v (%v)", err, errors.Unwrap(err))
	}
}

func all(cidr string) vpn.DesiredRule {
	return vpn.DesiredRule{Destination: netip.MustParsePrefix(cidr), AllUsers: true}
}

func group(cidr, name string) vpn.DesiredRule {
	return vpn.DesiredRule{Destination: netip.MustParsePrefix(cidr), Group: name}
}

// nftCommand changes the packet filter as another program would.
func nftCommand(t testing.TB, script string) {
	t.Helper()
	netlab.NeedSandbox(t, "nft")
	netlab.Here().NFT(t, script)
}
