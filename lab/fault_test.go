package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// faultClients is how many clients the tests of faults connect.
const faultClients = 20

// rounds is how often each process is killed (LAB_ROUNDS).
func rounds(t testing.TB) int {
	if n, err := strconv.Atoi(os.Getenv("LAB_ROUNDS")); err == nil {
		return n
	}
	return 20
}

// busySite is a site with clients connected and a transfer through each tunnel.
type busySite struct {
	*site
	vpn       []*netlab.Client
	addresses []string
	transfers []*transfer
	probes    *probes
}

func newBusySite(t *testing.T, clients int, settings ...string) *busySite {
	t.Helper()
	return makeBusy(t, newSite(t, clients, settings...))
}

// makeBusy sets a fresh site up and connects every client that it has.
func makeBusy(t *testing.T, s *site) *busySite {
	t.Helper()
	b := &busySite{site: s}
	b.CreateNetwork()
	names := make([]string, len(b.clients))
	for i := range names {
		names[i] = fmt.Sprintf("user%d", i)
	}
	b.CreateCertificates(names...)
	b.CreateEndpoint(nil)
	b.Associate("subnet-a")
	b.Authorize("10.0.1.0/24")
	b.WaitText("", "available")
	for i, n := range b.clients {
		b.vpn = append(b.vpn, netlab.StartClient(t, n, b.Profile(names[i])))
	}
	for i, c := range b.vpn {
		c.WaitUp(t, 1)
		b.addresses = append(b.addresses, c.Address(t).String())
		b.transfers = append(b.transfers, startTransfer(t, b.clients[i], addrHostA))
	}
	// hostB is routed and not authorized: every client sends packets there all the time.
	b.probes = startProbes(t, b.clients, b.hostB, addrHostB)
	return b
}

// waitTransfers waits until each transfer has gone on, and fails where one lost its connection.
func (b *busySite) waitTransfers(t *testing.T, what string) {
	t.Helper()
	before := make([]uint64, len(b.transfers))
	for i, x := range b.transfers {
		before[i] = x.echoed.Load()
	}
	netlab.Eventually(t, 30*time.Second, "every transfer goes on after "+what, func() bool {
		for i, x := range b.transfers {
			if err := x.err(); err != nil {
				t.Fatalf("after %s: the connection of client %d was lost: %v", what, i, err)
			}
			if x.echoed.Load() <= before[i] {
				return false
			}
		}
		return true
	})
}

func kill(t testing.TB, pids ...int) {
	t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			t.Fatal(err)
		}
	}
}

// Killing web, the dataplane or serve loses no session, no connection and no event, and opens no
// access.
func TestKilledProcesses(t *testing.T) {
	t.Parallel()
	b := newBusySite(t, faultClients)
	for _, victim := range []string{"web", "dataplane", "both", "serve"} {
		for round := range rounds(t) {
			what := fmt.Sprintf("killing %s (%d)", victim, round+1)
			b.killAndWait(t, victim)
			ready := time.Now()
			b.waitTransfers(t, what)
			// serve restarts a process at once if it ran for a second, and with a growing delay
			// otherwise. A new serve starts both without a delay.
			netlab.Eventually(t, 10*time.Second, "the processes count as healthy", func() bool { return victim == "serve" || time.Since(ready) > 1100*time.Millisecond })
			if n := b.probes.arrived.Load(); n > 0 {
				t.Fatalf("after %s: %d unauthorized packets arrived", what, n)
			}
		}
	}
	b.wantSameConnections(t)
	b.wantNewRuleWorks(t)
	t.Logf("%d unauthorized packets were sent, none arrived", b.probes.sent.Load())
}

// killAndWait kills a process, or both, and waits until the next one is ready.
func (s *site) killAndWait(t *testing.T, victim string) {
	t.Helper()
	web, dataplane := s.ReadyCount("web"), s.ReadyCount("dataplane")
	switch victim {
	case "web":
		kill(t, s.Process(t, "web"))
		s.WaitReady(t, "web", web+1)
	case "dataplane":
		kill(t, s.Process(t, "dataplane"))
		s.WaitReady(t, "dataplane", dataplane+1)
	case "both":
		kill(t, s.Process(t, "web"), s.Process(t, "dataplane"))
		s.WaitReady(t, "web", web+1)
		s.WaitReady(t, "dataplane", dataplane+1)
	case "serve":
		s.KillCommand("serve")
		netlab.Eventually(t, 10*time.Second, "both processes end with serve", func() bool {
			return len(s.Processes("web"))+len(s.Processes("dataplane")) == 0
		})
		s.Start(t, "serve")
	}
}

// wantSameConnections checks that the console lists exactly the clients that connected, once each,
// active and under the address that they had from the beginning.
func (b *busySite) wantSameConnections(t *testing.T) {
	t.Helper()
	for i, c := range b.vpn {
		if n := c.Ups(); n != 1 {
			t.Errorf("client %d connected %d times", i, n)
		}
	}
	b.waitConnectionsListed(t)
}

func (b *busySite) waitConnectionsListed(t *testing.T) {
	t.Helper()
	netlab.Eventually(t, 20*time.Second, "the console lists every client once, as active", func() bool {
		seen, rows := map[string]int{}, 0
		for _, tr := range b.Get(b.Endpoint + "/connections?status=active&size=200").Doc.Find("table").First().Find("tbody tr").EachIter() {
			rows++
			for _, line := range tr.Find("td div").EachIter() {
				seen[strings.TrimSpace(line.Text())]++
			}
		}
		for _, a := range b.addresses {
			if seen[a] != 1 {
				return false
			}
		}
		return rows == len(b.addresses)
	})
}

