package lab

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// returnSite is a site with users that are connected, to see them come back.
type returnSite struct {
	*site
	vpn []*returning
}

// returning is a client with what it had before it was lost.
type returning struct {
	*netlab.Client
	cable                        string // the end of its link at the other side
	address, connection, session string
	ups                          int
}

// newReturnSite connects a client for each of the changes of its profile.
func newReturnSite(t *testing.T, profiles []func(string) string, endpoint gateway.Fields, settings ...string) *returnSite {
	t.Helper()
	s := &returnSite{site: newSite(t, len(profiles), settings...)}
	s.CreateNetwork()
	names := make([]string, len(profiles))
	for i := range names {
		names[i] = "user" + string(rune('a'+i))
	}
	s.CreateCertificates(names...)
	s.CreateEndpoint(endpoint)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	for i, change := range profiles {
		profile := s.Profile(names[i])
		if change != nil {
			profile = change(profile)
		}
		s.vpn = append(s.vpn, &returning{Client: netlab.StartClient(t, s.clients[i], profile), cable: fmt.Sprintf("c%d", i)})
	}
	for _, c := range s.vpn {
		c.WaitUp(t, 1)
		s.remember(t, c)
	}
	return s
}

// remember takes down what a client has.
func (s *returnSite) remember(t *testing.T, c *returning) {
	t.Helper()
	c.address = c.Address(t).String()
	c.ups = c.Ups()
	netlab.Eventually(t, 10*time.Second, "the connection of "+c.address+" is listed", func() bool {
		c.connection, c.session = s.newest(t, c.address)
		return c.session != ""
	})
}

// newest gives the newest connection with a client address that has not ended, and its session.
func (s *returnSite) newest(t *testing.T, address string) (connection, session string) {
	t.Helper()
	for _, row := range stored(t, s.Gateway, "SELECT id, session_id FROM connection WHERE client_ip = ? AND status <> 'terminated' ORDER BY number", address) {
		connection, session = row[0], row[1]
	}
	return connection, session
}

// reaches waits until a client reaches a host through its tunnel.
func (c *returning) reaches(t *testing.T, within time.Duration, what string) {
	t.Helper()
	since := time.Now()
	netlab.Eventually(t, within, "the client on "+c.On.Name+" is back after "+what, func() bool { return c.On.Reaches(addrHostA, netlab.EchoPort) })
	t.Logf("the client on %s was back %s after %s", c.On.Name, time.Since(since).Round(100*time.Millisecond), what)
	if log := c.Log(); strings.Contains(log, "AUTH_FAILED") {
		t.Errorf("the client was refused: %s", netlab.Tail(log, 2000))
	}
}

// link switches the link of a client.
func (s *returnSite) link(t *testing.T, c *returning, state string) {
	t.Helper()
	s.wan.IP(t, "link", "set", c.cable, state)
}

// wantAnotherConnection checks that a client has another connection under the same session with the same address, and that the former one ended.
func (s *returnSite) wantAnotherConnection(t *testing.T, c *returning, what string) {
	t.Helper()
	former := *c
	s.remember(t, c)
	if c.connection == former.connection || c.session != former.session || c.address != former.address {
		t.Errorf("after %s the client has connection %s of session %s with %s, and had %s of %s with %s", what, c.connection, c.session, c.address, former.connection, former.session, former.address)
	}
	netlab.Eventually(t, 10*time.Second, "the former connection has ended", func() bool {
		rows := stored(t, s.Gateway, "SELECT status FROM connection WHERE id = ?", former.connection)
		return len(rows) == 1 && rows[0][0] == "terminated"
	})
}

// The gateway's host is restarted: processes, run directory and the kernel's state are gone. Clients come back by
// themselves, each under its session; the one that could not be reached at that time as well.
func TestHostRestart(t *testing.T) {
	t.Parallel()
	s := newReturnSite(t, []func(string) string{nil, nil}, nil)
	away, here := s.vpn[0], s.vpn[1]
	s.link(t, away, "down")
	s.restartHost(t)
	here.reaches(t, 50*time.Second, "the restart of the host")
	s.wantAnotherConnection(t, here, "the restart of the host")
	s.link(t, away, "up")
	away.reaches(t, 50*time.Second, "the restart of the host and an outage of its link")
	s.wantAnotherConnection(t, away, "the restart of the host and an outage of its link")

	// A stop in good order is no farewell either.
	s.StopCommand(t, "serve")
	if !here.Running() || !away.Running() {
		t.Error("a client's program ended with the gateway")
	}
	s.Start(t, "serve")
	for _, c := range s.vpn {
		c.reaches(t, 50*time.Second, "a stop of the gateway")
		s.wantAnotherConnection(t, c, "a stop of the gateway")
	}
}

// restartHost ends every process of the gateway at once, takes away what only the host's memory holds, and starts the program.
func (s *returnSite) restartHost(t *testing.T) {
	t.Helper()
	s.KillCommand("serve")
	for _, command := range []string{"web", "dataplane", "openvpn"} {
		kill(t, s.Processes(command)...)
	}
	netlab.Eventually(t, 10*time.Second, "every process has ended", func() bool {
		return len(s.Processes("web"))+len(s.Processes("dataplane"))+len(s.Processes("openvpn")) == 0
	})
	s.gatewayHost.NFT(t, "flush ruleset")
	for line := range strings.Lines(s.gatewayHost.IP(t, "-br", "link", "show", "type", "tun")) {
		s.gatewayHost.IP(t, "link", "delete", strings.Fields(line)[0])
	}
	if err := os.RemoveAll(s.RunDir()); err != nil {
		t.Fatal(err)
	}
	s.Start(t, "serve")
}

// A client that was out of reach for longer than its connection is kept gets another connection under its session, without
// a login.
func TestReturnAfterTheAwayTime(t *testing.T) {
	t.Parallel()
	s := newReturnSite(t, []func(string) string{nil}, nil, "SALLYPORT_AWAY_TIME=1s")
	c := s.vpn[0]
	s.link(t, c, "down")
	netlab.Eventually(t, 90*time.Second, "the connection has ended", func() bool {
		rows := stored(t, s.Gateway, "SELECT end_reason FROM connection WHERE id = ?", c.connection)
		return len(rows) == 1 && strings.Contains(rows[0][0], "out of reach for a second")
	})
	passed(t, time.Now(), 15*time.Second) // its address has cooled down
	s.link(t, c, "up")
	c.reaches(t, 35*time.Second, "an outage that was longer than the away time")
	s.wantAnotherConnection(t, c, "an outage that was longer than the away time")
}
