package lab

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// outages is how long links are down (LAB_OUTAGES, in seconds: "33,100,130").
func outages(t *testing.T) []time.Duration {
	t.Helper()
	setting := os.Getenv("LAB_OUTAGES")
	if setting == "" {
		return []time.Duration{25 * time.Second, 33 * time.Second}
	}
	var out []time.Duration
	for word := range strings.SplitSeq(setting, ",") {
		n, err := strconv.Atoi(word)
		if err != nil {
			t.Fatalf("LAB_OUTAGES: %v", err)
		}
		out = append(out, time.Duration(n)*time.Second)
	}
	return out
}

// kindsOfClients are the changes of a profile that decide what a client shows when it comes back.
var kindsOfClients = []func(string) string{
	nil,
	func(profile string) string { return profile + "\npull-filter ignore \"auth-token\"\n" }, // it never shows its token
	func(profile string) string { return profile + "\nauth-nocache\n" },
}

// comesBack is how long a client may take after its link is there again.
const comesBack = 35 * time.Second

// Clients whose link was down come back by themselves within 35 s of its return, with their addresses and connections,
// whatever they show; the same holds where the gateway's link was down.
func TestOutageOfLinks(t *testing.T) {
	t.Parallel()
	lengths := outages(t)
	var profiles []func(string) string
	for range lengths {
		profiles = append(profiles, kindsOfClients...)
	}
	s := newReturnSite(t, profiles, nil)
	since := time.Now()
	for _, c := range s.vpn {
		s.link(t, c, "down")
	}
	for n, length := range lengths {
		what := fmt.Sprintf("an outage of its link of %s", length)
		passed(t, since, length)
		of := s.vpn[n*len(kindsOfClients):][:len(kindsOfClients)]
		for _, c := range of {
			s.link(t, c, "up")
		}
		for _, c := range of {
			c.reaches(t, comesBack, what)
			s.wantSameConnection(t, c, what)
		}
	}

	length := lengths[len(lengths)-1]
	what := fmt.Sprintf("an outage of the gateway's link of %s", length)
	s.wan.IP(t, "link", "set", "gw", "down")
	passed(t, time.Now(), length)
	s.wan.IP(t, "link", "set", "gw", "up")
	for _, c := range s.vpn {
		c.reaches(t, comesBack, what)
		s.wantSameConnection(t, c, what)
	}
}

// passed waits until a time has passed.
func passed(t *testing.T, since time.Time, length time.Duration) {
	t.Helper()
	netlab.Eventually(t, length+10*time.Second, length.String()+" have passed", func() bool { return time.Since(since) >= length })
}

// wantSameConnection checks that a client is back with its address and its connection, which is listed once.
func (s *returnSite) wantSameConnection(t *testing.T, c *returning, what string) {
	t.Helper()
	former := *c
	s.remember(t, c)
	if c.address != former.address || c.connection != former.connection || c.session != former.session {
		t.Errorf("after %s the client on %s has %s, connection %s, and had %s, %s", what, c.On.Name, c.address, c.connection, former.address, former.connection)
	}
	netlab.Eventually(t, 10*time.Second, "the connection is active after "+what, func() bool {
		rows := stored(t, s.Gateway, "SELECT status FROM connection WHERE session_id = ?", c.session)
		return len(rows) == 1 && rows[0][0] == "active"
	})
}

// movers is how many clients change their addresses (LAB_MOVERS).
func movers() int {
	if n, err := strconv.Atoi(os.Getenv("LAB_MOVERS")); err == nil {
		return n
	}
	return 8
}

