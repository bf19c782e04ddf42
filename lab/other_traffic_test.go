package lab

import (
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// What the host forwards between other networks goes on, and what it does not forward stays blocked,
// through all changes of endpoints. After the program stops the host is as it was.
func TestOtherTrafficOfTheHost(t *testing.T) {
	t.Parallel()
	w := newTopology(t, 1)
	w.serveEcho(t)
	before := w.gatewayState(t)
	there, back := startPingPong(t, w.left, addrRight), startPingPong(t, w.right, addrLeft)
	oneWay := sink(t, w.hostA)
	check := func(when string) {
		t.Helper()
		there.check(t, when)
		back.check(t, when)
		if !w.left.Reaches(addrRight, netlab.EchoPort) || !w.right.Reaches(addrLeft, netlab.EchoPort) {
			t.Errorf("%s: no new flow between hosts of other networks", when)
		}
		// This direction was forwarded before: packets come in by a device with forwarding on.
		if !arrives(t, w.left, oneWay, addrHostA) {
			t.Errorf("%s: datagrams from left to host A no longer arrive", when)
		}
		wantNone(t, []probe{
			{when + ": host A reaches host B through the gateway by TCP", func() bool { return w.hostA.AnswersTCP(addrHostB, netlab.EchoPort) }},
			{when + ": host A reaches host B through the gateway by UDP", func() bool { return w.hostA.AnswersUDP(addrHostB, netlab.EchoPort) }},
			{when + ": host B reaches the internet through the gateway", func() bool { return w.hostB.AnswersTCP(addrInternet, netlab.EchoPort) }},
			{when + ": the internet reaches host A through the gateway", func() bool { return w.internet.AnswersUDP(addrHostA, netlab.EchoPort) }},
		})
	}
	check("before the start")

	g := startGateway(t, w.gatewayHost, "SALLYPORT_ZONES=zone-a,zone-b")
	s := signUp(t, w, g)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.Associate("subnet-b")
	s.WaitRow("/associations", "10.0.1.0/24", "associated")
	s.WaitRow("/associations", "10.0.2.0/24", "associated")
	c := netlab.ConnectClient(t, w.clients[0], s.Profile("alice"))
	s.Authorize("0.0.0.0/0")
	s.AddRoute("0.0.0.0/0", "subnet-a")
	s.WaitRow("/rules", "0.0.0.0/0", "active")
	s.WaitRow("/routes", "0.0.0.0/0", "active")
	for _, addr := range []string{addrHostA, addrHostB} {
		netlab.Eventually(t, 20*time.Second, addr+" answers the client", func() bool { return c.On.Answers(addr, netlab.EchoPort) })
	}
	for _, device := range []string{"neta", "netb"} {
		if w.gatewayHost.ReadFile(t, "/proc/sys/net/ipv4/conf/"+device+"/forwarding") != "1" {
			t.Fatalf("forwarding is not on at %s, where client packets go: the test would prove nothing", device)
		}
	}
	check("with everything authorized")

	s.Remove("/rules", "0.0.0.0/0", "Remove authorization rule")
	s.WaitNoText("/rules", "0.0.0.0/0")
	s.Remove("/associations", "10.0.2.0/24", "Disassociate target network")
	s.WaitNoText("/associations", "10.0.2.0/24")
	check("after changes")

	g.Stop(t)
	check("after the stop")
	sameState(t, before, hostState(t, w.gatewayHost))
	for _, command := range []string{"openvpn", "web", "dataplane"} {
		if left := g.Processes(command); len(left) > 0 {
			t.Errorf("after the stop %s still runs: %v", command, left)
		}
	}
	for _, dir := range []string{"workers", "journal"} {
		files, _ := filepath.Glob(filepath.Join(g.Dir, "run", dir, "*/*"))
		more, _ := filepath.Glob(filepath.Join(g.Dir, "run", dir, "*.sock"))
		if files = append(files, more...); len(files) > 0 {
			t.Errorf("after the stop the run directory still has %v", files)
		}
	}
}

// A host that forwards nothing starts to forward for another program while clients are connected: its
// other traffic passes from then on, also after the stop.
func TestForwardingSwitchedOnLater(t *testing.T) {
	t.Parallel()
	w := newTopology(t, 1)
	w.serveEcho(t)
	for _, device := range []string{"left", "right"} { // nothing forwards before
		w.gatewayHost.Sysctl(t, "net/ipv4/conf/"+device+"/forwarding", "0")
	}
	g := startGateway(t, w.gatewayHost)
	s := signUp(t, w, g)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.Authorize("0.0.0.0/0")
	s.AddRoute("0.0.0.0/0", "subnet-a")
	s.WaitRow("/routes", "0.0.0.0/0", "active")
	c := netlab.ConnectClient(t, w.clients[0], s.Profile("alice"))
	netlab.Eventually(t, 20*time.Second, "host A answers the client", func() bool { return c.On.Answers(addrHostA, netlab.EchoPort) })
	netlab.Eventually(t, repairLimit, "the page says what the guard drops", func() bool {
		text := s.Get("/node").Text()
		return strings.Contains(text, "Forwarding for VPN clients only") && strings.Contains(text, "neta")
	})
	if w.right.AnswersTCP(addrHostA, netlab.EchoPort) {
		t.Error("before the host forwards, others reach host A")
	}

	w.gatewayHost.Sysctl(t, "net/ipv4/ip_forward", "1")
	netlab.Eventually(t, repairLimit, "a host behind another interface reaches host A", func() bool { return w.right.AnswersTCP(addrHostA, netlab.EchoPort) })
	netlab.Eventually(t, repairLimit, "the page forgets the guard", func() bool {
		return !strings.Contains(s.Get("/node").Text(), "Forwarding for VPN clients only")
	})
	if !c.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("the client no longer reaches host A")
	}
	wantNone(t, []probe{{"the internet reaches a client", func() bool { return w.internet.AnswersUDP(c.Address(t).String(), netlab.EchoPort) }}})

	g.Stop(t)
	for _, device := range []string{"all", "neta", "netb", "inet", "left"} {
		if w.gatewayHost.ReadFile(t, "/proc/sys/net/ipv4/conf/"+device+"/forwarding") != "1" {
			t.Errorf("after the stop %s does not forward", device)
		}
	}
	if !w.right.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("after the stop the host does not forward what it forwarded before")
	}
}

