package lab

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// probe is something that must not work.
type probe struct {
	what  string
	works func() bool
}

// wantNone tries all probes at once, as each takes its time to fail.
func wantNone(t testing.TB, probes []probe) {
	t.Helper()
	var all sync.WaitGroup
	for _, p := range probes {
		all.Go(func() {
			if p.works() {
				t.Errorf("%s", p.what)
			}
		})
	}
	all.Wait()
}

// deviceSender is a host that sends by one device, against its routes, from an address of choice.
type deviceSender struct {
	*netlab.Namespace
	device, from string
}

func (h deviceSender) answers(network, addr string, port int) bool {
	d := net.Dialer{Timeout: netlab.ProbeTimeout, Control: toDevice(h.device)}
	if h.from != "" {
		d.LocalAddr = &net.UDPAddr{IP: net.ParseIP(h.from)}
	}
	var conn net.Conn
	err := h.Do(func() (err error) {
		conn, err = d.Dial(network, net.JoinHostPort(addr, strconv.Itoa(port)))
		return err
	})
	if err != nil {
		return false
	}
	defer conn.Close()
	return netlab.Echoes(conn)
}

// Two endpoints share a host, each with everything authorized and routed at the end. No host
// outside reaches a client, a client reaches no service of the gateway, and the clients of one endpoint
// do not reach those of the other.
func TestTwoEndpoints(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3, "SALLYPORT_CONSOLE_LISTEN=0.0.0.0:8443", "SALLYPORT_PUBLIC_LISTEN=0.0.0.0:8444", "SALLYPORT_PUBLIC_URL=https://portal.example.test:8444")
	s.CreateNetwork()
	s.CreateCertificates("alice", "bob", "carol")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	first := s.forTest(t)
	s.CreateEndpoint(gateway.Fields{"Name tag": "second", "Client IPv4 CIDR": "10.132.0.0/22", "VPN port": "1194"})
	s.Associate("subnet-a")
	second := s
	for _, e := range []*site{first, second} {
		e.WaitText("", "available")
	}
	alice := netlab.ConnectClient(t, s.clients[0], first.Profile("alice"))
	bob := netlab.ConnectClient(t, s.clients[1], second.Profile("bob"))
	both := netlab.ConnectClient(t, s.clients[2], first.Profile("carol"))
	netlab.ConnectClient(t, s.clients[2], second.Profile("carol"))
	alice.On.Serve(t, netlab.EchoPort)
	bob.On.Serve(t, netlab.EchoPort)
	both.On.Serve(t, netlab.EchoPort)

	// Each endpoint has its own rules, also for a host that is connected to both.
	first.Authorize("10.0.1.0/24")
	second.Authorize("10.0.2.0/24")
	first.WaitRow("/rules", "10.0.1.0/24", "active")
	second.WaitRow("/rules", "10.0.2.0/24", "active")
	devices := map[string]string{first.prefix(): "", second.prefix(): ""}
	for _, device := range []string{"tun0", "tun1"} {
		addr := both.AddressOn(t, device).String()
		devices[addr[:len("10.128.")]] = device
	}
	onFirst, onSecond := deviceSender{both.On, devices[first.prefix()], ""}, deviceSender{both.On, devices[second.prefix()], ""}
	for _, network := range []string{"tcp4", "udp4"} {
		for _, h := range []deviceSender{{alice.On, "tun0", ""}, onFirst} {
			if !h.answers(network, addrHostA, netlab.EchoPort) {
				t.Errorf("%s: the first endpoint's rule gives no access to %s", network, h.device)
			}
		}
		for _, h := range []deviceSender{{bob.On, "tun0", ""}, onSecond} {
			if !h.answers(network, addrHostB, netlab.EchoPort) {
				t.Errorf("%s: the second endpoint's rule gives no access to %s", network, h.device)
			}
		}
		wantNone(t, []probe{
			{network + ": a client of the first reaches what only the second authorizes", func() bool { return deviceSender{alice.On, "tun0", ""}.answers(network, addrHostB, netlab.EchoPort) }},
			{network + ": a client of the second reaches what only the first authorizes", func() bool { return deviceSender{bob.On, "tun0", ""}.answers(network, addrHostA, netlab.EchoPort) }},
			{network + ": on both, the first lets through what the second authorizes", func() bool { return onFirst.answers(network, addrHostB, netlab.EchoPort) }},
			{network + ": on both, the second lets through what the first authorizes", func() bool { return onSecond.answers(network, addrHostA, netlab.EchoPort) }},
		})
	}

	for _, e := range []*site{first, second} {
		e.Authorize("0.0.0.0/0")
		e.AddRoute("0.0.0.0/0", "subnet-a")
		e.WaitRow("/rules", "0.0.0.0/0", "active")
		e.WaitRow("/routes", "0.0.0.0/0", "active")
		e.Remove("/rules", map[*site]string{first: "10.0.1.0/24", second: "10.0.2.0/24"}[e], "Remove authorization rule")
	}
	for _, c := range []*netlab.Client{alice, bob} {
		netlab.Eventually(t, 20*time.Second, "the internet answers "+c.On.Name, func() bool { return c.On.Answers(addrInternet, netlab.EchoPort) })
	}
	t.Run("outsiders", func(t *testing.T) { outsideHostsReachNoClient(t, s, alice) })
	t.Run("gateway", func(t *testing.T) { gatewayIsClosedToClients(t, s, alice, first.prefix()+"0.1") })
	t.Run("clients", func(t *testing.T) {
		clientsAreIsolated(t, alice, bob, both.AddressOn(t, devices[first.prefix()]).String())
	})
	t.Run("spoofed", func(t *testing.T) { spoofedSourcesAreDropped(t, s, alice) })
	t.Run("workers", func(t *testing.T) { workersAnswerThroughThePublicPortAlone(t, first) })
	t.Run("socket", func(t *testing.T) { socketChecksItsPeer(t, s.Gateway) })
}

