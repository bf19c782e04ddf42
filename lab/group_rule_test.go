package lab

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// authorizeGroup adds a rule for a group of the directory.
func (s *passwordSite) authorizeGroup(t testing.TB, cidr, group string) {
	t.Helper()
	fields := gateway.Fields{"Destination network to enable access": cidr, "Allow access to users in a specific access group": "", "Access group ID": "cn=" + group + ",ou=groups,dc=example,dc=test"}
	s.MustSubmit(s.Endpoint+"/rules/new", "Add authorization rule", fields)
}

// Users of two groups reach different hosts, as the console answers 200 questions about them, and a rule that is removed cuts the
// user who is connected.
func TestGroupsReachTheirHosts(t *testing.T) {
	t.Parallel()
	s := newPasswordSite(t, 2)
	s.authorizeGroup(t, addrHostA+"/32", "engineers")
	s.authorizeGroup(t, addrHostB+"/32", "sales")
	l := newAccessLab(t, s)
	alice := netlab.ConnectClient(t, s.clients[0], as(t, s.profile, "alice", directory.Password))
	bob := netlab.ConnectClient(t, s.clients[1], as(t, s.profile, "bob", directory.Password))
	if text := s.Get("/users").Text(); !strings.Contains(text, "engineers") || !strings.Contains(text, "sales") {
		t.Errorf("the list of users shows no groups: %s", netlab.Tail(text, 800))
	}
	for _, c := range []struct {
		who         *netlab.Client
		name        string
		mine, other string
	}{{alice, "alice", addrHostA, addrHostB}, {bob, "bob", addrHostB, addrHostA}} {
		netlab.Eventually(t, 20*time.Second, c.name+" reaches "+c.mine, func() bool { return c.who.On.Reaches(c.mine, netlab.EchoPort) })
		if c.who.On.Reaches(c.other, netlab.EchoPort) {
			t.Errorf("%s reaches %s", c.name, c.other)
		}
	}
	l.compare(t, l.ask(100, "alice", "bob"), map[string]*netlab.Client{"alice": alice, "bob": bob})
	s.Remove("/rules", addrHostB+"/32", "Remove authorization rule") // no wider rule covers host B
	netlab.Eventually(t, 20*time.Second, "bob is cut", func() bool { return !bob.On.Reaches(addrHostB, netlab.EchoPort) })
	if !alice.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("alice is cut, too")
	}
}
