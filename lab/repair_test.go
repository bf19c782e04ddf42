package lab

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// repairLimit is how soon the dataplane must repair what another program changed.
const repairLimit = 10 * time.Second

// Changes of the host by an administrator or another program are noticed, repaired and reported.
func TestRepairs(t *testing.T) {
	t.Parallel()
	b := newBusySite(t, 2)
	gw := b.gatewayHost
	table := func() string {
		out, _ := gw.Exec("nft", "list", "table", "inet", "sallyport").CombinedOutput()
		return string(out)
	}
	whole := func() bool {
		out := table()
		return strings.Contains(out, "chain forwarding") && strings.Contains(out, b.addresses[0]) && strings.Contains(out, b.addresses[1])
	}

	t.Run("table deleted", func(t *testing.T) {
		gw.NFT(t, "delete table inet sallyport")
		netlab.Eventually(t, repairLimit, "the table is whole again", whole)
		b.waitTransfers(t, "the table was deleted")
	})
	t.Run("all rules flushed", func(t *testing.T) {
		gw.NFT(t, "flush ruleset")
		netlab.Eventually(t, repairLimit, "the table is whole again", whole)
		b.waitTransfers(t, "all rules were flushed")
	})
	t.Run("a rule added to our chain", func(t *testing.T) {
		gw.NFT(t, "insert rule inet sallyport ingress accept")
		netlab.Eventually(t, repairLimit, "the rule is gone", func() bool {
			_, chain, _ := strings.Cut(table(), "chain ingress {")
			chain, _, _ = strings.Cut(chain, "}")
			return chain != "" && !strings.Contains(chain, "accept")
		})
	})
	t.Run("client route removed", func(t *testing.T) {
		gw.IP(t, "route", "delete", b.addresses[0]+"/32")
		netlab.Eventually(t, repairLimit, "the route is back", func() bool {
			return strings.Contains(gw.IP(t, "route", "show", b.addresses[0]+"/32"), "dev sp")
		})
		b.waitTransfers(t, "the removal of a route")
	})
	t.Run("forwarding switched off", func(t *testing.T) {
		gw.Sysctl(t, "net/ipv4/conf/neta/forwarding", "0")
		netlab.Eventually(t, repairLimit, "forwarding is on again", func() bool {
			return gw.ReadFile(t, "/proc/sys/net/ipv4/conf/neta/forwarding") == "1"
		})
		b.waitTransfers(t, "forwarding was off")
	})
	if n := b.probes.arrived.Load(); n > 0 {
		t.Errorf("%d of %d unauthorized packets arrived while rules were away", n, b.probes.sent.Load())
	}
	t.Run("tun device deleted", func(t *testing.T) {
		device := ""
		for name := range strings.FieldsSeq(gw.IP(t, "route", "show", b.addresses[0]+"/32")) {
			if strings.HasPrefix(name, "sp") {
				device = name
			}
		}
		ups := b.vpn[0].Ups()
		gw.IP(t, "link", "delete", device)
		netlab.Eventually(t, repairLimit, "the device is back", func() bool {
			return gw.Exec("ip", "link", "show", device).Run() == nil
		})
		b.vpn[0].WaitUp(t, ups+1)
		if got := b.vpn[0].Address(t).String(); got != b.addresses[0] {
			t.Errorf("the client reconnected as %s and had been %s", got, b.addresses[0])
		}
		if !b.clients[0].ReachesTCP(addrHostA, netlab.EchoPort) {
			t.Error("the client reaches nothing after its device was made again")
		}
	})
	t.Run("reported", func(t *testing.T) {
		netlab.Eventually(t, repairLimit, "the repairs are listed", func() bool {
			text := b.Get("/node").Text()
			return strings.Contains(text, "packet filter was changed") && strings.Contains(text, "had been deleted") &&
				strings.Contains(text, "Forwarding on interface neta") && strings.Contains(text, "route to client")
		})
		n := b.ReadyCount("dataplane")
		if err := syscall.Kill(b.Process(t, "dataplane"), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		b.WaitReady(t, "dataplane", n+1)
		b.wantNewRuleWorks(t) // web talks to the new process
		if text := b.Get("/node").Text(); !strings.Contains(text, "had been deleted") || !strings.Contains(text, "packet filter was changed") {
			t.Error("after an upgrade the repairs are no longer listed")
		}
	})
}

// flushes is how often another program flushes the rules, once a second (LAB_FLUSHES).
func flushes(t testing.TB) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("LAB_FLUSHES")); err == nil {
		return n
	}
	return 10
}

