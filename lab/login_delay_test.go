package lab

import (
	"strings"
	"testing"

	"sallyport/lab/netlab"
)

// A login ends with its decision: the client gets its configuration before it asks for it, which it does
// a second after the handshake. On a busy machine a decision may take longer than that second, so one
// of several logins without a request is enough.
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
