package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// Each setting of an endpoint is changed while clients send: the connections that are reset are those that were
// announced, and the files that stop working too.
func TestModifyDoesWhatIsAnnounced(t *testing.T) {
	t.Parallel()
	s := newSite(t, 4)
	s.CreateNetwork()
	s.CreateCertificates("alice", "bob")
	s.CreateEndpoint(nil)
	s.MustSubmit("/certificates/issue", "Issue certificate", gateway.Fields{"Server certificate": "", "Common name (CN)": "vpn.lab.test", "Name": "renewed"})
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	servePushes(t, s.hostA)
	users := []string{"alice", "alice", "bob"}
	var clients []*netlab.Client
	for i, name := range users {
		clients = append(clients, netlab.StartClient(t, s.clients[i], s.Profile(name)))
	}
	ups := 1
	// settled waits until every client's tunnel has come up as often as was announced, and carries its user's traffic
	// under the connection that it began with.
	var began string
	var flows []*flow
	settled := func() {
		t.Helper()
		for _, c := range clients {
			c.WaitUp(t, ups)
		}
		for _, c := range clients {
			netlab.Eventually(t, 20*time.Second, "the host answers the client on "+c.On.Name, func() bool { return c.On.Reaches(addrHostA, netlab.EchoPort) })
		}
		var ids string
		netlab.Eventually(t, 20*time.Second, "three connections are listed", func() bool {
			ids = ""
			active := s.active()
			for _, c := range active {
				ids += c.user + " " + c.clientIP + " " + c.id + "\n"
			}
			return len(active) == len(clients)
		})
		if began == "" {
			began = ids
		}
		for _, f := range flows {
			f.waitFlowing(t)
		}
		if sortedLines(ids) != sortedLines(began) {
			t.Errorf("the connections are\n%s, they began as\n%s", ids, began)
		}
		for i, c := range clients {
			if got := c.Ups(); got != ups {
				t.Errorf("the tunnel of client %d came up %d times, %d times was announced", i, got, ups)
			}
		}
	}
	settled()
	flows = receive(t, clients[0].On, addrHostA)
	for _, f := range flows {
		f.waitFlowing(t)
	}
	s.Authorize("198.51.100.0/24")
	const ranges = "IPv4 CIDRs"
	now := gateway.Fields{"Reconnect them now": ""}
	const two = "2 users are connected now"
	for _, c := range []struct {
		what   string
		in     gateway.Fields
		answer gateway.Fields
		words  []string // of the announcement; none: there is none
		resets int
	}{
		{"description", gateway.Fields{"Description": "changed"}, nil, nil, 0},
		{"session timeout", gateway.Fields{"Session timeout hours": "12"}, nil, nil, 0},
		{"disconnect on session timeout", gateway.Fields{"Disconnect on session timeout": "off"}, nil, []string{"interrupts none", two}, 0},
		{"source NAT off", gateway.Fields{"Enable source NAT": "off"}, nil, []string{"interrupts none", two}, 0},
		{"source NAT on", gateway.Fields{"Enable source NAT": "on"}, nil, []string{"interrupts none", two}, 0},
		{"IPv6, later", gateway.Fields{"Leave IPv6 outside the tunnel": "on"}, nil, []string{"when they connect", two}, 0},
		{"banner, later", gateway.Fields{"Enable client login banner": "on", "Client login banner text": "Welcome"}, nil, []string{"when they connect", two}, 0},
		{"DNS server, now", gateway.Fields{"DNS Server 1 IP address": addrHostA}, now, []string{"when they connect", two}, 1},
		{"split-tunnel, now", gateway.Fields{"Enable split-tunnel": "on"}, now, []string{"when they connect", two}, 1},
		{"a range of the network, later", gateway.Fields{ranges: "10.0.0.0/16 198.51.100.0/24"}, nil, []string{"Route table", "when they connect", two}, 0},
		{"a range of the network, now", gateway.Fields{ranges: "10.0.0.0/16 10.77.0.0/16 198.51.100.0/24"}, now, []string{"when they connect", two}, 1},
		{"a range that goes", gateway.Fields{ranges: "10.0.0.0/16 10.77.0.0/16"}, nil, []string{"running transfers to it stop", "no session ends", "when they connect", two}, 0},
		{"server certificate", gateway.Fields{"Server certificate": "renewed"}, nil, []string{"3 connections of 2 users are reset", "return by themselves"}, 1},
	} {
		change := s.Modify
		if c.in[ranges] != "" {
			change = s.ModifyNetwork
		}
		page := change(c.in, c.answer)
		switch {
		case page == nil && c.words != nil:
			t.Errorf("%s: nothing was announced", c.what)
		case page != nil:
			for _, words := range c.words {
				if !strings.Contains(page.Text(), words) {
					t.Errorf("%s: %q was not announced: %s", c.what, words, netlab.Tail(page.Text(), 900))
				}
			}
			if c.words == nil {
				t.Errorf("%s: announced %s", c.what, netlab.Tail(page.Text(), 900))
			}
		}
		ups += c.resets
		if c.resets > 0 {
			settled()
		}
		switch c.what {
		case "a range of the network, later":
			s.WaitRow("/routes", "198.51.100.0/24", "active")
			if got := tunnelRoutes(t, clients[0].On); got != "10.0.0.0/16" {
				t.Errorf("a client that was not reconnected has the routes %q", got)
			}
			for _, f := range flows {
				f.waitFlowing(t)
			}
		case "a range of the network, now":
			if got := tunnelRoutes(t, clients[0].On); got != "10.0.0.0/16 10.77.0.0/16 198.51.100.0/24" {
				t.Errorf("a client that was reconnected has the routes %q", got)
			}
			for _, client := range clients {
				netlab.Eventually(t, 20*time.Second, "a host in the new range answers", func() bool { return client.On.Reaches(addrInternet, netlab.EchoPort) })
			}
		case "a range that goes":
			netlab.Eventually(t, 20*time.Second, "the range is out of reach", func() bool { return !clients[0].On.Answers(addrInternet, netlab.EchoPort) })
			for _, f := range flows {
				f.waitFlowing(t)
			}
		}
	}
	if pushed := "dhcp-option DNS " + addrHostA; !strings.Contains(clients[0].Log(), pushed) {
		t.Errorf("a client that was reconnected was not told %q", pushed)
	}

	var stale string
	// What makes files useless: the clients stay away, a new file gets in.
	for n, change := range []func(answer gateway.Fields) *gateway.Page{
		func(answer gateway.Fields) *gateway.Page { return s.Modify(gateway.Fields{"VPN port": "1194"}, answer) },
		func(answer gateway.Fields) *gateway.Page {
			p := s.Get(s.Endpoint + "/rotate-key")
			if done := s.Press(p, "Rotate key", answer); done.Doc.Find("form.announcement").Length() > 0 {
				t.Fatalf("the key was not rotated: %s", done.Text())
			}
			return p
		},
	} {
		people, files := "2 users are cut off", "3 configuration files that were downloaded stop working"
		if n > 0 {
			people, files = "1 user is cut off", "2 configuration files that were downloaded stop working"
		}
		page := change(gateway.Fields{"To confirm, type replace here": "replace"})
		for _, words := range []string{people, files} {
			if !strings.Contains(page.Text(), words) {
				t.Errorf("%q was not announced: %s", words, netlab.Tail(page.Text(), 900))
			}
		}
		netlab.Eventually(t, 20*time.Second, "no connection is active", func() bool { return len(s.active()) == 0 })
		s.WaitText("", "available")
		fresh := netlab.ConnectClient(t, s.clients[3], s.Profile("bob"))
		for i, c := range clients {
			if c.Ups() != ups && i < len(users) {
				t.Errorf("client %d is in again with the old file", i)
			}
			c.Kill()
		}
		if !fresh.On.Reaches(addrHostA, netlab.EchoPort) {
			t.Error("a client with a new file reaches nothing")
		}
		if n == 0 {
			netlab.Eventually(t, 10*time.Second, "one connection is active", func() bool { return len(s.active()) == 1 })
			clients, ups, stale = []*netlab.Client{fresh}, 1, s.Profile("alice")
		} else {
			fresh.Leave(t)
		}
	}
	old := netlab.StartClient(t, s.clients[0], stale)
	netlab.Eventually(t, 20*time.Second, "the packets of the old key are listed as refused", func() bool {
		return strings.Contains(fmt.Sprint(s.refused()), "ClientSharedKeyMismatch")
	})
	if old.Ups() != 0 {
		t.Error("a client with the file of the old key gets in")
	}
}

func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// tunnelRoutes are the destinations that a client sends into its tunnel, without the clients' own range.
func tunnelRoutes(t testing.TB, client *netlab.Namespace) string {
	t.Helper()
	var out []string
	for line := range strings.Lines(client.IP(t, "-o", "route")) {
		if to := strings.Fields(line)[0]; strings.Contains(line, " dev tun") && to != "10.128.0.0/22" {
			out = append(out, to)
		}
	}
	return strings.Join(out, " ")
}
