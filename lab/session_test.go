package lab

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
	"sallyport/views/parts"
)

// Running sessions are counted, lose revoked access and are terminated.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t, 6)
	s.CreateNetwork()
	s.CreateCertificates("alice", "bob", "carol", "dave", "erin")
	s.CreateEndpoint(nil)
	s.Associate("subnet-a")
	s.WaitText("", "available")
	s.Authorize("10.0.1.0/24")
	s.Authorize("198.51.100.0/24")
	s.AddRoute("198.51.100.0/24", "subnet-a")
	s.WaitRow("/routes", "198.51.100.0/24", "active")
	s.WaitRow("/rules", "198.51.100.0/24", "active")
	servePushes(t, s.hostA)
	servePushes(t, s.internet)

	users := []string{"alice", "alice", "bob", "carol", "dave"}
	var clients []*netlab.Client
	for i, name := range users {
		clients = append(clients, netlab.StartClient(t, s.clients[i], s.Profile(name)))
	}
	for _, c := range clients {
		c.WaitUp(t, 1)
	}
	netlab.Eventually(t, 10*time.Second, "five connections are listed", func() bool { return len(s.active()) == 5 })

	t.Run("counters", func(t *testing.T) { countersAreThoseOfTheKernel(t, s.forTest(t)) })
	t.Run("cut", func(t *testing.T) { removalStopsFlows(t, s.forTest(t), clients[2]) })
	t.Run("terminate", func(t *testing.T) { terminatedConnectionsStayEnded(t, s.forTest(t), clients) })
}

const (
	datagrams    = 200
	datagramSize = 100
	onTheWire    = datagramSize + 20 + 8 // with its IP and UDP headers, as the kernel counts
)

// The console shows the counters of the kernel, which counts what the client sent. The last values stay
// when the connection has ended.
func countersAreThoseOfTheKernel(t *testing.T, s *site) {
	c := netlab.ConnectClient(t, s.clients[5], s.Profile("erin"))
	addr := c.Address(t)
	answered := exchange(t, c.On, addrHostA, datagrams)
	kernel := s.kernelCounters(t, addr)
	if kernel.PacketsIn != datagrams || kernel.BytesIn != datagrams*onTheWire {
		t.Errorf("the kernel counted %d packets and %d bytes in, the client sent %d and %d", kernel.PacketsIn, kernel.BytesIn, datagrams, datagrams*onTheWire)
	}
	if kernel.PacketsOut != uint64(answered) || kernel.BytesOut != uint64(answered*onTheWire) {
		t.Errorf("the kernel counted %d packets and %d bytes out, the client received %d and %d", kernel.PacketsOut, kernel.BytesOut, answered, answered*onTheWire)
	}
	want := func(r connectionRow) bool {
		return r.in == parts.Bytes(kernel.BytesIn) && r.out == parts.Bytes(kernel.BytesOut) &&
			r.packetsIn == parts.Count(int(kernel.PacketsIn), "packet") && r.packetsOut == parts.Count(int(kernel.PacketsOut), "packet")
	}
	var row connectionRow
	netlab.Eventually(t, 10*time.Second, fmt.Sprintf("the tab Connections shows %+v", kernel), func() bool {
		row, _ = s.connection(addr)
		return want(row)
	})

	// A refused packet is not counted, one more that passes is.
	if c.On.AnswersUDP(addrHostB, netlab.EchoPort) {
		t.Fatal("an unauthorized host answers")
	}
	exchange(t, c.On, addrHostA, 1)
	if now := s.kernelCounters(t, addr); now.PacketsIn != kernel.PacketsIn+1 || now.BytesIn != kernel.BytesIn+onTheWire {
		t.Errorf("after one packet more the kernel counted %+v, before %+v", now, kernel)
	}
	kernel = s.kernelCounters(t, addr)
	c.Leave(t)
	netlab.Eventually(t, 10*time.Second, "the connection has ended", func() bool {
		row, _ = s.connection(addr)
		return row.status == "terminated"
	})
	if !want(row) {
		t.Errorf("an ended connection shows %+v, the kernel counted %+v", row, kernel)
	}
}

