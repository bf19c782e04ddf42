package lab

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
)

const (
	slowUsers   = 50
	slowAnswer  = 500 * time.Millisecond // of the directory, to a user's password
	slowEvery   = 200 * time.Millisecond // a user logs in
	slowIdle    = 5 * time.Second
	pingsSecond = 100
	slowAddr    = "127.0.0.1:1389"
)

// Fifty users log in, five a second, at a directory that takes half a second for each password, while an established client
// pings a host behind the gateway: the 99th percentile of its round trips, as a multiple of that without logins. The same
// beside stock OpenVPN with Debian's plugin for LDAP, which checks passwords in the thread that carries the packets. The
// processors are shared as in BenchmarkSAMLSignIns.
func BenchmarkSlowDirectory(b *testing.B) {
	p := twoProcessors(b)
	ours := newTopology(b, 2)
	ours.serveEcho(b)
	site := ours.newPasswordSite(b, startSlowDirectory(b, ours.gatewayHost), gateway.Fields{"URLs": "ldap://" + slowAddr, "Without TLS": ""})
	p.placeGateway(b, site.site)
	mine := slowLogins(b, ours, p, site.profile, addrHostA)
	b.ReportMetric(mine, "ratio")

	theirs := newTopology(b, 2)
	theirs.serveEcho(b)
	theirs.gatewayHost.LayFiles(b, programs(b))
	startSlowDirectory(b, theirs.gatewayHost)
	config := filepath.Join(b.TempDir(), "ldap.conf")
	text := fmt.Sprintf(`<LDAP>
URL ldap://%s
Timeout 15
TLSEnable no
FollowReferrals no
</LDAP>
<Authorization>
BaseDN "ou=people,dc=example,dc=test"
SearchFilter "(uid=%%u)"
RequireGroup false
</Authorization>
`, slowAddr)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	bare := theirs.startBareServer(b, "plugin /usr/lib/openvpn/openvpn-auth-ldap.so "+config+"\n")
	place(b, p.gateway, bare.pid)
	b.ReportMetric(slowLogins(b, theirs, p, bare.profile+"\nauth-user-pass\n", addrHostA), "plugin_ratio")
}

// A hundred users at once, as in BenchmarkHundredLogins, who are proved by a directory on the gateway: logins in a second, as a
// share of those of bare OpenVPN, and what each process spends on a login. The handshakes are of one kind: no client has a
// certificate, each sends a user name and a password. Bare OpenVPN asks over its management socket as our workers do, and
// is answered at once that the client may come in. The users differ: sign-ins of one account follow each other by design.
func BenchmarkPasswordLogins(b *testing.B) {
	const clients, rounds = 100, 5
	w := newTopology(b, 1)
	w.serveEcho(b)
	server := directory.StartSlapd(b, w.gatewayHost, "127.0.0.1", testpki.Authority(b, "Directory CA"), numberedUsers(clients), "localhost")
	s := w.newPasswordSite(b, server, gateway.Fields{"URLs": "ldap://127.0.0.1", "Without TLS": ""}, benchSettings(b)...)
	bare := startBarePasswordServer(b, ourBuffers)
	names := make([]string, clients)
	for i := range names {
		names[i] = fmt.Sprintf("user%d", i)
	}
	asAll := func(profile string) (out []string) {
		for _, name := range names {
			out = append(out, as(b, profile, name, directory.Password))
		}
		return out
	}
	mine := &loadSide{on: s.clients[0], profiles: asAll(s.profile), pids: map[string][]int{"web": {s.Process(b, "web")}, "dataplane": {s.Process(b, "dataplane")}, "worker": s.Processes("openvpn")}}
	theirs := &loadSide{on: bare.clients[0], profiles: asAll(bare.profile), pids: map[string][]int{"bare": {bare.pid}}}
	runLoad(b, clients, rounds, theirs, mine)
	b.ReportMetric(median(theirs.seconds)/median(mine.seconds), "rate_ratio")
	b.ReportMetric(clients/median(mine.seconds), "logins/s")
	b.Logf("ours %.2f, bare with our buffers %.2f", mine.seconds, theirs.seconds)
}

// numberedUsers is the LDIF of user0, user1 … as directory.StartSlapd adds them.
func numberedUsers(count int) string {
	var more strings.Builder
	for i := range count {
		fmt.Fprintf(&more, "dn: uid=user%[1]d,ou=people,dc=example,dc=test\nobjectClass: inetOrgPerson\nuid: user%[1]d\ncn: user%[1]d\nsn: user%[1]d\nuserPassword:: %[2]s\n\n",
			i, base64.StdEncoding.EncodeToString([]byte(directory.Password)))
	}
	return more.String()
}

