//go:build upgrade

package lab

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// upgradeClients stay connected, each with a transfer, while the program is replaced.
const upgradeClients = 4

// webUID is the user that web runs as where nothing else is set.
const webUID = 69999

// The database and the running dataplane of an older program are taken over by this one: no session
// is lost, no client reconnects, transfers go on, no event is lost or counted twice, no setting
// changes and no unauthorized packet passes. LAB_FROM is the path of the older program; `make
// test-upgrade FROM=commit` builds it.
func TestUpgradeFromOlderProgram(t *testing.T) {
	older := os.Getenv("LAB_FROM")
	if older == "" {
		t.Fatal("set LAB_FROM to the path of the older program, or run make test-upgrade FROM=commit")
	}
	for _, way := range []struct {
		name    string
		start   func(*testing.T, *gateway.Gateway)
		upgrade func(*testing.T, *upgradeSite)
	}{
		{"reload", startServe, reloadServe},
		{"crash", startServe, crashBoth},
		{"units", startUnits, replaceUnits},
	} {
		t.Run(way.name, func(t *testing.T) {
			s := newUpgradeSite(t, older, way.start)
			before := s.state(t)
			way.upgrade(t, s)
			s.runsNewProgram(t)
			s.check(t, before)
			s.goesOn(t)
		})
	}
}

// upgradeSite is a site that begins with the older program: busy clients, a client whose packets are
// counted and one that leaves during the upgrade.
type upgradeSite struct {
	*busySite
	other          string // the page of an endpoint without target networks
	counted        *netlab.Client
	leaving        *netlab.Client
	leavingAddress string
	late           *netlab.Namespace // the host of a client that connects after the upgrade
	lateProfile    string
}

func newUpgradeSite(t *testing.T, older string, start func(*testing.T, *gateway.Gateway)) *upgradeSite {
	t.Helper()
	w := newTopology(t, upgradeClients)
	w.serveEcho(t)
	g := newGateway(t, w.gatewayHost)
	g.Program = filepath.Join(g.Dir, "sallyport")
	install(t, older, g.Program)
	start(t, g)
	s := &upgradeSite{busySite: makeBusy(t, signUp(t, w, g))}
	endpoint := s.Endpoint
	s.MustSubmit(endpoint+"/edit", "Modify Client VPN endpoint", gateway.Fields{"Description": "Before the upgrade", "VPN port": "443"})
	s.MustSubmit(endpoint+"/tags", "Save tags", gateway.Fields{"Key of tag 1": "team", "Value of tag 1": "network"})
	s.CreateEndpoint(gateway.Fields{"Name tag": "second", "Description": "Waits for a target network", "Client IPv4 CIDR": "10.132.0.0/22",
		"Transport Protocol": "TCP", "Listen address": gatewayWAN, "VPN port": "1194"})
	s.other, s.Endpoint = s.Endpoint, endpoint
	s.AddRoute("198.51.100.0/24", "subnet-a")
	s.Authorize("198.51.100.0/24")
	s.WaitRow("/routes", "198.51.100.0/24", "active")
	s.WaitRow("/rules", "198.51.100.0/24", "active")
	for _, name := range []string{"counted", "leaving", "late"} {
		s.IssueCertificate(name)
		w.addClient(t, len(w.clients))
	}
	s.late, s.lateProfile = w.clients[upgradeClients+2], s.Profile("late")
	s.counted = netlab.ConnectClient(t, w.clients[upgradeClients], s.Profile("counted"))
	s.leaving = netlab.ConnectClient(t, w.clients[upgradeClients+1], s.Profile("leaving"))
	s.leavingAddress = s.leaving.Address(t).String()
	s.clients = w.clients[:upgradeClients]
	exchange(t, s.counted.On, addrHostA, datagrams)
	s.waitCounted(t, datagrams, "active")
	return s
}