// gatewayState is hostState of the gateway, once every device has its carrier.
func (w *topology) gatewayState(t testing.TB) map[string]string {
	t.Helper()
	netlab.Eventually(t, 20*time.Second, "every device of the gateway has a carrier", func() bool {
		return !strings.Contains(w.gatewayHost.IP(t, "-o", "link"), "NO-CARRIER") && !strings.Contains(w.gatewayHost.IP(t, "route"), "linkdown")
	})
	return hostState(t, w.gatewayHost)
}

// hostState is everything on a host that the program may change.
func hostState(t testing.TB, n *netlab.Namespace) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, args := range [][]string{
		{"nft", "list", "ruleset"}, {"ip", "-o", "link"}, {"ip", "-4", "-o", "addr"},
		{"ip", "-4", "route", "show", "table", "all"}, {"ip", "rule"}, {"ss", "-Hlnut"},
	} {
		b, err := n.Exec(args...).Output()
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		out[strings.Join(args, " ")] = string(b)
	}
	err := n.Do(func() error {
		return filepath.WalkDir("/proc/sys/net/ipv4", func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if b, err := os.ReadFile(path); err == nil { // some are only written
				out[path] = strings.TrimSpace(string(b))
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameState(t testing.TB, before, after map[string]string) {
	t.Helper()
	all := maps.Clone(before)
	maps.Copy(all, after)
	for _, what := range slices.Sorted(maps.Keys(all)) {
		if before[what] != after[what] {
			t.Errorf("the host is not as before: %s\nwas %q\n is %q", what, before[what], after[what])
		}
	}
}

// pingPong is a TCP connection on which messages go to and fro until the test ends.
type pingPong struct {
	flow
	conn    net.Conn
	longest chan time.Duration
	broken  chan error
}

func startPingPong(t testing.TB, from *netlab.Namespace, to string) *pingPong {
	t.Helper()
	conn := from.MustDial(t, "tcp4", to, netlab.EchoPort)
	p := &pingPong{conn: conn, longest: make(chan time.Duration, 1), broken: make(chan error, 1)}
	p.name = "the connection from " + from.Name + " to " + to
	p.longest <- 0
	go func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for b := make([]byte, 1000); ; <-tick.C {
			sent := time.Now()
			_, err := conn.Write(b)
			for read := 0; err == nil && read < len(b); {
				var n int
				n, err = conn.Read(b[read:])
				read += n
			}
			if err != nil {
				p.broken <- err
				return
			}
			p.take(len(b))
			p.longest <- max(<-p.longest, time.Since(sent))
		}
	}()
	return p
}

// pauseBound allows for two retransmissions. A packet that a rebuilt table drops costs one.
const pauseBound = time.Second

func (p *pingPong) check(t testing.TB, when string) {
	t.Helper()
	select {
	case err := <-p.broken:
		t.Fatalf("%s: %s broke: %v", when, p.name, err)
	default:
	}
	p.waitFlowing(t)
	longest := <-p.longest
	p.longest <- 0
	t.Logf("%s: %s, longest pause %s", when, p.name, longest.Round(time.Millisecond))
	if longest > pauseBound {
		t.Errorf("%s: %s paused for %s", when, p.name, longest)
	}
}

// arrives tells whether a datagram from one host gets to another, which need not be able to answer.
func arrives(t testing.TB, from *netlab.Namespace, at <-chan string, addr string) bool {
	t.Helper()
	if err := sendDatagram(from, addr, "one way"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-at:
		return true
	case <-time.After(10 * time.Second):
		return false
	}
}
