package lab

import (
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// floodTime is how long each flood lasts (LAB_FLOOD_SECONDS).
func floodTime() time.Duration {
	if n, err := strconv.Atoi(os.Getenv("LAB_FLOOD_SECONDS")); err == nil {
		return time.Duration(n) * time.Second
	}
	return 2 * time.Second
}

// floodSettings are those of a flooded gateway: one worker, which the connected client shares with the
// flood. LAB_FLOOD_UNLIMITED takes the limits away, which makes these tests fail.
func floodSettings() []string {
	settings := []string{"SALLYPORT_WORKERS=1"}
	if os.Getenv("LAB_FLOOD_UNLIMITED") != "" {
		settings = append(settings, "SALLYPORT_NEW_FLOWS_PER_SOURCE=0")
	}
	return settings
}

// flood sends until stop is closed; it runs in the namespace of the host that it comes from and gives the
// number of what it sent.
type flood func(stop <-chan struct{}, profile string) int

const (
	// floodSlow is what a ping may take in any case: the machine of the tests has other work.
	floodSlow = 25 * time.Millisecond
	// floodMemory is what a worker may hold after a flood of one host: its burst of new flows, 500, with
	// some 300 kB each. floodFullMemory is the same for as many clients as a worker with 1,023 addresses
	// takes: hosts with many addresses.
	floodMemory     = 200 << 20
	floodFullMemory = 650 << 20
	// floodSources is from how many addresses more a flood of many comes.
	floodSources = 20
)

// A host floods the VPN port: a connected client of the same worker loses no ping and is not slowed, a
// client connects within five seconds, and the memory of the worker stays bounded. Each flood comes from
// a host of its own, whose burst is not spent yet.
func TestFlood(t *testing.T) {
	t.Parallel()
	floods := []struct {
		name   string
		send   flood
		memory int // bytes that the worker may hold then
	}{
		{"half-open handshakes", sendHalfOpen, floodMemory},
		{"garbage without the key", sendGarbage, floodMemory},
		{"repeated first packet", sendRepeated, floodMemory},
		{"half-open handshakes from many addresses", sendHalfOpen, floodFullMemory},
	}
	b := newBusySite(t, 1, floodSettings()...)
	for i := range len(floods) + 1 {
		b.addClient(t, 1+i)
	}
	b.IssueCertificate("late")
	profile := b.Profile("late")
	worker := b.Process(t, "openvpn")
	late := b.clients[len(floods)+1]
	for n := range floodSources {
		b.clients[len(floods)].IP(t, "address", "add", fmt.Sprintf("192.0.2.%d/24", 200+n), "dev", "eth0")
	}
	before := resident(t, worker)
	peak := before
	quiet := pings(t, b.clients[0], floodTime())
	t.Logf("quiet: %v; worker %d MB", quiet, resident(t, worker)>>20)
	for i, f := range floods {
		floodFrom(t, b.clients[1+i], f.name, func(stop <-chan struct{}) int { return f.send(stop, profile) }, func() {
			began := time.Now()
			c := netlab.StartClient(t, late, profile)
			netlab.Eventually(t, 5*time.Second, "a client connects within 5 s during "+f.name, func() bool { return c.Ups() == 1 })
			in := time.Since(began)
			during := pings(t, b.clients[0], floodTime())
			memory := resident(t, worker)
			t.Logf("%s: %v; a client connected in %d ms; worker %d MB", f.name, during, in.Milliseconds(), memory>>20)
			if during.slowerThan(quiet) {
				t.Errorf("%s: the connected client's pings: %v, quiet: %v", f.name, during, quiet)
			}
			peak = max(peak, memory)
			if memory > f.memory {
				t.Errorf("%s: the worker holds %d MB", f.name, memory>>20)
			}
			c.Leave(t)
		})
	}
	b.waitTransfers(t, "the floods")
	waitMemory(t, worker, before, peak)
}

// waitMemory waits until a worker has given back what floods took: handshakes that were left end within 40 s.
func waitMemory(t *testing.T, worker, before, peak int) {
	t.Helper()
	began, now := time.Now(), 0
	defer func() {
		t.Logf("the worker held %d MB before, %d MB during the floods, and %d MB %.0f s after them", before>>20, peak>>20, now>>20, time.Since(began).Seconds())
	}()
	netlab.Eventually(t, time.Minute, "the memory of the worker comes back", func() bool {
		now = resident(t, worker)
		return now-before < (peak-before)/3
	})
}

// A host opens TCP connections to the port of a TCP endpoint and sends nothing: another client connects, the
// connections are closed, and the memory of the worker stays bounded and comes back when the host has stopped.
func TestSilentConnections(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3, floodSettings()...)
	s.CreateNetwork()
	s.CreateCertificates("alice", "late")
	s.CreateEndpoint(gateway.Fields{"Transport Protocol": "TCP"})
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitText("", "available")
	netlab.ConnectClient(t, s.clients[0], s.Profile("alice"))
	profile := s.Profile("late")
	worker := s.Process(t, "openvpn")
	quiet := pings(t, s.clients[0], floodTime())
	t.Logf("quiet: %v; worker %d MB", quiet, resident(t, worker)>>20)
	before := resident(t, worker)
	var open, closed atomic.Int64
	peak := before
	floodFrom(t, s.clients[1], "silent connections", func(stop <-chan struct{}) int { return openSilent(stop, &open, &closed) }, func() {
		began := time.Now()
		c := netlab.StartClient(t, s.clients[2], profile)
		netlab.Eventually(t, 5*time.Second, "a client connects within 5 s beside silent connections", func() bool { return c.Ups() == 1 })
		in := time.Since(began)
		during := pings(t, s.clients[0], floodTime())
		memory := resident(t, worker)
		peak = max(peak, memory)
		t.Logf("%d silent connections: %v; a client connected in %d ms; worker %d MB", open.Load(), during, in.Milliseconds(), memory>>20)
		if during.slowerThan(quiet) {
			t.Errorf("the connected client's pings: %v, quiet: %v", during, quiet)
		}
		// The burst of one address, and what it may open in the time.
		if most := 500 + 5*int64(time.Since(began)/time.Second+5); open.Load() > most || memory > floodMemory {
			t.Errorf("%d connections are open, want at most %d; the worker holds %d MB", open.Load(), most, memory>>20)
		}
		netlab.Eventually(t, time.Minute, "the connections that were opened first are closed", func() bool { return closed.Load() >= 400 })
		t.Logf("%d silent connections were closed within %.0f s", closed.Load(), time.Since(began).Seconds())
	})
	waitMemory(t, worker, before, peak) // with the host its last connections are gone
}