// install puts a program in place of another one, as a package manager does.
func install(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = errors.Join(os.WriteFile(to+".new", text, 0o755), os.Chmod(to+".new", 0o755), os.Rename(to+".new", to))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func startServe(t *testing.T, g *gateway.Gateway) { g.Start(t, "serve") }

// startUnits runs dataplane and web by themselves, as the systemd units do.
func startUnits(t *testing.T, g *gateway.Gateway) {
	data := filepath.Join(g.Dir, "data")
	if err := errors.Join(os.Mkdir(data, 0o700), os.Chown(data, webUID, webUID)); err != nil {
		t.Fatal(err)
	}
	g.Start(t, "dataplane")
	g.StartWeb(t)
}

// reloadServe replaces the program and has serve take it up: the dataplane executes itself anew in
// the same process, web is started again. A client leaves at the same time.
func reloadServe(t *testing.T, s *upgradeSite) {
	web, dataplane, pid := s.ReadyCount("web"), s.ReadyCount("dataplane"), s.Process(t, "dataplane")
	install(t, gateway.Program(), s.Program)
	if err := syscall.Kill(s.CommandPID("serve"), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.leaving.Leave(t)
	s.WaitReady(t, "dataplane", dataplane+1)
	s.WaitReady(t, "web", web+1)
	if now := s.Process(t, "dataplane"); now != pid {
		t.Errorf("the dataplane is process %d and was %d", now, pid)
	}
}

// crashBoth replaces the program, kills the dataplane and then web, which serve starts again. A
// client leaves between the two.
func crashBoth(t *testing.T, s *upgradeSite) {
	web, dataplane := s.ReadyCount("web"), s.ReadyCount("dataplane")
	install(t, gateway.Program(), s.Program)
	kill(t, s.Process(t, "dataplane"))
	s.WaitReady(t, "dataplane", dataplane+1)
	s.leaving.Leave(t)
	kill(t, s.Process(t, "web"))
	s.WaitReady(t, "web", web+1)
}

// replaceUnits stops web, kills the dataplane and starts the new program of both. A client leaves
// while the older dataplane runs without web: its end is in the older program's event log.
func replaceUnits(t *testing.T, s *upgradeSite) {
	s.StopCommand(t, "web")
	s.leaving.Leave(t)
	s.waitTransfers(t, "web was stopped")
	install(t, gateway.Program(), s.Program)
	s.KillCommand("dataplane")
	s.Start(t, "dataplane")
	s.waitTransfers(t, "the new dataplane took over")
	s.StartWeb(t)
}

// runsNewProgram sees that both processes execute the file that was installed.
func (s *upgradeSite) runsNewProgram(t *testing.T) {
	t.Helper()
	want, err := os.Stat(s.Program)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"web", "dataplane"} {
		got, err := os.Stat(fmt.Sprintf("/proc/%d/exe", s.Process(t, command)))
		if err != nil || !os.SameFile(want, got) {
			t.Errorf("%s does not run the new program (%v)", command, err)
		}
	}
}

// state is what must be the same after an upgrade, by a name for failure messages.
type state struct {
	settings    map[string]string
	connections map[string]connectionRow // by ID
}

func (s *upgradeSite) state(t *testing.T) state {
	t.Helper()
	out := state{settings: map[string]string{}, connections: map[string]connectionRow{}}
	for _, endpoint := range []string{s.Endpoint, s.other} {
		for _, item := range s.Get(endpoint).Doc.Find("dl.datagrid > *").EachIter() {
			value := item.Find("dd").Clone()
			value.Find(".form-hint").Remove()
			label, text := words(item.Find("dt")), words(value)
			if label == "Authentication" && text == "Use mutual authentication" { // what later versions call it
				label, text = "Authentication type", "Mutual authentication"
			}
			if label == "VPC (network)" { // likewise
				label = "Network (VPC)"
			}
			out.settings[endpoint+" "+label] = value.Find("time").AttrOr("datetime", text)
			delete(out.settings, endpoint+" Connections")
		}
		for _, tab := range []string{"/associations", "/rules", "/routes"} {
			out.settings[endpoint+tab] = strings.Join(slices.Sorted(slices.Values(identity.FindAllString(words(s.Get(endpoint+tab).Doc.Find("tbody td").Not(":has(.empty)")), -1))), " ")
		}
		for i, input := range s.Get(endpoint + "/tags").Doc.Find("[name=tag_key], [name=tag_value]").EachIter() {
			out.settings[endpoint+" tag field "+strconv.Itoa(i)] = input.AttrOr("value", "")
		}
	}
	out.settings["configuration file"] = unchanging(s.Profile("user0"))
	rows := s.connections()
	for _, r := range rows {
		out.connections[r.id] = r
	}
	if len(out.connections) != len(rows) {
		t.Errorf("a connection is listed twice: %v", rows)
	}
	return out
}

// unchanging is a configuration file without the lines by which later versions have clients return.
func unchanging(profile string) string {
	var out []string
	for line := range strings.Lines(profile) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !slices.Contains([]string{"persist-tun", "connect-retry", "server-poll-timeout", "push-peer-info", "ignore-unknown-option"}, name) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

// identity is what a list shows of a rule, route or association that an upgrade must not change.
var identity = regexp.MustCompile(`\b(cvpn-(?:assoc|rule|route)-[0-9a-f]{17}|subnet-[0-9a-f]{17}|\d+\.\d+\.\d+\.\d+/\d+|active|associated)\b`)

// check compares what is there after the upgrade with what was there before.
func (s *upgradeSite) check(t *testing.T, before state) {
	t.Helper()
	s.waitTransfers(t, "the upgrade")
	s.WaitText("", "available")
	netlab.Eventually(t, 30*time.Second, "the end of the client that left is listed", func() bool {
		for _, r := range s.connections() {
			if r.clientIP == s.leavingAddress && r.status == "terminated" {
				return true
			}
		}
		return false
	})
	if n := strings.Count(strings.ToLower(s.Get(s.Endpoint+"/connections?status=terminated").Doc.Find("table").First().Text()), "the client disconnected"); n != 1 {
		t.Errorf("the client that left ended %d times with the reason that it disconnected, want once", n)
	}
	for i, c := range append(slices.Clone(s.vpn), s.counted) {
		if n := c.Ups(); n != 1 {
			t.Errorf("client %d connected %d times", i, n)
		}
	}
	exchange(t, s.counted.On, addrHostA, datagrams)
	s.waitCounted(t, 2*datagrams, "active")
	after := s.state(t)
	for _, name := range slices.Sorted(maps.Keys(before.settings)) {
		if was, is := before.settings[name], after.settings[name]; was != is {
			t.Errorf("%s was %q and is %q", name, was, is)
		}
	}
	for id, was := range before.connections {
		is, listed := after.connections[id]
		if wantStatus := map[bool]string{true: "terminated", false: was.status}[was.clientIP == s.leavingAddress]; !listed || is.status != wantStatus || is.clientIP != was.clientIP || is.user != was.user || is.device != was.device {
			t.Errorf("a connection was %+v and is %+v", was, is)
		}
		if packets(t, is.packetsIn) < packets(t, was.packetsIn) || packets(t, is.packetsOut) < packets(t, was.packetsOut) {
			t.Errorf("the counters of a connection went back: %+v, %+v", was, is)
		}
	}
	if len(after.connections) != len(before.connections) {
		t.Errorf("%d connections are listed, and %d were: %v", len(after.connections), len(before.connections), after.connections)
	}
	if n := s.probes.arrived.Load(); n > 0 {
		t.Errorf("%d of %d unauthorized packets arrived", n, s.probes.sent.Load())
	}
	t.Logf("%d unauthorized packets were sent, %d arrived", s.probes.sent.Load(), s.probes.arrived.Load())
}

func packets(t *testing.T, text string) int {
	t.Helper()
	digits, _, _ := strings.Cut(strings.ReplaceAll(text, ",", ""), " ")
	n, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatalf("%q does not count packets", text)
	}
	return n
}

// waitCounted waits until the console shows exactly as many packets of the counted client as it sent.
func (s *upgradeSite) waitCounted(t *testing.T, want int, status string) {
	t.Helper()
	address := s.counted.Address(t)
	var row connectionRow
	netlab.Eventually(t, 20*time.Second, fmt.Sprintf("the console counts %d packets of the counted client", want), func() bool {
		row, _ = s.connection(address)
		if got := packets(t, row.packetsIn); got > want {
			t.Fatalf("the console counts %d packets, the client sent %d", got, want)
		}
		return row.status == status && packets(t, row.packetsIn) == want
	})
}

// goesOn sees that the new program works with what it took over: rules reach the kernel, a client
// connects, a session of before the upgrade is terminated, and one ends by itself.
func (s *upgradeSite) goesOn(t *testing.T) {
	t.Helper()
	s.wantNewRuleWorks(t)
	late := netlab.ConnectClient(t, s.late, s.lateProfile)
	if !late.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("a client that connects after the upgrade reaches nothing")
	}
	s.newPages(t)
	s.Remove("/connections", "user0", "Terminate connection")
	netlab.Eventually(t, 10*time.Second, "the terminated client's process ended", func() bool { return !s.vpn[0].Running() })
	address := s.counted.Address(t)
	s.counted.Leave(t)
	netlab.Eventually(t, 20*time.Second, "the counted client's connection ended with the count that it had", func() bool {
		row, _ := s.connection(address)
		return row.status == "terminated" && packets(t, row.packetsIn) >= 2*datagrams
	})
}

