package lab

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// Sessions are spread over the associations of the endpoint, each reaches the same, and those of
// an association that leaves move to another without noticing.
func TestSeveralAssociations(t *testing.T) {
	t.Parallel()
	const clients = 4
	s := newSite(t, clients)
	s.createNetwork()
	names := make([]string, clients)
	for i := range names {
		names[i] = fmt.Sprintf("user%d", i)
	}
	s.createCertificates(names...)
	s.createEndpoint(nil)
	s.associate("subnet-a")
	s.associate("subnet-b")
	s.authorize("10.0.0.0/16")
	s.line("/associations", "10.0.1.0/24", "associated")
	s.line("/associations", "10.0.2.0/24", "associated")

	var transfers []*transfer
	var vpn []*vpnClient
	for i, n := range s.clients {
		vpn = append(vpn, connectVPN(t, n, s.profile(names[i])))
		for _, host := range []string{addrHostA, addrHostB} {
			if !answers(n, host, echoPort) {
				t.Fatalf("client %d does not reach %s", i, host)
			}
		}
		transfers = append(transfers, startTransfer(t, n, addrHostB))
	}
	// One member set for each association; both have members.
	table := func() string {
		out, _ := s.topology.gateway.exec("nft", "list", "table", "inet", "sallyport").CombinedOutput()
		return string(out)
	}
	if n := membersPerAssociation(table()); len(n) != 2 || n[0] != 2 || n[1] != 2 {
		t.Errorf("sessions per association: %v, want two each", n)
	}

	s.remove("/associations", "10.0.1.0/24", "Disassociate target network")
	eventually(t, 10*time.Second, "all sessions belong to the association that is left", func() bool {
		n := membersPerAssociation(table())
		return len(n) == 1 && n[0] == clients
	})
	before := make([]uint64, clients)
	for i, x := range transfers {
		before[i] = x.echoed.Load()
	}
	eventually(t, 10*time.Second, "every transfer carries on", func() bool {
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
		if n := strings.Count(c.said(), upLine); n != 1 {
			t.Errorf("client %d connected %d times", i, n)
		}
		if !answers(s.clients[i], addrHostA, echoPort) {
			t.Errorf("client %d does not reach host A any more", i)
		}
	}
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
	s.topology.gateway.ip(t, "addr", "add", "192.0.2.2/24", "dev", "wan")
	s.createNetwork()
	s.createCertificates("alice")
	s.createEndpoint(fields{"Transport Protocol": "TCP", "Listen address": gatewayWAN, "VPN port": "1194"})
	s.associate("subnet-a")
	s.authorize("10.0.1.0/24")
	s.line("/rules", "10.0.1.0/24", "active")
	profile := s.profile("alice")
	if !strings.Contains(profile, "proto tcp") {
		t.Errorf("the profile is not for TCP:\n%s", profile)
	}
	c := connectVPN(t, s.clients[0], profile)
	if !answers(s.clients[0], addrHostA, echoPort) {
		t.Error("the authorized host does not answer")
	}
	if tcpAnswers(s.clients[0], addrHostB, echoPort) {
		t.Error("a host that no rule names answers")
	}
	s.line("/connections", "alice", "active", c.address(t).String())
	// The other address of the host takes no connection, and the worker's own port is closed.
	for _, closed := range []string{"192.0.2.2:1194", gatewayWAN + ":21000", gatewayWAN + ":21001"} {
		err := s.wan.do(func() error {
			s.wan.ip(t, "addr", "replace", "192.0.2.200/24", "dev", "br0")
			conn, err := net.DialTimeout("tcp4", closed, probeWait)
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
	s.remove("/connections", "alice", "Terminate connection")
	eventually(t, 10*time.Second, "the client's program ended", func() bool { return !c.running() })
}
