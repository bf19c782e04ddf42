package lab

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// The benchmarks run our endpoint and stock OpenVPN in turns, in one run on one machine, and
// report ratios, which do not depend on the speed of the machine.

// benchSettings are those of the programs that are measured. Their run directory is in memory, as /run is on every host
// with systemd, and one certificate may have any number of connections.
func benchSettings(b *testing.B) []string {
	b.Helper()
	run, err := os.MkdirTemp("/dev/shm", "sallyport-lab-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(run) })
	if err := os.Chmod(run, 0o755); err != nil {
		b.Fatal(err)
	}
	return []string{"SALLYPORT_RUN_DIR=" + filepath.Join(run, "run"), "SALLYPORT_CONNECTIONS_PER_CERTIFICATE=0"}
}

// benchSite is a site whose clients may reach host A.
func benchSite(b *testing.B, clients int) (*site, []string) {
	b.Helper()
	s := newSite(b, clients, benchSettings(b)...)
	names := make([]string, max(clients, 1))
	for i := range names {
		names[i] = fmt.Sprintf("user%d", i)
	}
	s.CreateNetwork()
	s.CreateCertificates(names...)
	s.CreateEndpoint(gateway.Fields{"Listen address": gatewayWAN}) // as bare OpenVPN
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitText("", "available")
	profiles := make([]string, len(names))
	for i, name := range names {
		profiles[i] = s.Profile(name)
	}
	return s, profiles
}

// From pressing "Add authorization rule" to the first answer of the host that it opens.
func BenchmarkRuleToPacket(b *testing.B) {
	s, profiles := benchSite(b, 1)
	netlab.ConnectClient(b, s.clients[0], profiles[0])
	s.Remove("/rules", "10.0.1.0/24", "Remove authorization rule")
	s.WaitNoText("/rules", "10.0.1.0/24")
	b.ResetTimer()
	var took []float64
	for range 30 {
		stop := make(chan struct{})
		first := firstAnswer(b, s.clients[0], stop)
		began := time.Now()
		s.Authorize("10.0.1.0/24")
		select {
		case at := <-first:
			took = append(took, float64(at.Sub(began).Microseconds())/1000)
		case <-time.After(10 * time.Second):
			b.Fatal("no packet passes 10 s after the rule was saved")
		}
		close(stop)
		s.Remove("/rules", "10.0.1.0/24", "Remove authorization rule")
		s.WaitNoText("/rules", "10.0.1.0/24")
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50_ms")
	b.ReportMetric(took[len(took)*95/100], "p95_ms")
}

// firstAnswer sends a datagram every few milliseconds until one is answered.
func firstAnswer(b *testing.B, n *netlab.Namespace, stop chan struct{}) chan time.Time {
	b.Helper()
	var conn net.Conn
	err := n.Do(func() (err error) {
		conn, err = net.Dial("udp4", net.JoinHostPort(addrHostA, strconv.Itoa(netlab.EchoPort)))
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

// Memory and processor time of both processes with an endpoint and no client.
func BenchmarkIdle(b *testing.B) {
	s, _ := benchSite(b, 0)
	b.ResetTimer()
	const watch = 10 * time.Second
	before := map[string]float64{}
	for _, p := range []string{"web", "dataplane"} {
		before[p] = cpuSeconds(b, s.Process(b, p))
	}
	timer := time.NewTimer(watch)
	<-timer.C
	for _, p := range []string{"web", "dataplane"} {
		pid := s.Process(b, p)
		rss, _, _ := strings.Cut(processStatus(b, pid)["VmRSS"], " ")
		kb, _ := strconv.ParseFloat(rss, 64)
		b.ReportMetric(kb/1024, p+"_MiB")
		b.ReportMetric((cpuSeconds(b, pid)-before[p])/watch.Seconds()*100, p+"_cpu_percent")
	}
}

// cpuSeconds is the processor time that processes have used.
func cpuSeconds(b *testing.B, pids ...int) (sum float64) {
	b.Helper()
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			b.Fatal(err)
		}
		f := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
		user, _ := strconv.ParseFloat(f[11], 64)
		system, _ := strconv.ParseFloat(f[12], 64)
		sum += (user + system) / ticks
	}
	return sum
}

// From starting the program to the first page, on an empty machine and with data.
func BenchmarkStart(b *testing.B) {
	w := newTopology(b, 0)
	g := newGateway(b, w.gatewayHost)
	b.ResetTimer()
	for _, when := range []string{"first", "again"} {
		c := gateway.OpenConsole(b, g)
		began := time.Now()
		g.Start(b, "serve")
		if p := c.Get("/sign-in"); p.Status != 200 {
			b.Fatalf("status %d", p.Status)
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), when+"_ms")
		g.Stop(b)
	}
}

// ticks is USER_HZ, the same on every Linux architecture that Go knows.
const ticks = 100

func median(v []float64) float64 { return quantile(v, 0.5) }