// startSlowDirectory starts a directory on a host, with the users user0, user1 … and behind it at slowAddr the same, whose
// answer to a user's password is late.
func startSlowDirectory(b *testing.B, on *netlab.Namespace) *directory.Server {
	b.Helper()
	server := directory.StartSlapd(b, on, "127.0.0.1", testpki.Authority(b, "Directory CA"), numberedUsers(slowUsers+1), "localhost")
	var l net.Listener
	if err := on.Do(func() (err error) { l, err = net.Listen("tcp", slowAddr); return err }); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			var real net.Conn
			if err := on.Do(func() (err error) { real, err = net.Dial("tcp", "127.0.0.1:389"); return err }); err != nil {
				_ = client.Close()
				continue
			}
			go relaySlowly(client, real)
		}
	}()
	return server
}

// relaySlowly relays one connection. A request to bind as a user is held back.
func relaySlowly(client, real net.Conn) {
	defer client.Close()
	defer real.Close()
	go func() {
		defer client.Close()
		var buffer [16 << 10]byte
		for {
			n, err := real.Read(buffer[:])
			if err != nil {
				return
			}
			_, _ = client.Write(buffer[:n])
		}
	}()
	var buffer [16 << 10]byte
	for {
		n, err := client.Read(buffer[:])
		if err != nil {
			return
		}
		if isUserBind(buffer[:n]) {
			<-time.After(slowAnswer)
		}
		_, _ = real.Write(buffer[:n])
	}
}

// isUserBind tells whether a request, which comes in one piece, binds as one of the people (RFC 4511, section 4.2).
func isUserBind(request []byte) bool {
	const bindRequest = 0x60
	head := request[:min(len(request), 16)]
	return bytes.IndexByte(head, bindRequest) > 0 && bytes.Contains(request, []byte("uid=user"))
}

// slowLogins gives the ratio of the two percentiles.
func slowLogins(b *testing.B, w *topology, p processors, profile, host string) float64 {
	b.Helper()
	pinging := w.clients[0]
	p.first(b, netlab.ConnectClient(b, pinging, as(b, profile, "user0", directory.Password)))
	idle := quantile(pingTimes(b, pinging, host, int(slowIdle/time.Second)*pingsSecond), 0.99)
	count := int(time.Duration(slowUsers)*slowEvery/time.Second) * pingsSecond
	var measured []float64
	var running sync.WaitGroup
	running.Go(func() { measured = pingTimes(b, pinging, host, count) })
	dir := b.TempDir()
	next := time.NewTicker(slowEvery)
	defer next.Stop()
	logs := make([]string, slowUsers)
	var stop []func()
	var ended sync.WaitGroup
	for i := range slowUsers {
		file := filepath.Join(dir, fmt.Sprintf("%d.ovpn", i))
		if err := os.WriteFile(file, []byte(as(b, profile, fmt.Sprintf("user%d", i+1), directory.Password)), 0o600); err != nil {
			b.Fatal(err)
		}
		logs[i] = filepath.Join(dir, fmt.Sprintf("%d.log", i))
		cmd := w.clients[1].Exec("openvpn", "--config", file, "--log", logs[i], "--dev", fmt.Sprintf("load%d", i), "--dev-type", "tun",
			"--ifconfig-noexec", "--route-noexec", "--disable-dco", "--verb", "1")
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		stop = append(stop, func() { _ = cmd.Process.Signal(os.Interrupt) })
		ended.Go(func() { _ = cmd.Wait() })
		<-next.C
	}
	running.Wait()
	netlab.Eventually(b, 120*time.Second, "all users are connected", func() bool {
		for _, path := range logs {
			if text, _ := os.ReadFile(path); !strings.Contains(string(text), netlab.UpLine) {
				return false
			}
		}
		return true
	})
	for _, f := range stop {
		f()
	}
	ended.Wait()
	busy := quantile(measured, 0.99)
	b.Logf("p99 without logins %.2f ms, with logins %.2f ms; p50 with logins %.2f ms", idle, busy, median(measured))
	return busy / idle
}

var pingTime = regexp.MustCompile(`time=([0-9.]+) ms`)

// pingTimes pings a host and gives the milliseconds of each round trip. A lost packet counts as a second. The pings run before
// all else of their processor, as processors.first has it.
func pingTimes(b *testing.B, on *netlab.Namespace, host string, count int) []float64 {
	b.Helper()
	out, _ := on.Exec("chrt", "--fifo", "1", "ping", "-i", strconv.FormatFloat(1/float64(pingsSecond), 'f', 3, 64), "-c", strconv.Itoa(count), "-W", "30", host).Output()
	var times []float64
	for _, m := range pingTime.FindAllStringSubmatch(string(out), -1) {
		ms, _ := strconv.ParseFloat(m[1], 64)
		times = append(times, ms)
	}
	if len(times) == 0 {
		b.Errorf("no ping was answered: %s", netlab.Tail(string(out), 300))
		return []float64{0}
	}
	for len(times) < count {
		times = append(times, 1000)
	}
	return times
}
