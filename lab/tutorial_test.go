package lab

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// The tutorial of the guide (lines 1077 to 1258), through the front door and with real packets.
func TestTutorial(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	client := s.clients[0]

	s.createNetwork()
	s.createCertificates("alice")
	s.createEndpoint(nil)
	s.shows("", "pending-associate")
	if p := s.get(s.endpoint + "/configuration"); !strings.Contains(p.text(), "nobody can connect") {
		t.Errorf("the page of the configuration file does not say that nobody can connect yet: %s", p.text())
	}

	s.associate("subnet-a")
	s.shows("", "available")
	s.shows("/associations", "associated")
	s.line("/routes", "10.0.0.0/16", "active")

	c := connectVPN(t, client, s.profile("alice"))
	s.shows("/connections", "alice", c.address(t).String(), "active")

	// There is a route by now but no rule: nothing passes.
	if answers(client, addrHostA, echoPort) {
		t.Fatal("a host answers before there is an authorization rule")
	}

	// A rule for one subnet opens exactly that one.
	s.authorize("10.0.1.0/24")
	s.line("/rules", "10.0.1.0/24", "active")
	if !answers(client, addrHostA, echoPort) {
		t.Fatal("the authorized host does not answer")
	}
	if tcpAnswers(client, addrHostB, echoPort) || udpAnswers(client, addrHostB, echoPort) {
		t.Fatal("a host that no rule names answers")
	}

	// The internet: the rule alone is not enough, nor would the route be.
	if answers(client, addrInternet, echoPort) {
		t.Fatal("the internet answers without route and rule")
	}
	s.authorize("0.0.0.0/0")
	s.line("/rules", "0.0.0.0/0", "active")
	if tcpAnswers(client, addrInternet, echoPort) {
		t.Fatal("the internet answers with a rule and no route")
	}
	s.addRoute("0.0.0.0/0", "subnet-a")
	s.line("/routes", "0.0.0.0/0", "active")
	eventually(t, 5*time.Second, "the internet answers", func() bool { return answers(client, addrInternet, echoPort) })
	s.remove("/rules", "0.0.0.0/0", "Remove authorization rule")
	s.hides("/rules", "0.0.0.0/0")
	if tcpAnswers(client, addrInternet, echoPort) {
		t.Fatal("the internet answers with a route and no rule")
	}

	// Removing a rule cuts what is running, within a second.
	conn, err := client.dialTCP(addrHostA, echoPort)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	flowing := stream(conn)
	eventually(t, 5*time.Second, "a transfer runs", func() bool { return flowing() > 1<<20 })
	s.remove("/rules", "10.0.1.0/24", "Remove authorization rule")
	s.hides("/rules", "10.0.1.0/24")
	stopped := flowing()
	time.AfterFunc(time.Second, func() {}) // nothing: the wait is the probe below, which takes as long
	if tcpAnswers(client, addrHostA, echoPort) {
		t.Error("a host answers after its rule was removed")
	}
	if now := flowing(); now > stopped+1<<20 {
		t.Errorf("a transfer went on after its rule was removed: %d bytes more", now-stopped)
	}

	// Getting started ticks what is applied.
	if p := s.get("/"); !strings.Contains(p.text(), "Getting started") {
		t.Errorf("no tutorial: %s", tail(p.text(), 300))
	}

	// Terminated, and it stays so.
	s.remove("/connections", "alice", "Terminate connection")
	eventually(t, 10*time.Second, "the client's program ended", func() bool { return !c.running() })
	s.shows("/connections", "terminated")

	// Disassociating the last target network ends sessions.
	s.authorize("10.0.0.0/16")
	again := connectVPN(t, client, s.profile("alice"))
	if !answers(client, addrHostA, echoPort) {
		t.Fatal("the authorized host does not answer")
	}
	s.remove("/associations", "subnet-a", "Disassociate target network")
	eventually(t, 10*time.Second, "the client's program ended", func() bool { return !again.running() })
	s.shows("", "pending-associate")
	s.hides("/routes", "10.0.0.0/16")
}

// stream sends as fast as the other end echoes, and tells how many bytes came back so far.
func stream(conn net.Conn) func() int64 {
	count := make(chan int64, 1)
	count <- 0
	go func() { _, _ = io.Copy(conn, zero{}) }()
	go func() {
		b := make([]byte, 64<<10)
		for {
			n, err := conn.Read(b)
			total := <-count
			count <- total + int64(n)
			if err != nil {
				return
			}
		}
	}()
	return func() int64 { n := <-count; count <- n; return n }
}

type zero struct{}

func (zero) Read(p []byte) (int, error) { return len(p), nil }

// The two processes and their workers have no more rights than they need.
func TestPrivileges(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	s.createNetwork()
	s.createCertificates()
	s.createEndpoint(nil)
	s.associate("subnet-a")
	s.shows("", "available")
	web, workers := s.children(t, "web"), s.children(t, "openvpn")
	if len(web) != 1 || len(workers) == 0 {
		t.Fatalf("%d web processes, %d workers", len(web), len(workers))
	}
	for what, pids := range map[string][]int{"web": web, "openvpn": workers} {
		for _, pid := range pids {
			status := processStatus(t, pid)
			if strings.HasPrefix(status["Uid"], "0\t") {
				t.Errorf("%s runs as root", what)
			}
			if status["CapEff"] != "0000000000000000" || status["CapPrm"] != "0000000000000000" {
				t.Errorf("%s has capabilities: %s %s", what, status["CapEff"], status["CapPrm"])
			}
			if what == "openvpn" && status["NoNewPrivs"] != "1" {
				t.Errorf("%s can gain privileges", what)
			}
		}
	}
}

func processStatus(t testing.TB, pid int) map[string]string {
	t.Helper()
	b, err := os.ReadFile("/proc/" + itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok {
			out[k] = strings.TrimSpace(v)
		}
	}
	return out
}