// floodFrom runs then while a host sends.
func floodFrom(t *testing.T, host *netlab.Namespace, name string, send func(stop <-chan struct{}) int, then func()) {
	t.Helper()
	stop, done := make(chan struct{}), make(chan struct{})
	sent := 0
	began := time.Now()
	go func() {
		defer close(done)
		_ = host.Do(func() error { sent = send(stop); return nil })
	}()
	defer func() {
		close(stop)
		<-done
		t.Logf("%s: %d sent in %.1f s", name, sent, time.Since(began).Seconds())
	}()
	then()
}

// roundTrips are the pings of a client.
type roundTrips struct {
	sent, lost int
	p50, p99   time.Duration
}

func (r roundTrips) String() string {
	return fmt.Sprintf("%d of %d pings lost, p50 %.1f ms, p99 %.1f ms", r.lost, r.sent, r.p50.Seconds()*1000, r.p99.Seconds()*1000)
}

// slowerThan tells whether a flood was noticed. Of the slowest percent it judges in long runs alone: in two
// seconds that is two pings, and the machine of the tests has other work.
func (r roundTrips) slowerThan(quiet roundTrips) bool {
	slow := r.p50 > max(2*quiet.p50, floodSlow) || floodTime() > 10*time.Second && r.p99 > max(2*quiet.p99, floodSlow)
	return r.lost > quiet.lost || slow
}