// Clients that change their addresses keep connection and client address. One whose new address leads to its own worker notices nothing;
// one that another worker gets comes back by its token when its keepalive notices.
func TestClientsMove(t *testing.T) {
	t.Parallel()
	s := newReturnSite(t, make([]func(string) string, movers()), nil)
	since := time.Now()
	for i, c := range s.vpn {
		c.On.IP(t, "addr", "del", fmt.Sprintf("192.0.2.%d/24", 101+i), "dev", "eth0")
		c.On.IP(t, "addr", "add", fmt.Sprintf("192.0.2.%d/24", 181+i), "dev", "eth0")
		c.On.IP(t, "route", "replace", "default", "via", gatewayWAN, "dev", "eth0")
	}
	floated := 0
	for _, c := range s.vpn {
		before := c.ups
		c.reaches(t, 45*time.Second, "a change of its address")
		s.wantSameConnection(t, c, "a change of its address")
		if c.ups == before {
			floated++
		}
	}
	t.Logf("%d of %d clients stayed at their workers; all were there again after %s", floated, len(s.vpn), time.Since(since).Round(time.Second))
	for i, c := range s.vpn {
		want := fmt.Sprintf("192.0.2.%d:", 181+i)
		netlab.Eventually(t, 20*time.Second, "the new address "+want+" is listed", func() bool {
			rows := stored(t, s.Gateway, "SELECT device FROM connection WHERE id = ?", c.connection)
			return len(rows) == 1 && strings.HasPrefix(rows[0][0], want)
		})
	}
}

// The gateway has another address, which its name leads to from then on: clients follow it, and keep their connections.
func TestGatewayMoves(t *testing.T) {
	t.Parallel()
	const elsewhere = "192.0.2.2"
	s := &returnSite{site: newSite(t, 1, "SALLYPORT_PUBLIC_NAME=vpn.lab.test")}
	host := s.clients[0]
	s.wan.IP(t, "addr", "add", addrRouter+"/24", "dev", "br0")
	s.wan.IP(t, "addr", "add", addrResolver+"/32", "dev", "lo")
	s.wan.Sysctl(t, "net/ipv4/ip_forward", "1")
	host.IP(t, "route", "replace", "default", "via", addrRouter)
	lead := serveName(t, s.wan, gatewayWAN)
	useResolver(t, host)
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	c := &returning{Client: netlab.ConnectClient(t, host, s.Profile("alice"))}
	s.remember(t, c)

	s.gatewayHost.IP(t, "addr", "del", gatewayWAN+"/24", "dev", "wan")
	s.gatewayHost.IP(t, "addr", "add", elsewhere+"/24", "dev", "wan")
	lead(elsewhere)
	c.reaches(t, comesBack, "a change of the gateway's address")
	s.wantSameConnection(t, c, "a change of the gateway's address")
}

// A client over TCP says no goodbye that a server could tell from a lost network: the connection of one that its user ended is
// away, and continues when the user connects again. One whose worker ended comes back at once.
func TestReturnOverTCP(t *testing.T) {
	t.Parallel()
	s := newReturnSite(t, []func(string) string{nil, nil}, gateway.Fields{"Transport Protocol": "TCP"})
	ended := s.vpn[0]
	ended.Leave(t)
	netlab.Eventually(t, 20*time.Second, "the connection is away", func() bool {
		rows := stored(t, s.Gateway, "SELECT status FROM connection WHERE id = ?", ended.connection)
		return len(rows) == 1 && rows[0][0] == "away"
	})
	ended.Client = netlab.ConnectClient(t, ended.On, s.Profile("usera"))
	ended.reaches(t, comesBack, "an end by its user")
	s.wantSameConnection(t, ended, "an end by its user")

	kill(t, s.Processes("openvpn")...)
	for _, c := range s.vpn {
		c.WaitUp(t, c.ups+1)
		c.reaches(t, comesBack, "the end of its worker")
		s.wantSameConnection(t, c, "the end of its worker")
	}
	s.StopCommand(t, "serve")
	s.Start(t, "serve")
	for _, c := range s.vpn {
		c.reaches(t, comesBack, "a stop of the gateway")
		s.wantAnotherConnection(t, c, "a stop of the gateway")
	}
}