// wantNewRuleWorks checks that a new rule of the console reaches the kernel.
func (b *busySite) wantNewRuleWorks(t *testing.T) {
	t.Helper()
	b.probes.end()
	b.Authorize("10.0.2.0/24")
	b.WaitRow("/rules", "10.0.2.0/24", "active")
	for i, n := range b.clients {
		if !n.ReachesTCP(addrHostB, netlab.EchoPort) {
			t.Fatalf("client %d does not reach a host that was just authorized", i)
		}
	}
}

// A worker that is killed is restarted at once. Its clients reconnect without help within 40 seconds
// and get the address that they had; clients of other workers notice nothing. The workers are killed in
// turn, each when its clients have reconnected from the last time.
func TestKilledWorkers(t *testing.T) {
	t.Parallel()
	const workers = 8
	b := newBusySite(t, faultClients, "SALLYPORT_WORKERS="+strconv.Itoa(workers))
	r := &reconnects{busySite: b, away: map[int]absence{}}
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for n := 0; n < rounds(t) || len(r.away) > 0; <-poll.C {
		r.check(t)
		if n >= rounds(t) {
			continue
		}
		victim := b.workersByDevice(t, workers)[n%workers]
		clients := b.clientsOn(t, victim.device)
		if r.anyAway(clients) {
			continue // its clients have not reconnected yet
		}
		for _, i := range clients {
			r.away[i] = absence{since: time.Now(), ups: b.vpn[i].Ups()}
		}
		kill(t, victim.pid)
		n++
	}
	if n := b.probes.arrived.Load(); n > 0 {
		t.Fatalf("%d unauthorized packets arrived", n)
	}
	b.waitConnectionsListed(t)
	b.wantNewRuleWorks(t)
	t.Logf("%d unauthorized packets were sent, none arrived; the slowest client reconnected after %s", b.probes.sent.Load(), r.slowest.Round(time.Second))
}

// reconnects watches the clients of killed workers until they reconnect.
type reconnects struct {
	*busySite
	away    map[int]absence
	slowest time.Duration
}

type absence struct {
	since time.Time
	ups   int // how often the client had connected
}

const maxAway = 40 * time.Second

func (r *reconnects) check(t *testing.T) {
	t.Helper()
	for i, a := range r.away {
		gone := time.Since(a.since)
		if r.vpn[i].Ups() > a.ups {
			if got := r.vpn[i].Address(t).String(); got != r.addresses[i] {
				t.Errorf("client %d reconnected as %s and had been %s", i, got, r.addresses[i])
			}
			r.slowest = max(r.slowest, gone)
			delete(r.away, i)
			continue
		}
		if gone > maxAway {
			t.Fatalf("client %d has not reconnected %s after its worker was killed", i, maxAway)
		}
	}
}

func (r *reconnects) anyAway(clients []int) bool {
	for _, i := range clients {
		if _, away := r.away[i]; away {
			return true
		}
	}
	return false
}

// clientsOn lists the clients whose address leads to a device.
func (b *busySite) clientsOn(t *testing.T, device string) []int {
	t.Helper()
	var out []int
	routes := b.gatewayHost.IP(t, "route", "show", "dev", device)
	for i, a := range b.addresses {
		for line := range strings.Lines(routes) {
			if strings.HasPrefix(line, a+" ") {
				out = append(out, i)
			}
		}
	}
	return out
}

type runningWorker struct {
	device string
	pid    int
}

// workersByDevice lists the workers that run, in the order of their devices.
func (b *busySite) workersByDevice(t *testing.T, count int) []runningWorker {
	t.Helper()
	var out []runningWorker
	netlab.Eventually(t, 20*time.Second, "all workers run", func() bool {
		out = out[:0]
		for _, pid := range b.Processes("openvpn") {
			cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
			if err != nil {
				return false
			}
			w := runningWorker{pid: pid, device: b.deviceOfSlot(t, filepath.Base(cwd))}
			if w.device == "" {
				return false
			}
			out = append(out, w)
		}
		return len(out) == count
	})
	slices.SortFunc(out, func(a, b runningWorker) int { return strings.Compare(a.device, b.device) })
	return out
}

// deviceOfSlot reads the journal: which device a worker's slot has.
func (b *busySite) deviceOfSlot(t *testing.T, slot string) string {
	t.Helper()
	records, _ := filepath.Glob(filepath.Join(b.Dir, "run/journal/workers/*.json"))
	for _, path := range records {
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), `"slot":`+slot+`,`) {
			return strings.TrimSuffix(filepath.Base(path), ".json")
		}
	}
	return ""
}

// On SIGHUP the dataplane executes a new program in the same process, and no session notices.
func TestUpgradeUnderLoad(t *testing.T) {
	t.Parallel()
	b := newBusySite(t, 5)
	for round := range min(5, rounds(t)) {
		pid, n := b.Process(t, "dataplane"), b.ReadyCount("dataplane")
		// A new file replaces the old one, as a package manager does.
		text, err := os.ReadFile(b.Program)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(b.Program+".new", text, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(b.Program+".new", b.Program); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		b.WaitReady(t, "dataplane", n+1)
		if now := b.Process(t, "dataplane"); now != pid {
			t.Fatalf("the dataplane is process %d and was %d", now, pid)
		}
		b.waitTransfers(t, fmt.Sprintf("upgrade %d", round+1))
	}
	b.wantSameConnections(t)
	b.wantNewRuleWorks(t)
}
