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
	sides := []struct {
		on      *netlab.Namespace
		profile string
		pids    map[string][]int
	}{
		{bare.clients[0], bare.profile, map[string][]int{"bare": {bare.pid}}},
		{tuned.clients[0], tuned.profile, map[string][]int{"tuned": {tuned.pid}}},
		{ours.clients[0], profiles[0], map[string][]int{"web": {ours.Process(b, "web")}, "dataplane": {ours.Process(b, "dataplane")}, "worker": ours.Processes("openvpn")}},
	}
	spent := map[string]float64{}
	var times [3][]float64
	for range rounds {
		for i, side := range sides {
			for name, list := range side.pids {
				spent[name] -= cpuSeconds(b, list...)
			}
			times[i] = append(times[i], allConnected(b, side.on, side.profile, clients, func() {
				for name, list := range side.pids {
					spent[name] += cpuSeconds(b, list...)
				}
			}))
			<-time.After(cooldown)
		}
	}
	theirs, roomier, mine := times[0], times[1], times[2]
	b.ReportMetric(median(mine)/median(theirs), "ratio")
	b.ReportMetric(median(mine)/median(roomier), "tuned_ratio")
	b.ReportMetric(slices.Min(mine)/slices.Min(roomier), "tuned_fastest_ratio")
	for name, s := range spent {
		b.ReportMetric(s/rounds/clients*1000, name+"_cpu_ms/login")
	}
	b.Logf("ours %.2f s, bare %.2f s, bare with our buffers %.2f s, medians of %d; all: %.2f, %.2f, %.2f",
		median(mine), median(theirs), median(roomier), rounds, mine, theirs, roomier)
}

// allConnected starts clients together and gives the seconds until the last is connected; then is
// called before they leave.
func allConnected(b *testing.B, on *netlab.Namespace, profile string, count int, then func()) float64 {
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
		cmd := on.Exec("openvpn", "--config", file, "--log", logs[i], "--dev", fmt.Sprintf("load%d", i), "--dev-type", "tun",
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
