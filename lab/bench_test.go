package lab

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The benchmarks run our endpoint and stock OpenVPN in turns, in one run on one machine, and
// report ratios: the machine's own speed is no result.

// turns is how often each side is measured; the median counts.
const turns = 9

// blast is how long one stream runs.
const blast = time.Second

const blastPort = 7100

// settle is how long both sides clear up after a round, so that neither does it in the other's.
const settle = 1500 * time.Millisecond

// benchSite is a site whose clients may reach host A. Its run directory is in memory, as /run is
// on every host with systemd.
func benchSite(b *testing.B, clients int) (*site, []string) {
	b.Helper()
	run, err := os.MkdirTemp("/dev/shm", "sallyport-lab-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(run) })
	if err := os.Chmod(run, 0o755); err != nil {
		b.Fatal(err)
	}
	s := newSite(b, clients, "SALLYPORT_RUN_DIR="+filepath.Join(run, "run"))
	names := make([]string, max(clients, 1))
	for i := range names {
		names[i] = fmt.Sprintf("user%d", i)
	}
	s.createNetwork()
	s.createCertificates(names...)
	s.createEndpoint(nil)
	s.associate("subnet-a")
	s.authorize("10.0.1.0/24")
	s.shows("", "available")
	profiles := make([]string, len(names))
	for i, name := range names {
		profiles[i] = s.profile(name)
	}
	return s, profiles
}

// One TCP stream and four in parallel, both ways, as a share of what bare OpenVPN carries.
func BenchmarkThroughput(b *testing.B) {
	const clients = 4
	ours, profiles := benchSite(b, clients)
	bare := startBareServer(b, clients)
	for i := range clients {
		connectVPN(b, ours.clients[i], profiles[i])
		connectVPN(b, bare.clients[i], bare.profile)
	}
	for _, w := range []*topology{ours.topology, bare.topology} {
		serveBlasts(b, w.hostA)
	}
	b.ResetTimer()
	for _, streams := range []int{1, clients} {
		for _, way := range []string{"up", "down"} {
			var mine, theirs []float64
			for range turns {
				theirs = append(theirs, megabits(b, bare.clients[:streams], way))
				mine = append(mine, megabits(b, ours.clients[:streams], way))
			}
			name := fmt.Sprintf("%d_%s", streams, way)
			b.ReportMetric(median(mine)/median(theirs), name+"_ratio")
			b.Logf("%s: ours %.0f Mbit/s, bare %.0f Mbit/s, medians of %d", name, median(mine), median(theirs), turns)
		}
	}
}

// serveBlasts serves streams: a client sends "u" and data, or "d" and reads data.
func serveBlasts(b *testing.B, on *namespace) {
	b.Helper()
	err := on.do(func() error {
		l, err := net.Listen("tcp4", fmt.Sprintf(":%d", blastPort))
		if err != nil {
			return err
		}
		b.Cleanup(func() { l.Close() })
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					var way [1]byte
					if _, err := io.ReadFull(conn, way[:]); err != nil {
						return
					}
					if way[0] == 'u' {
						_, _ = io.Copy(io.Discard, conn)
						return
					}
					_, _ = io.Copy(conn, zero{})
				}()
			}
		}()
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// megabits runs one stream from each client for a while and gives their sum in Mbit/s.
func megabits(b *testing.B, clients []*namespace, way string) float64 {
	b.Helper()
	var total int64
	var mu sync.Mutex
	var running sync.WaitGroup
	for _, n := range clients {
		conn, err := n.dialTCP(addrHostA, blastPort)
		if err != nil {
			b.Fatal(err)
		}
		running.Go(func() {
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(blast))
			var moved int64
			if way == "up" {
				_, _ = conn.Write([]byte("u"))
				moved, _ = io.Copy(conn, struct{ io.Reader }{zero{}})
			} else {
				_, _ = conn.Write([]byte("d"))
				moved, _ = io.Copy(io.Discard, conn)
			}
			mu.Lock()
			defer mu.Unlock()
			total += moved
		})
	}
	running.Wait()
	return float64(total) * 8 / blast.Seconds() / 1e6
}

