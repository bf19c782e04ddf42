package lab

import (
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// The guide's tutorial "Getting started", through the console and with real packets.
func TestTutorial(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	client := s.clients[0]

	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.WaitText("", "pending-associate")
	if p := s.Get(s.Endpoint + "/configuration"); !strings.Contains(p.Text(), "Clients cannot connect yet") {
		t.Errorf("the page of the configuration file does not say that clients cannot connect yet: %s", p.Text())
	}

	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.WaitText("/associations", "associated")
	s.WaitRow("/routes", "10.0.0.0/16", "active")

	c := netlab.ConnectClient(t, client, s.Profile("alice"))
	s.WaitText("/connections", "alice", c.Address(t).String(), "active")

	// There is a route by now but no rule: nothing passes.
	if client.Answers(addrHostA, netlab.EchoPort) {
		t.Fatal("a host answers before there is an authorization rule")
	}

	// A rule for one subnet opens exactly that one.
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	if !client.Reaches(addrHostA, netlab.EchoPort) {
		t.Fatal("the authorized host does not answer")
	}
	if client.AnswersTCP(addrHostB, netlab.EchoPort) || client.AnswersUDP(addrHostB, netlab.EchoPort) {
		t.Fatal("a host that no rule names answers")
	}

	// For the internet a rule and a route are needed.
	if client.Answers(addrInternet, netlab.EchoPort) {
		t.Fatal("the internet answers without route and rule")
	}
	s.Authorize("0.0.0.0/0")
	s.WaitRow("/rules", "0.0.0.0/0", "active")
	if client.AnswersTCP(addrInternet, netlab.EchoPort) {
		t.Fatal("the internet answers with a rule and no route")
	}
	s.AddRoute("0.0.0.0/0", "subnet-a")
	s.WaitRow("/routes", "0.0.0.0/0", "active")
	netlab.Eventually(t, 20*time.Second, "the internet answers", func() bool { return client.Answers(addrInternet, netlab.EchoPort) })
	s.Remove("/rules", "0.0.0.0/0", "Remove authorization rule")
	s.WaitNoText("/rules", "0.0.0.0/0")
	if client.AnswersTCP(addrInternet, netlab.EchoPort) {
		t.Fatal("the internet answers with a route and no rule")
	}

	// Removing a rule stops running transfers, within a second.
	flowing := stream(client.MustDial(t, "tcp4", addrHostA, netlab.EchoPort))
	netlab.Eventually(t, 20*time.Second, "a transfer runs", func() bool { return flowing() > 1<<20 })
	s.Remove("/rules", "10.0.1.0/24", "Remove authorization rule")
	s.WaitNoText("/rules", "10.0.1.0/24")
	stopped := flowing()
	if client.AnswersTCP(addrHostA, netlab.EchoPort) {
		t.Error("a host answers after its rule was removed")
	}
	if now := flowing(); now > stopped+1<<20 {
		t.Errorf("a transfer went on after its rule was removed: %d bytes more", now-stopped)
	}

	// The start page shows the tutorial.
	if p := s.Get("/"); !strings.Contains(p.Text(), "Getting started") {
		t.Errorf("no tutorial: %s", netlab.Tail(p.Text(), 300))
	}

	// A terminated connection stays terminated.
	s.Remove("/connections", "alice", "Terminate connection")
	netlab.Eventually(t, 10*time.Second, "the client's program ended", func() bool { return !c.Running() })
	s.WaitText("/connections?view=ended", "terminated")

	// Disassociating the last target network ends sessions.
	s.Authorize("10.0.0.0/16")
	again := netlab.ConnectClient(t, client, s.Profile("alice"))
	if !client.Reaches(addrHostA, netlab.EchoPort) {
		t.Fatal("the authorized host does not answer")
	}
	s.Remove("/associations", "subnet-a", "Disassociate target network")
	netlab.Eventually(t, 10*time.Second, "the client's program ended", func() bool { return !again.Running() })
	s.WaitText("", "pending-associate")
	s.WaitNoText("/routes", "10.0.0.0/16")
}

// stream sends as fast as the other end echoes. The result tells how many bytes came back so far.
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
	s.CreateNetwork()
	s.CreateCertificates()
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	web, workers := s.Processes("web"), s.Processes("openvpn")
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
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
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