// newPages sees that what later versions brought is there for what an older one set up: the way to a target network and its test, the last
// use of a certificate, and a revocation, which ends a session of before the upgrade within moments.
func (s *upgradeSite) newPages(t *testing.T) {
	t.Helper()
	s.WaitRow("/associations", "subnet-a", "neta, directly")
	test, _ := s.Get(s.Endpoint + "/associations").Doc.Find("a[href$='/test']").Attr("href")
	s.MustSubmit(test, "Test", gateway.Fields{"IPv4 address": addrHostA})
	netlab.Eventually(t, 20*time.Second, "the test of the target network says that the host answers", func() bool {
		return strings.Contains(s.Get(test).Text(), addrHostA+" answers")
	})
	certificate, _ := s.Get("/certificates?q=user1").Doc.Find("td a:contains('user1')").Attr("href")
	late, _ := s.Get("/certificates?q=late").Doc.Find("td a:contains('late')").Attr("href")
	if text := s.Get(late).Text(); !strings.Contains(text, "Last used") || strings.Contains(text, "Not yet") {
		t.Errorf("the page of a certificate that was used after the upgrade: %s", netlab.Tail(text, 1000))
	}
	s.MustSubmit(certificate+"/revoke", "Revoke certificate", gateway.Fields{"The private key or the device was lost or stolen": ""})
	netlab.Eventually(t, 15*time.Second, "the client whose certificate was revoked ends", func() bool { return !s.vpn[1].Running() })
	if log := s.vpn[1].Log(); !strings.Contains(log, "Your certificate was revoked") {
		t.Errorf("the revoked client was not told: %s", netlab.Tail(log, 500))
	}
}
