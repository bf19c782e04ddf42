package lab

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/netlab"
)

// A client with a fixed port (a router, a NAT that keeps ports) that starts again after a crash sends
// its first packets from the port of its former run, which the worker still has. It gets in without
// being refused, in the same connection. Within 30 s of the former login OpenVPN sends no second answer, so
// that this takes longer here than it does after a power cut.
func TestRestartFromTheSamePort(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	profile := fixedPort(s.Profile("alice"))
	c := netlab.ConnectClient(t, s.clients[0], profile)
	addr := c.Address(t)
	c.Kill()
	c = netlab.ConnectClient(t, s.clients[0], profile)
	if !c.On.Reaches(addrHostA, netlab.EchoPort) || c.Address(t) != addr {
		t.Errorf("the client has address %s and had %s, or it reaches nothing", c.Address(t), addr)
	}
	if log := c.Log(); strings.Contains(log, "AUTH_FAILED") {
		t.Errorf("the client was refused first: %s", netlab.Tail(log, 1500))
	}
	if rows := s.connections(); len(rows) != 1 {
		t.Errorf("connections: got %v, want one", rows)
	}
}

// Where the endpoint asks for passwords, a handshake from the address and port of a client that has just vanished proves
// nothing by the user name: a wrong password is refused, and the user with the right one gets in.
func TestPasswordFromTheSamePort(t *testing.T) {
	t.Parallel()
	s := newPasswordSite(t, 1)
	profile := fixedPort(s.profile)
	c := netlab.ConnectClient(t, s.clients[0], as(t, profile, "alice", directory.Password))
	c.Kill()
	guess := netlab.StartClient(t, s.clients[0], as(t, profile, "alice", "guessed"))
	netlab.Eventually(t, 90*time.Second, "the wrong password is refused", func() bool { return strings.Contains(guess.Log(), "AUTH_FAILED,UserCredentialsRefused") })
	if guess.Ups() != 0 {
		t.Error("a wrong password continued the connection of the user")
	}
	guess.Kill()
	if c = netlab.ConnectClient(t, s.clients[0], as(t, profile, "alice", directory.Password)); !c.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("the user reaches nothing")
	}
}