// From pressing "Add authorization rule" to the first answer of the host that it opens.
func BenchmarkRuleToPacket(b *testing.B) {
	s, profiles := benchSite(b, 1)
	connectVPN(b, s.clients[0], profiles[0])
	s.remove("/rules", "10.0.1.0/24", "Remove authorization rule")
	s.hides("/rules", "10.0.1.0/24")
	b.ResetTimer()
	var took []float64
	for range 30 {
		stop := make(chan struct{})
		first := firstAnswer(b, s.clients[0], stop)
		began := time.Now()
		s.authorize("10.0.1.0/24")
		select {
		case at := <-first:
			took = append(took, float64(at.Sub(began).Microseconds())/1000)
		case <-time.After(10 * time.Second):
			b.Fatal("no packet passes 10 s after the rule was saved")
		}
		close(stop)
		s.remove("/rules", "10.0.1.0/24", "Remove authorization rule")
		s.hides("/rules", "10.0.1.0/24")
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50_ms")
	b.ReportMetric(took[len(took)*95/100], "p95_ms")
}

// firstAnswer sends a datagram every few milliseconds until one is answered.
func firstAnswer(b *testing.B, n *namespace, stop chan struct{}) chan time.Time {
	b.Helper()
	var conn net.Conn
	err := n.do(func() (err error) {
		conn, err = net.Dial("udp4", net.JoinHostPort(addrHostA, strconv.Itoa(echoPort)))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	first := make(chan time.Time, 1)
	go func() {
		var b [16]byte
		if _, err := conn.Read(b[:]); err == nil {
			first <- time.Now()
		}
	}()
	go func() {
		defer conn.Close()
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				_, _ = conn.Write([]byte("x"))
			}
		}
	}()
	return first
}

// A hundred clients at once: the time until the last is connected, as a multiple of bare
// OpenVPN's. Each client is a real process without a configured device.
func BenchmarkHundredLogins(b *testing.B) {
	const clients, rounds = 100, 7
	ours, profiles := benchSite(b, 1)
	bare := startBareServer(b, 1)
	b.ResetTimer()
	var mine, theirs []float64
	for range rounds {
		theirs = append(theirs, allConnected(b, bare.clients[0], bare.profile, clients))
		<-time.After(settle)
		mine = append(mine, allConnected(b, ours.clients[0], profiles[0], clients))
		<-time.After(settle)
	}
	b.ReportMetric(median(mine)/median(theirs), "ratio")
	b.ReportMetric(slices.Min(mine)/slices.Min(theirs), "fastest_ratio")
	b.Logf("ours %.2f s, bare %.2f s, medians of %d; all: %.2f, %.2f", median(mine), median(theirs), rounds, mine, theirs)
}

// allConnected starts clients together and gives the seconds until the last is connected.
func allConnected(b *testing.B, on *namespace, profile string, count int) float64 {
	b.Helper()
	dir := b.TempDir()
	file := filepath.Join(dir, "client.ovpn")
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		b.Fatal(err)
	}
	logs := make([]string, count)
	var running sync.WaitGroup
	began := time.Now()
	stop := make([]func(), 0, count)
	for i := range count {
		logs[i] = filepath.Join(dir, fmt.Sprintf("%d.log", i))
		cmd := on.exec("openvpn", "--config", file, "--log", logs[i], "--dev", fmt.Sprintf("load%d", i), "--dev-type", "tun",
			"--ifconfig-noexec", "--route-noexec", "--disable-dco", "--verb", "1")
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		stop = append(stop, func() { _ = cmd.Process.Signal(os.Interrupt) })
		running.Go(func() { _ = cmd.Wait() })
	}
	eventually(b, 60*time.Second, "all clients are connected", func() bool {
		for _, path := range logs {
			text, _ := os.ReadFile(path)
			if !strings.Contains(string(text), upLine) {
				return false
			}
		}
		return true
	})
	took := time.Since(began).Seconds()
	for _, f := range stop {
		f()
	}
	running.Wait()
	return took
}

// Memory and processor time of both processes with an endpoint and nobody connected.
func BenchmarkIdle(b *testing.B) {
	s, _ := benchSite(b, 0)
	b.ResetTimer()
	const watch = 10 * time.Second
	before := map[string]float64{}
	for _, p := range []string{"web", "dataplane"} {
		before[p] = cpuSeconds(b, s.one(b, p))
	}
	timer := time.NewTimer(watch)
	<-timer.C
	for _, p := range []string{"web", "dataplane"} {
		pid := s.one(b, p)
		rss, _, _ := strings.Cut(processStatus(b, pid)["VmRSS"], " ")
		kb, _ := strconv.ParseFloat(rss, 64)
		b.ReportMetric(kb/1024, p+"_MiB")
		b.ReportMetric((cpuSeconds(b, pid)-before[p])/watch.Seconds()*100, p+"_cpu_percent")
	}
}

// cpuSeconds is the processor time that a process has used.
func cpuSeconds(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	f := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	const ticks = 100 // USER_HZ, the same on every Linux architecture that Go knows
	return (user + system) / ticks
}

// From starting the program to the first page, on an empty machine and with data.
func BenchmarkStart(b *testing.B) {
	w := newTopology(b, 0)
	g := prepareGateway(b, w.gateway)
	b.ResetTimer()
	for _, when := range []string{"first", "again"} {
		c := openConsole(b, w.gateway)
		began := time.Now()
		g.start(b)
		if p := c.get("/sign-in"); p.status != 200 {
			b.Fatalf("status %d", p.status)
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), when+"_ms")
		g.stop(b)
	}
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}