// exchange sends datagrams one after the other to a host that echoes them, and counts the echoes.
func exchange(t testing.TB, n *netlab.Namespace, addr string, count int) (answered int) {
	t.Helper()
	err := n.Do(func() error {
		conn, err := net.Dial("udp4", net.JoinHostPort(addr, strconv.Itoa(netlab.EchoPort)))
		if err != nil {
			return err
		}
		defer conn.Close()
		b := make([]byte, datagramSize)
		for range count {
			if _, err := conn.Write(b); err != nil {
				return err
			}
			_ = conn.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := conn.Read(b); err == nil {
				answered++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if answered == 0 {
		t.Fatalf("%s answered nothing", addr)
	}
	return answered
}

// Taking a rule or a route away stops at once what runs through it, in both directions, and
// nothing else.
func removalStopsFlows(t *testing.T, s *site, c *netlab.Client) {
	byRule, byRoute := receive(t, c.On, addrHostA), receive(t, c.On, addrInternet)
	for _, f := range append(byRule, byRoute...) {
		f.waitFlowing(t)
	}
	cut := func(tab, row, button string, flows []*flow) {
		t.Helper()
		p := s.Confirmation(tab, row)
		before := time.Now()
		s.Press(p, button, nil)
		t.Logf("the console answered after %s", time.Since(before).Round(time.Millisecond))
		s.WaitNoText(tab, row)
		if gone := time.Since(before); gone > time.Second {
			t.Errorf("the console says only after %s that it is gone", gone)
		}
		for _, f := range flows {
			f.wantStoppedBy(t, before.Add(time.Second))
		}
	}
	cut("/rules", "10.0.1.0/24", "Remove authorization rule", byRule)
	for _, f := range byRoute {
		f.waitFlowing(t)
	}
	cut("/routes", "198.51.100.0/24", "Delete route", byRoute)

	// With the rule restored it works again, and the flow that was sent all the time goes on.
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	if !c.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("the host does not answer after its rule was restored")
	}
}

// Terminated connections end, one, several or all of a user. Their clients do not reconnect without
// their user, who may start them again.
func terminatedConnectionsStayEnded(t *testing.T, s *site, clients []*netlab.Client) {
	alices, bob, carol, dave := clients[:2], clients[2], clients[3], clients[4]
	netlab.Eventually(t, 10*time.Second, "five connections are listed", func() bool { return len(s.active()) == 5 })
	ids := map[string]string{}
	for _, c := range s.active() {
		ids[c.user] += c.id
	}
	terminate := func(query string, left int, ended ...*netlab.Client) {
		t.Helper()
		button := "Terminate connection"
		if len(s.active())-left > 1 {
			button += "s"
		}
		s.Press(s.Get(s.Endpoint+"/connections/terminate?"+query), button, nil)
		netlab.Eventually(t, 10*time.Second, fmt.Sprintf("%d connections are left, after %s", left, query), func() bool { return len(s.active()) == left })
		for _, c := range ended {
			netlab.Eventually(t, 10*time.Second, "the client on "+c.On.Name+" has ended", func() bool { return !c.Running() })
		}
	}
	terminate("id="+ids["bob"], 4, bob)
	terminate("id="+ids["carol"]+"&id="+ids["dave"], 2, carol, dave)
	for _, c := range alices {
		if !c.Running() || !c.On.Reaches(addrHostA, netlab.EchoPort) {
			t.Error("a connection ended that was not terminated")
		}
	}
	terminate("user=alice", 0, alices...)

	watched := time.Now()
	netlab.Eventually(t, 15*time.Second, "ten seconds have passed", func() bool {
		if active := s.active(); len(active) > 0 {
			t.Fatalf("after %s a terminated connection is back: %v", time.Since(watched), active)
		}
		return time.Since(watched) > 10*time.Second
	})
	records := audited(t, s.Gateway, "TerminateClientVpnConnections")
	if len(records) != 3 {
		t.Fatalf("got %d audit records of terminations, want 3: %v", len(records), records)
	}
	for i, want := range []string{ids["bob"], ids["dave"], ids["alice"][:len(ids["alice"])/2]} {
		if !strings.HasSuffix(s.Endpoint, records[i][0]) || !strings.Contains(records[i][1], want) {
			t.Errorf("audit record %d is %v, want it to name %s", i, records[i], want)
		}
	}
	again := netlab.ConnectClient(t, bob.On, s.Profile("bob"))
	if !again.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("a client that its user starts again reaches nothing")
	}
}
