package lab

import (
	"strings"
	"testing"
)

// A login is over when it is decided: the client has its configuration before it asks for it,
// which it does a second after the handshake. On a busy machine a decision may take longer than
// that second; one login in several that need not wait is proof enough.
func TestLoginsDoNotWait(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.createNetwork()
	s.createCertificates("alice")
	s.createEndpoint(nil)
	s.associate("subnet-a")
	s.shows("", "available")
	profile := s.profile("alice")
	for range 5 {
		c := connectVPN(t, s.clients[0], profile)
		c.leave(t)
		if !strings.Contains(c.said(), "'PUSH_REQUEST'") {
			return
		}
	}
	t.Error("every client had to ask for its configuration")
}
