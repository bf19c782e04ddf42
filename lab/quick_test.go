package lab

import (
	"sallyport/lab/netlab"
	"strings"
	"testing"
)

// A login is over when it is decided: the client has its configuration before it asks for it,
// which it does a second after the handshake. On a busy machine a decision may take longer than
// that second; one login in several that need not wait is proof enough.
func TestLoginsDoNotWait(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	profile := s.Profile("alice")
	for range 5 {
		c := netlab.ConnectClient(t, s.clients[0], profile)
		c.Leave(t)
		if !strings.Contains(c.Log(), "'PUSH_REQUEST'") {
			return
		}
	}
	t.Error("every client had to ask for its configuration")
}