// pings sends 50 pings a second through a client's tunnel.
func pings(t *testing.T, client *netlab.Namespace, d time.Duration) (r roundTrips) {
	t.Helper()
	r.sent = int(d / pace)
	out, _ := client.Exec("ping", "-n", "-i", "0.02", "-c", strconv.Itoa(r.sent), "-W", "3", addrHostA).CombinedOutput()
	var all []float64
	for _, line := range strings.Split(string(out), "\n") {
		if _, after, ok := strings.Cut(line, " time="); ok {
			ms, err := strconv.ParseFloat(strings.TrimSuffix(after, " ms"), 64)
			if err == nil {
				all = append(all, ms)
			}
		}
	}
	if len(all) == 0 {
		t.Fatalf("no ping was answered: %s", out)
	}
	at := func(q float64) time.Duration { return time.Duration(quantile(all, q) * float64(time.Millisecond)) }
	r.lost, r.p50, r.p99 = r.sent-len(all), at(0.5), at(0.99)
	return r
}

// resident is the memory of a process in bytes.
func resident(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := strconv.Atoi(strings.Fields(string(text))[1])
	return pages * os.Getpagesize()
}

// sendGarbage sends what looks like first packets, 10,000 a second from 500 ports.
func sendGarbage(stop <-chan struct{}, _ string) int {
	packet := make([]byte, 54)
	_, _ = rand.Read(packet)
	packet[0] = firstPacket
	return repeat(stop, 500, 100, packet)
}

// sendRepeated sends the same genuine first packet, 3,000 a second from 50 ports.
func sendRepeated(stop <-chan struct{}, profile string) int {
	return repeat(stop, 50, 30, newHandshake(profile).first())
}

// repeat sends a packet from many ports, perTick of them every 10 ms.
func repeat(stop <-chan struct{}, ports, perTick int, packet []byte) (sent int) {
	sockets := make([]net.Conn, 0, ports)
	for range ports {
		c, err := net.Dial("udp4", gatewayWAN+":443")
		if err != nil {
			return 0
		}
		defer c.Close()
		sockets = append(sockets, c)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		for range perTick {
			_, _ = sockets[sent%len(sockets)].Write(packet)
			sent++
		}
		select {
		case <-stop:
			return sent
		case <-tick.C:
		}
	}
}

// sendHalfOpen begins handshakes with the endpoint's key, 100 at a time from each address of the host and 1,500
// in a second, and leaves them after the client's first TLS message. More would measure how this program and
// the worker share the machine's processors.
func sendHalfOpen(stop <-chan struct{}, profile string) int {
	var begun atomic.Int64
	sources, key := addresses(), newHandshake(profile)
	free := make(chan struct{}, 100*len(sources))
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		if n >= 100 && n%15 == 0 {
			<-tick.C
		}
		select {
		case <-stop:
			return int(begun.Load())
		case free <- struct{}{}:
		}
		c, err := net.DialUDP("udp4", &net.UDPAddr{IP: sources[n%len(sources)]}, &net.UDPAddr{IP: net.ParseIP(gatewayWAN), Port: 443})
		if err != nil {
			return 0
		}
		go func() {
			defer func() { c.Close(); <-free }()
			h := key.another()
			_, _ = c.Write(h.first())
			reply := make([]byte, 2000)
			_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
			if n, err := c.Read(reply); err == nil && n > 9 {
				_, _ = c.Write(h.hello(reply[1:9]))
				begun.Add(1)
			}
		}()
	}
}

// addresses are those of the host's link.
func addresses() (all []net.IP) {
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		return nil
	}
	on, _ := link.Addrs()
	for _, a := range on {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
			all = append(all, n.IP)
		}
	}
	return all
}

// openSilent opens TCP connections, keeps them and sends nothing. open counts those that are open, closed
// those that the server closed.
func openSilent(stop <-chan struct{}, open, closed *atomic.Int64) (tried int) {
	for {
		select {
		case <-stop:
			return tried
		default:
		}
		tried++
		c, err := net.DialTimeout("tcp4", gatewayWAN+":443", 20*time.Millisecond)
		if err != nil {
			continue
		}
		open.Add(1)
		go func() { // until the server closes it
			_, _ = c.Read(make([]byte, 1))
			open.Add(-1)
			closed.Add(1)
			c.Close()
		}()
		defer c.Close()
	}
}
