package lab

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// Lines that users add to their files. With those for compression a client connects and reaches what it may, and nothing is
// compressed; one with fragment, whose packets cannot be read, is told so and ends.
func TestLinesOfUsers(t *testing.T) {
	t.Parallel()
	compression := []string{"comp-lzo\n", "comp-lzo no\n", "compress lz4-v2\nallow-compression yes\n", "comp-lzo\nallow-compression yes\n"}
	s := newSite(t, len(compression)+1)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	profile := s.Profile("alice")
	fragments := netlab.StartClient(t, s.clients[len(compression)], "fragment 1300\n"+profile)
	var clients []*netlab.Client
	for i, lines := range compression {
		clients = append(clients, netlab.StartClient(t, s.clients[i], lines+profile))
	}
	for i, c := range clients {
		c.WaitUp(t, 1)
		if !c.On.Reaches(addrHostA, netlab.EchoPort) {
			t.Errorf("a client with %q reaches nothing", compression[i])
		}
		if !strings.Contains(c.Log(), "compression: 'stubv2'") {
			t.Errorf("a client with %q: %s", compression[i], netlab.Tail(c.Log(), 2000))
		}
	}
	fragments.WaitUp(t, 1)
	netlab.Eventually(t, 20*time.Second, "the client with fragment ends", func() bool {
		fragments.On.Answers(addrHostA, netlab.EchoPort)
		return !fragments.Running()
	})
	if !strings.Contains(fragments.Log(), "ClientFramingMismatch: Your program frames its packets") {
		t.Errorf("it was not told why: %s", netlab.Tail(fragments.Log(), 2000))
	}
	s.WaitText("/connections?view=ended", "Remove the line fragment")
	s.WaitText("/connections?view=refused", "ClientFramingMismatch")
}
