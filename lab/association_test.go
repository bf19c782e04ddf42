package lab

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// Sessions are spread over the associations of the endpoint, and all reach the same hosts. What only one association has a
// route to is warned of, and one click opens it to all sessions, without an interruption. The sessions of an association that is
// removed move to another one without an interruption.
func TestSeveralAssociations(t *testing.T) {
	t.Parallel()
	const clients = 4
	s := newSite(t, clients)
	s.CreateNetwork()
	names := make([]string, clients)
	for i := range names {
		names[i] = fmt.Sprintf("user%d", i)
	}
	s.CreateCertificates(names...)
	s.CreateEndpoint(nil)
	s.CreateSubnet("subnet-c", "10.0.3.0/24", "zone-c")
	s.Associate("subnet-a")
	s.AddRoute("0.0.0.0/0", "subnet-a")
	for _, subnet := range []string{"subnet-b", "subnet-c"} {
		s.MustSubmit(s.Endpoint+"/associations/new", "Associate target network", gateway.Fields{"Choose a subnet to associate": subnet + " (", "Routes": "Copy no routes"})
	}
	s.Authorize("10.0.0.0/16")
	s.Authorize("0.0.0.0/0")
	for _, subnet := range []string{"10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"} {
		s.WaitRow("/associations", subnet, "associated")
	}
	s.WaitRow("/routes", "0.0.0.0/0", "active")
	s.WaitRow("/rules", "10.0.0.0/16", "active")
	s.WaitRow("/rules", "0.0.0.0/0", "active")

	var transfers []*transfer
	var vpn []*netlab.Client
	for i, n := range s.clients {
		vpn = append(vpn, netlab.ConnectClient(t, n, s.Profile(names[i])))
		for _, host := range []string{addrHostA, addrHostB} {
			if !n.Reaches(host, netlab.EchoPort) {
				t.Fatalf("client %d does not reach %s", i, host)
			}
		}
		transfers = append(transfers, startTransfer(t, n, addrHostB))
	}
	// Each association has a member set, and all have members.
	table := func() string {
		out, _ := s.gatewayHost.Exec("nft", "list", "table", "inet", "sallyport").CombinedOutput()
		return string(out)
	}
	if n := membersPerAssociation(table()); len(n) != 3 || slices.Min(n) != 1 || slices.Max(n) != 2 {
		t.Errorf("sessions per association: %v, want one or two each", n)
	}
	s.wantMissingRoute()

	s.Remove("/associations", "10.0.1.0/24", "Disassociate target network")
	netlab.Eventually(t, 20*time.Second, "all sessions belong to the associations that are left", func() bool {
		n := membersPerAssociation(table())
		return len(n) == 2 && n[0] == 2 && n[1] == 2
	})
	before := make([]uint64, clients)
	for i, x := range transfers {
		before[i] = x.echoed.Load()
	}
	netlab.Eventually(t, 30*time.Second, "every transfer goes on", func() bool {
		for i, x := range transfers {
			if err := x.err(); err != nil {
				t.Fatalf("client %d lost its connection: %v", i, err)
			}
			if x.echoed.Load() <= before[i]+10 {
				return false
			}
		}
		return true
	})
	for i, c := range vpn {
		if n := c.Ups(); n != 1 {
			t.Errorf("client %d connected %d times", i, n)
		}
		if !s.clients[i].Reaches(addrHostA, netlab.EchoPort) {
			t.Errorf("client %d does not reach host A any more", i)
		}
	}
}

// wantMissingRoute checks that the internet by a route of one of three associations is warned of wherever it is seen, and
// that all sessions reach it after one click.
func (s *site) wantMissingRoute() {
	s.T.Helper()
	n := 0
	netlab.Eventually(s.T, 20*time.Second, "a client reaches the internet", func() bool { n = s.countReaching(addrInternet); return n > 0 })
	if n > 2 {
		s.T.Errorf("%d of %d clients reach the internet by the route of one of three associations", n, len(s.clients))
	}
	s.WaitRow("/routes", "0.0.0.0/0", "through 1 of 3 target networks only")
	for path, words := range map[string]string{
		s.Endpoint:             "through subnet-a, not through subnet-b and subnet-c",
		s.Endpoint + "/rules":  "through 1 of 3 target networks only",
		"/getting-started":     "The route to 0.0.0.0/0 leads through 1 of 3 target networks",
		s.Endpoint + "/routes": "Some sessions do not reach 1 destination",
	} {
		if text := s.Get(path).Text(); !strings.Contains(text, words) {
			s.T.Errorf("%s does not say %q: %s", path, words, netlab.Tail(text, 600))
		}
	}
	s.MustSubmit(s.Endpoint+"/routes", "Add missing routes", nil)
	netlab.Eventually(s.T, 20*time.Second, "every client reaches the internet", func() bool { return s.countReaching(addrInternet) == len(s.clients) })
	if text := s.Get(s.Endpoint + "/routes").Text(); strings.Contains(text, "Some sessions") {
		s.T.Errorf("the warning stays: %s", netlab.Tail(text, 600))
	}
}

// countReaching counts the clients that an address answers, all at once.
func (s *site) countReaching(addr string) int {
	var n atomic.Int32
	var wait sync.WaitGroup
	for _, c := range s.clients {
		wait.Go(func() {
			if c.AnswersTCP(addr, netlab.EchoPort) {
				n.Add(1)
			}
		})
	}
	wait.Wait()
	return int(n.Load())
}

// membersPerAssociation counts the elements of each association's member set.
func membersPerAssociation(table string) []int {
	var out []int
	for _, part := range strings.Split(table, "set members_")[1:] {
		set, _, _ := strings.Cut(part, "\t}\n")
		_, elements, has := strings.Cut(set, "elements = {")
		n := 0
		if has {
			n = strings.Count(elements, ",") + 1
		}
		out = append(out, n)
	}
	return out
}

// A TCP endpoint on one address of the host carries traffic, and does not answer on the others.
func TestTCPOnOneAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.gatewayHost.IP(t, "addr", "add", "192.0.2.2/24", "dev", "wan")
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.CreateEndpoint(gateway.Fields{"Transport Protocol": "TCP", "Listen address": gatewayWAN, "VPN port": "1194"})
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	profile := s.Profile("alice")
	if !strings.Contains(profile, "proto tcp") {
		t.Errorf("the profile is not for TCP:\n%s", profile)
	}
	c := netlab.ConnectClient(t, s.clients[0], profile)
	if !s.clients[0].Reaches(addrHostA, netlab.EchoPort) {
		t.Error("the authorized host does not answer")
	}
	if s.clients[0].AnswersTCP(addrHostB, netlab.EchoPort) {
		t.Error("a host that no rule names answers")
	}
	s.WaitRow("/connections", "alice", "active", c.Address(t).String())
	// The other address of the host takes no connection, and the worker's own port is closed.
	for _, closed := range []string{"192.0.2.2:1194", gatewayWAN + ":21000", gatewayWAN + ":21001"} {
		err := s.wan.Do(func() error {
			s.wan.IP(t, "addr", "replace", "192.0.2.200/24", "dev", "br0")
			conn, err := net.DialTimeout("tcp4", closed, netlab.ProbeTimeout)
			if err == nil {
				conn.Close()
				t.Errorf("%s takes connections", closed)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	s.wantReachTested(t)
	s.Remove("/connections", "alice", "Terminate connection")
	netlab.Eventually(t, 10*time.Second, "the client's program ended", func() bool { return !c.Running() })
}