// Another program flushes every rule of the host once a second, and once more while no dataplane
// runs: not one packet of a client reaches a host without a rule, no packet of an outsider reaches a
// client, and the connections that rules allow carry on.
func TestFlushes(t *testing.T) {
	t.Parallel()
	b := newBusySite(t, 2)
	gw := b.gatewayHost
	probes := []*probes{b.probes, startProbes(t, b.clients, gw, "10.0.1.1")}
	for i, n := range b.clients {
		probes = append(probes, startProbes(t, []*netlab.Namespace{b.hostA, b.hostB}, n, b.addresses[i]))
	}
	whole := func() bool {
		out, _ := gw.Exec("nft", "list", "set", "inet", "sallyport", "sessions").CombinedOutput()
		return strings.Contains(string(out), b.addresses[0]) && strings.Contains(string(out), b.addresses[1])
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for range flushes(t) {
		gw.NFT(t, "flush ruleset")
		netlab.Eventually(t, repairLimit, "the table is whole again", whole)
		b.waitTransfers(t, "a flush")
		<-tick.C
	}

	n := b.ReadyCount("dataplane")
	kill(t, b.Process(t, "dataplane"))
	gw.NFT(t, "flush ruleset")
	b.WaitReady(t, "dataplane", n+1)
	netlab.Eventually(t, repairLimit, "the table is whole again", whole)
	b.waitTransfers(t, "a flush while no dataplane ran")
	b.wantNewRuleWorks(t)

	n = b.ReadyCount("dataplane")
	if err := syscall.Kill(b.Process(t, "dataplane"), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	b.WaitReady(t, "dataplane", n+1)
	gw.NFT(t, "flush ruleset")
	netlab.Eventually(t, repairLimit, "the table is whole again", whole)
	b.waitTransfers(t, "a flush after an upgrade")
	for i, p := range probes {
		p.end()
		t.Logf("stream %d: %d forbidden packets sent, %d arrived", i, p.sent.Load(), p.arrived.Load())
		if sent, arrived := p.sent.Load(), p.arrived.Load(); sent == 0 || arrived != 0 {
			t.Errorf("%d of %d forbidden packets arrived (stream %d)", arrived, sent, i)
		}
	}
}

// A worker that runs and does nothing is replaced, and its clients reconnect.
func TestWedgedWorker(t *testing.T) {
	t.Parallel()
	b := newBusySite(t, 1, "SALLYPORT_WORKERS=1")
	victim := b.workersByDevice(t, 1)[0]
	if err := syscall.Kill(victim.pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	netlab.Eventually(t, 60*time.Second, "the worker is replaced", func() bool {
		pids := b.Processes("openvpn")
		return len(pids) == 1 && pids[0] != victim.pid
	})
	b.vpn[0].WaitUp(t, 2)
	if got := b.vpn[0].Address(t).String(); got != b.addresses[0] {
		t.Errorf("the client reconnected as %s and had been %s", got, b.addresses[0])
	}
}

// A stalled dataplane and a stalled web process delay no tunnel. Once they go on all is as before.
func TestStalledPeers(t *testing.T) {
	t.Parallel()
	b := newBusySite(t, 3)
	for _, process := range []string{"dataplane", "web"} {
		pid := b.Process(t, process)
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		b.waitTransfers(t, process+" was stopped")
		b.waitTransfers(t, process+" was stopped a while")
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	b.waitConnectionsListed(t)
	b.wantNewRuleWorks(t)
}

// What the host lacks or loses is reported, and never shown as "associated". It recovers without help.
func TestHostFaults(t *testing.T) {
	t.Parallel()
	fake := t.TempDir()
	if err := os.Chmod(fake, 0o755); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(fake, "broken")
	script := "#!/bin/sh\nif [ -e " + broken + " ]; then echo 'Error: made to fail' >&2; exit 1; fi\nexec /usr/sbin/nft \"$@\"\n"
	if err := os.WriteFile(filepath.Join(fake, "nft"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, 1, "PATH="+fake+":"+os.Getenv("PATH"))
	gw := s.gatewayHost
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)

	t.Run("nft fails", func(t *testing.T) {
		if err := os.WriteFile(broken, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		s.Associate("subnet-a")
		s.WaitText("/associations", "association-failed", "packet filter")
		s.WaitText("", "pending-associate")
		if err := os.Remove(broken); err != nil {
			t.Fatal(err)
		}
		s.WaitText("/associations", "associated")
		s.WaitNoText("/associations", "association-failed")
		s.WaitText("", "available")
	})

	t.Run("dataplane stopped", func(t *testing.T) {
		pid := s.Process(t, "dataplane")
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		s.Associate("subnet-b")
		s.WaitRow("/associations", "10.0.2.0/24", "associating")
		s.WaitText("/associations", "has not answered since")
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		s.WaitRow("/associations", "10.0.2.0/24", "associated")
	})

	t.Run("the interface of a subnet vanishes", func(t *testing.T) {
		gw.IP(t, "link", "set", "netb", "down")
		s.WaitRow("/associations", "10.0.2.0/24", "association-failed")
		s.WaitRow("/associations", "10.0.1.0/24", "associated")
		// A process that takes over cannot see the interface that was there.
		n := s.ReadyCount("dataplane")
		if err := syscall.Kill(s.Process(t, "dataplane"), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		s.WaitReady(t, "dataplane", n+1)
		for deadline := time.Now().Add(8 * time.Second); time.Now().Before(deadline); <-time.After(100 * time.Millisecond) {
			if said := s.Row("/associations", "10.0.2.0/24"); !strings.Contains(said, "through interface netb, which is down or gone") {
				t.Fatalf("after an upgrade the association is %s", said)
			}
		}
		gw.IP(t, "link", "set", "netb", "up")
		s.WaitRow("/associations", "10.0.2.0/24", "associated")
	})

	t.Run("another firewall drops our packets", func(t *testing.T) {
		for _, args := range []string{
			"add table ip other", "add chain ip other forward { type filter hook forward priority 0; policy drop; }",
		} {
			netlab.Run(t, append([]string{"ip", "netns", "exec", gw.Name, "/usr/sbin/nft"}, strings.Fields(args)...)...)
		}
		s.WaitText("/associations", "association-failed", "other", "nft ")
		netlab.Run(t, "ip", "netns", "exec", gw.Name, "/usr/sbin/nft", "delete", "table", "ip", "other")
		s.WaitNoText("/associations", "association-failed")
		s.WaitRow("/associations", "10.0.1.0/24", "associated")
	})

	t.Run("another firewall has a rule that cannot be judged", func(t *testing.T) {
		gw.NFT(t, "table ip other { chain forward { type filter hook forward priority 0; meta mark 0x1 drop\n}\n}")
		s.WaitRow("/associations", "10.0.1.0/24", "associated", "may drop packets from VPN clients", "rules that Sallyport cannot judge")
		netlab.Eventually(t, repairLimit, "the page of the node shows the warning", func() bool {
			text := s.Get("/node").Text()
			return strings.Contains(text, "Warning") && strings.Contains(text, "may drop packets from VPN clients")
		})
		s.WaitText("", "available", "may drop packets from VPN clients")
		gw.NFT(t, "delete table ip other")
		s.WaitNoText("/associations", "may drop")
	})
}

// The dataplane obeys the host policy against what web asks for.
func TestHostPolicy(t *testing.T) {
	t.Parallel()
	policy := filepath.Join(t.TempDir(), "host-policy.json")
	write := func(text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(policy+".new", []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(policy+".new", mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(policy+".new", policy); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"forbidden_destinations": ["10.0.2.0/24"], "ports": ["443"]}`, 0o644)
	s := newSite(t, 1, "SALLYPORT_HOST_POLICY_FILE="+policy)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.Authorize("10.0.0.0/16")
	s.Authorize("10.0.2.0/24")
	s.WaitText("", "available")
	s.WaitRow("/rules", "10.0.2.0/24", "failed", "forbids")
	netlab.ConnectClient(t, s.clients[0], s.Profile("alice"))
	s.WaitRow("/rules", "10.0.0.0/16", "active")
	if !s.clients[0].ReachesTCP(addrHostA, netlab.EchoPort) {
		t.Error("an allowed host does not answer")
	}
	if s.clients[0].AnswersTCP(addrHostB, netlab.EchoPort) || s.clients[0].AnswersUDP(addrHostB, netlab.EchoPort) {
		t.Error("a forbidden host answers")
	}
	write(`{"egress_interfaces": ["netb"]}`, 0o644)
	s.WaitText("/associations", "association-failed", "does not allow client traffic on interface neta")
	netlab.Eventually(t, repairLimit, "nothing leaves by an interface that is not allowed", func() bool {
		return !s.clients[0].AnswersTCP(addrHostA, netlab.EchoPort)
	})
	write(`{"ports": ["1194"]}`, 0o644)
	s.WaitText("/associations", "association-failed", "does not allow VPN port 443")
	netlab.Eventually(t, repairLimit, "the worker is stopped", func() bool { return len(s.Processes("openvpn")) == 0 })
	write(`{}`, 0o666)
	s.WaitText("/associations", "could have been written by others")
	write(`{}`, 0o644)
	s.WaitText("/associations", "associated")
	s.WaitNoText("/associations", "association-failed")
}
