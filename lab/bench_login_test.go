package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// cooldown is the time after a round in which the measured side cleans up, so that it does not do so in
// the next side's round.
const cooldown = 1500 * time.Millisecond

// A hundred clients at once: the time until the last is connected, as a multiple of bare
// OpenVPN's, and what each process spends on a login. Each client is a real process without a
// configured device. Bare OpenVPN with its default socket buffers loses first packets of many clients,
// which try again two seconds later; with the buffers of our workers it does not.
func BenchmarkHundredLogins(b *testing.B) {
	const clients, rounds = 100, 9
	ours, profiles := benchSite(b, 1)
	bare, tuned := startBareServer(b, 1, ""), startBareServer(b, 1, ourBuffers)
	theirs := &loadSide{on: bare.clients[0], profiles: []string{bare.profile}, pids: map[string][]int{"bare": {bare.pid}}}
	roomier := &loadSide{on: tuned.clients[0], profiles: []string{tuned.profile}, pids: map[string][]int{"tuned": {tuned.pid}}}
	mine := &loadSide{on: ours.clients[0], profiles: profiles, pids: map[string][]int{"web": {ours.Process(b, "web")}, "dataplane": {ours.Process(b, "dataplane")}, "worker": ours.Processes("openvpn")}}
	runLoad(b, clients, rounds, theirs, roomier, mine)
	b.ReportMetric(median(mine.seconds)/median(theirs.seconds), "ratio")
	b.ReportMetric(median(mine.seconds)/median(roomier.seconds), "tuned_ratio")
	b.ReportMetric(slices.Min(mine.seconds)/slices.Min(roomier.seconds), "tuned_fastest_ratio")
	b.Logf("ours %.2f s, bare %.2f s, bare with our buffers %.2f s, medians of %d; all: %.2f, %.2f, %.2f",
		median(mine.seconds), median(theirs.seconds), median(roomier.seconds), rounds, mine.seconds, theirs.seconds, roomier.seconds)
}

// loadSide is one of the sides of a comparison: the clients of one server.
type loadSide struct {
	on       *netlab.Namespace
	profiles []string         // each client takes the next
	pids     map[string][]int // the processes whose time is reported, by name
	seconds  []float64        // of each round
}

// runLoad has many clients connect at once, to each side in turn, and reports what the processes of each side spend on a
// login until the last client is connected.
func runLoad(b *testing.B, clients, rounds int, sides ...*loadSide) {
	b.Helper()
	spent := map[string]float64{}
	for range rounds {
		for _, side := range sides {
			for name, list := range side.pids {
				spent[name] -= cpuSeconds(b, list...)
			}
			side.seconds = append(side.seconds, allConnected(b, side.on, side.profiles, clients, func() {
				for name, list := range side.pids {
					spent[name] += cpuSeconds(b, list...)
				}
			}))
			<-time.After(cooldown)
		}
	}
	for name, s := range spent {
		b.ReportMetric(s/float64(rounds*clients)*1000, name+"_cpu_ms/login")
	}
}

// allConnected starts clients together and gives the seconds until the last is connected; then is
// called before they leave.
func allConnected(b *testing.B, on *netlab.Namespace, profiles []string, count int, then func()) float64 {
	b.Helper()
	dir := b.TempDir()
	files := make([]string, len(profiles))
	for i, profile := range profiles {
		files[i] = filepath.Join(dir, fmt.Sprintf("%d.ovpn", i))
		if err := os.WriteFile(files[i], []byte(profile), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	logs := make([]string, count)
	var running sync.WaitGroup
	began := time.Now()
	stop := make([]func(), 0, count)
	for i := range count {
		logs[i] = filepath.Join(dir, fmt.Sprintf("%d.log", i))
		cmd := on.Exec("openvpn", "--config", files[i%len(files)], "--log", logs[i], "--dev", fmt.Sprintf("load%d", i), "--dev-type", "tun",
			"--ifconfig-noexec", "--route-noexec", "--disable-dco", "--verb", "1")
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		stop = append(stop, func() { _ = cmd.Process.Signal(os.Interrupt) })
		running.Go(func() { _ = cmd.Wait() })
	}
	netlab.Eventually(b, 60*time.Second, "all clients are connected", func() bool {
		for _, path := range logs {
			text, _ := os.ReadFile(path)
			if !strings.Contains(string(text), netlab.UpLine) {
				return false
			}
		}
		return true
	})
	took := time.Since(began).Seconds()
	then()
	for _, f := range stop {
		f()
	}
	running.Wait()
	return took
}
