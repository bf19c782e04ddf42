package netlab_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

func TestMain(m *testing.M) {
	netlab.Main(m, netlab.Sandbox{Prepare: []string{"link add prepared type veth peer name peer"}})
}

// The sandbox has processes, devices and a /run of its own.
func TestSandbox(t *testing.T) {
	netlab.NeedSandbox(t, "ip")
	if cmdline, err := os.ReadFile("/proc/1/cmdline"); err != nil || !strings.Contains(string(cmdline), "-test.") {
		t.Errorf("process 1 is %q, want the test binary (%v)", cmdline, err)
	}
	if links := netlab.Here().IP(t, "-o", "link"); strings.Count(links, "\n") != 3 || !strings.Contains(links, "prepared") {
		t.Errorf("the sandbox has the devices\n%s", links)
	}
	if entries, err := os.ReadDir("/run"); err != nil || len(entries) != 0 {
		t.Errorf("/run has %v (%v)", entries, err)
	}
}

// Hosts reach each other by the veth pair between them, and nothing else.
func TestHosts(t *testing.T) {
	netlab.NeedSandbox(t, "ip")
	near, far := netlab.New(t, "near"), netlab.New(t, "far")
	netlab.Connect(t, near, "eth0", "192.0.2.1/24", far, "eth0", "192.0.2.2/24")
	netlab.Connect(t, netlab.Here(), "lan0", "198.51.100.1/24", far, "eth1", "198.51.100.2/24")
	far.Serve(t, netlab.EchoPort)
	// The first packets of a new veth pair may be lost until the link is up.
	for deadline := time.Now().Add(20 * time.Second); !near.Answers("192.0.2.2", netlab.EchoPort) || !netlab.Here().Answers("198.51.100.2", netlab.EchoPort); {
		if time.Now().After(deadline) {
			t.Fatal("the far host does not answer")
		}
	}
	if near.AnswersTCP("198.51.100.2", netlab.EchoPort) || near.AnswersUDP("192.0.2.2", netlab.EchoPort+1) {
		t.Error("an address or a port answers that cannot")
	}
	near.Sysctl(t, "net/ipv4/conf/eth0/forwarding", "1")
	if got := near.ReadFile(t, "/proc/sys/net/ipv4/conf/eth0/forwarding"); got != "1" {
		t.Errorf("the setting is %s, want 1", got)
	}
}
