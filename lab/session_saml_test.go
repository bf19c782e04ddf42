package lab

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/idp"
	"sallyport/lab/netlab"
)

// Who has signed in in the browser comes back without it for as long as the session lasts: at another address, after a restart
// of the gateway's host, after a sleep that was longer than the connection is kept. After a block, a termination and the end of
// the session the token is worth nothing, also that of a client that was out of reach then: its user has to sign in again, and
// one who is blocked is not let in by that either.
func TestSAMLSessions(t *testing.T) {
	t.Parallel()
	s := newFederatedSite(t, 3, idp.Options{}, "SALLYPORT_AWAY_TIME=1s")
	s.federate(gateway.Fields{"Name tag": "datagrams", "Client IPv4 CIDR": "10.132.0.0/22", "Use mutual authentication": "off", "Transport Protocol": "UDP"})
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	profile := s.commandLine()
	var clients []*netlab.Client
	for i, name := range []string{"alice", "bob", "alice"} {
		clients = append(clients, s.connect(t, s.clients[i], profile, name))
	}
	stays, blocked, terminated := clients[0], clients[1], clients[2]

	stays.On.IP(t, "addr", "del", "192.0.2.101/24", "dev", "eth0")
	stays.On.IP(t, "addr", "add", "192.0.2.181/24", "dev", "eth0")
	stays.On.IP(t, "route", "replace", "default", "via", gatewayWAN, "dev", "eth0")
	(&returnSite{site: s.site}).restartHost(t)
	for _, c := range clients {
		wantBack(t, c, 2, "the gateway's host was restarted")
	}

	var connection, asleep string
	netlab.Eventually(t, 20*time.Second, "the connections are listed", func() bool {
		connection, _ = (&returnSite{site: s.site}).newest(t, terminated.Address(t).String())
		asleep, _ = (&returnSite{site: s.site}).newest(t, stays.Address(t).String())
		return connection != "" && asleep != ""
	})
	for i := range clients {
		s.wan.IP(t, "link", "set", fmt.Sprintf("c%d", i), "down")
	}
	s.MustSubmit("/users/block?id="+stored(t, s.Gateway, "SELECT id FROM vpn_user WHERE name = 'bob@example.test'")[0][0], "Block user", nil)
	s.Press(s.Get(s.Endpoint+"/connections/terminate?id="+connection), "Terminate connection", nil)
	passed(t, time.Now(), 8*time.Second) // OpenVPN tells a client for five seconds that its session ended
	kill(t, s.Processes("openvpn")...)   // so that the silence is noticed at once
	netlab.Eventually(t, 30*time.Second, "the connection of the client that is asleep has ended", func() bool {
		rows := stored(t, s.Gateway, "SELECT end_reason FROM connection WHERE id = ?", asleep)
		return len(rows) == 1 && strings.Contains(rows[0][0], "out of reach for a second")
	})
	for i := range clients {
		s.wan.IP(t, "link", "set", fmt.Sprintf("c%d", i), "up")
	}
	for _, c := range []*netlab.Client{blocked, terminated} {
		netlab.Eventually(t, 60*time.Second, "the token of the client on "+c.On.Name+" is refused", func() bool { return strings.Contains(c.Log(), "AUTH_FAILED,ClientVpnSessionOver") })
	}
	if blocked.Ups() != 2 || terminated.Ups() != 2 {
		t.Error("a session that had ended was continued")
	}
	again := netlab.StartClient(t, blocked.On, profile)
	confirm(t, signIn(t, person(again.On), link(t, again, 1), "bob"))
	netlab.Eventually(t, 20*time.Second, "the user who is blocked is refused", func() bool { return strings.Contains(again.Log(), "AUTH_FAILED,UserBlocked") })
	if again.Ups() != 0 {
		t.Error("the user who is blocked is connected")
	}

	wantBack(t, stays, 3, "a sleep that was longer than the away time")
	s.shortenSessions(t, time.Second)
	s.Modify(gateway.Fields{"Session timeout hours": ""}, nil)
	netlab.Eventually(t, 20*time.Second, "the client ends with its session", func() bool { return !stays.Running() })
	if !strings.Contains(stays.Log(), "reached its maximum duration") {
		t.Error("the client was not told why")
	}
}

// wantBack waits until a client whose tunnel came up so often reaches a host, and checks that its user was not asked to sign
// in again.
func wantBack(t *testing.T, c *netlab.Client, ups int, after string) {
	t.Helper()
	netlab.Eventually(t, 60*time.Second, "the client on "+c.On.Name+" is back after "+after, func() bool {
		return c.Ups() >= ups && c.On.Reaches(addrHostA, netlab.EchoPort)
	})
	if log := c.Log(); len(links(log)) != 1 || strings.Contains(log, "AUTH_FAILED") {
		t.Errorf("after %s the user had to sign in again: %s", after, netlab.Tail(log, 2000))
	}
}