// prefix is the common beginning of the endpoint's client addresses.
func (s *site) prefix() string {
	s.T.Helper()
	if strings.Contains(s.Get(s.Endpoint).Text(), "10.132.0.0/22") {
		return "10.132."
	}
	return "10.128."
}

func outsideHostsReachNoClient(t *testing.T, s *site, c *netlab.Client) {
	addr := c.Address(t).String()
	// A network behind the client, as an office router would have: it stays unreachable even
	// where the gateway's own routes lead there.
	const behind = "10.99.0.1"
	c.On.IP(t, "addr", "add", behind+"/32", "dev", "lo")
	device := strings.Fields(s.gatewayHost.IP(t, "route", "get", addr))[2]
	s.gatewayHost.IP(t, "route", "add", behind+"/32", "dev", device)
	if !c.On.Reaches(addr, netlab.EchoPort) || !c.On.Reaches(behind, netlab.EchoPort) {
		t.Fatal("the client's own services do not answer the client")
	}
	var probes []probe
	for _, n := range []*netlab.Namespace{s.internet, s.hostA, s.hostB, s.left, s.right} {
		for _, to := range []string{addr, behind} {
			probes = append(probes,
				probe{n.Name + " opens a TCP connection to " + to, func() bool { return n.AnswersTCP(to, netlab.EchoPort) }},
				probe{n.Name + " reaches " + to + " by UDP", func() bool { return n.AnswersUDP(to, netlab.EchoPort) }})
		}
	}
	wantNone(t, probes)

	// No packet arrives either: a missing answer can have other reasons. The answer of an authorized
	// host afterwards comes the same way and marks the end.
	got := sink(t, c.On)
	for _, n := range []*netlab.Namespace{s.internet, s.hostA, s.hostB, s.left, s.right} {
		for _, to := range []string{addr, behind} {
			if err := sendDatagram(n, to, "from "+n.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !c.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("a host that is authorized does not answer")
	}
	for len(got) > 0 {
		t.Errorf("a datagram arrived at the client: %s", <-got)
	}
}

const sinkPort = 7400

// sink gives the datagrams that arrive at a host.
func sink(t testing.TB, on *netlab.Namespace) <-chan string {
	t.Helper()
	got := make(chan string, 100)
	err := on.Do(func() error {
		u, err := net.ListenPacket("udp4", fmt.Sprintf(":%d", sinkPort))
		if err != nil {
			return err
		}
		t.Cleanup(func() { u.Close() })
		go func() {
			for b := make([]byte, 64); ; {
				n, _, err := u.ReadFrom(b)
				if err != nil {
					return
				}
				got <- string(b[:n])
			}
		}()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// send sends one datagram to a host's sink. A refusal that comes back is no error.
func sendDatagram(n *netlab.Namespace, addr, text string) error {
	return n.Do(func() error {
		conn, err := net.Dial("udp4", net.JoinHostPort(addr, strconv.Itoa(sinkPort)))
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Write([]byte(text))
		return err
	})
}

func gatewayIsClosedToClients(t *testing.T, s *site, c *netlab.Client, inside string) {
	const ssh, console, pages = 22, 8443, 8444
	s.gatewayHost.Serve(t, ssh)
	tunnel := deviceSender{c.On, "tun0", ""}
	if !(deviceSender{c.On, "eth0", ""}).answers("tcp4", gatewayWAN, ssh) {
		t.Fatal("the server on the ssh port does not answer on the public address")
	}
	for _, port := range []int{console, pages} {
		c.On.MustDial(t, "tcp4", gatewayWAN, port)
	}
	var probes []probe
	for _, to := range []string{inside, gatewayWAN, "10.0.1.1", "10.0.2.1", "198.51.100.1", "172.30.1.1", "172.30.2.1"} {
		for _, port := range []int{ssh, console, pages} {
			probes = append(probes, probe{fmt.Sprintf("%s:%d answers through the tunnel", to, port), func() bool { return tunnel.opens(to, port) }})
		}
		probes = append(probes, probe{to + " answers a datagram through the tunnel", func() bool { return tunnel.answers("udp4", to, ssh) }})
	}
	wantNone(t, probes)
	if out, err := c.On.Exec("ping", "-c", "1", "-W", "2", "-I", "tun0", inside).CombinedOutput(); err != nil {
		t.Errorf("the tunnel's gateway address does not answer ping: %s", out)
	}
	if c.On.Exec("ping", "-c", "1", "-W", "1", "-I", "tun0", "10.0.1.1").Run() == nil {
		t.Error("another address of the gateway answers ping through the tunnel")
	}
}

// opens tells whether a TCP connection is made, whatever is spoken on it.
func (h deviceSender) opens(addr string, port int) bool {
	d := net.Dialer{Timeout: netlab.ProbeTimeout, Control: toDevice(h.device)}
	return h.Do(func() error {
		conn, err := d.Dial("tcp4", net.JoinHostPort(addr, strconv.Itoa(port)))
		if err == nil {
			conn.Close()
		}
		return err
	}) == nil
}

func clientsAreIsolated(t *testing.T, a, b *netlab.Client, neighbour string) {
	other := b.Address(t).String()
	mine := a.Address(t).String()
	wantNone(t, []probe{
		{"a client reaches one of another endpoint by TCP", func() bool { return (deviceSender{a.On, "tun0", ""}).answers("tcp4", other, netlab.EchoPort) }},
		{"a client reaches one of another endpoint by UDP", func() bool { return (deviceSender{a.On, "tun0", ""}).answers("udp4", other, netlab.EchoPort) }},
		{"a client of the second endpoint reaches the first's by TCP", func() bool { return (deviceSender{b.On, "tun0", ""}).answers("tcp4", mine, netlab.EchoPort) }},
		{"a client of the second endpoint reaches the first's by UDP", func() bool { return (deviceSender{b.On, "tun0", ""}).answers("udp4", mine, netlab.EchoPort) }},
		{"a client reaches another of its endpoint by TCP", func() bool { return (deviceSender{a.On, "tun0", ""}).answers("tcp4", neighbour, netlab.EchoPort) }},
		{"a client reaches another of its endpoint by UDP", func() bool { return (deviceSender{a.On, "tun0", ""}).answers("udp4", neighbour, netlab.EchoPort) }},
	})
}

func spoofedSourcesAreDropped(t *testing.T, s *site, c *netlab.Client) {
	got := sink(t, s.hostA)
	honest := c.Address(t).String()
	sources := []string{"10.128.3.77", "10.132.0.77", "172.30.1.10", "198.51.100.77", honest}
	for _, from := range sources {
		if from != honest {
			c.On.IP(t, "addr", "add", from+"/32", "dev", "lo")
		}
		err := c.On.Do(func() error {
			d := net.Dialer{Control: toDevice("tun0"), LocalAddr: &net.UDPAddr{IP: net.ParseIP(from)}}
			conn, err := d.Dial("udp4", net.JoinHostPort(addrHostA, strconv.Itoa(sinkPort)))
			if err != nil {
				return err
			}
			defer conn.Close()
			_, err = conn.Write([]byte(from))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// The packet with the true source was sent last and arrives; an earlier one would be there before.
	select {
	case from := <-got:
		if from != honest {
			t.Errorf("a packet from the forged source %s arrived", from)
		}
	case <-time.After(20 * time.Second):
		t.Error("the packet with the true source did not arrive")
	}
}

// A worker answers through the public port, not on its own.
func workersAnswerThroughThePublicPortAlone(t *testing.T, s *site) {
	s.topology.addClient(t, 10)
	n := s.topology.clients[len(s.topology.clients)-1]
	profile := s.Profile("bob")
	public := fmt.Sprintf("remote %s 443", gatewayWAN)
	if !strings.Contains(profile, public) {
		t.Fatalf("the profile has no line %q", public)
	}
	listening := netlab.Run(t, "ip", "netns", "exec", s.gatewayHost.Name, "ss", "-Hlnu")
	var tries []*netlab.Client
	for port := 21000; port < 21010; port++ {
		if strings.Contains(listening, ":"+strconv.Itoa(port)+" ") {
			tries = append(tries, netlab.StartClient(t, n, strings.Replace(profile, public, fmt.Sprintf("remote %s %d", gatewayWAN, port), 1)))
		}
	}
	if len(tries) == 0 {
		t.Fatalf("no worker listens: %s", listening)
	}
	// A client repeats its first packet after one and after three seconds.
	time.AfterFunc(3500*time.Millisecond, func() {
		for _, c := range tries {
			c.Kill()
		}
	})
	for _, c := range tries {
		<-c.Done()
		switch said := c.Log(); {
		case strings.Contains(said, "TLS: Initial packet"):
			t.Errorf("a worker answers on its own port: %s", said)
		case !strings.Contains(said, "UDPv4 link remote"):
			t.Errorf("a client did not even send: %s", said)
		}
	}
	netlab.ConnectClient(t, n, profile)
}

// Only web and root may use the socket of the dataplane: its mode says so, and the dataplane checks the
// peer's user.
func socketChecksItsPeer(t *testing.T, g *gateway.Gateway) {
	path := filepath.Join(g.Dir, "run/socket/dataplane.sock")
	for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o750, path: 0o660} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
	const web, other = 69999, 65533
	for _, who := range []struct {
		uid, gid int
		answered bool
	}{{0, 0, true}, {web, web, true}, {other, other, false}, {other, web, false}} {
		if err := statusAsUser(path, who.uid, who.gid); (err == nil) != who.answered {
			t.Errorf("user %d of group %d asks the dataplane: %v, want answered %t", who.uid, who.gid, err, who.answered)
		}
	}
}

// statusAsUser asks for the status on a thread of another user.
func statusAsUser(path string, uid, gid int) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // not unlocked: the thread ends with the goroutine
		done <- func() error {
			if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); errno != 0 {
				return fmt.Errorf("setgroups: %w", errno)
			}
			if _, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)); errno != 0 {
				return fmt.Errorf("setresgid: %w", errno)
			}
			if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)); errno != 0 {
				return fmt.Errorf("setresuid: %w", errno)
			}
			conn, err := net.DialTimeout("unix", path, 2*time.Second)
			if err != nil {
				return err
			}
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(3 * time.Second))
			if _, err := fmt.Fprint(conn, "GET /v1/status HTTP/1.1\r\nHost: dataplane\r\nConnection: close\r\n\r\n"); err != nil {
				return err
			}
			b := make([]byte, 12)
			if _, err := conn.Read(b); err != nil {
				return err
			}
			if want := fmt.Sprintf("HTTP/1.1 %d", http.StatusOK); string(b) != want {
				return errors.New(string(b))
			}
			return nil
		}()
	}()
	return <-done
}
