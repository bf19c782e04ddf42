package lab

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
)

// Users of an Active Directory sign in with their user principal name or as DOMAIN\name. Rules name its groups by SID: alice
// reaches a host by a group that has another group as a member, bob another host by a group that has bob.
func TestActiveDirectoryLogins(t *testing.T) {
	t.Parallel()
	w := newTopology(t, 3)
	w.serveEcho(t)
	server := directory.StartSamba(t, w.hostB, addrHostB, testpki.Authority(t, "Domain CA"), addrHostB)
	s := w.newPasswordSite(t, server, gateway.Fields{
		"Type": "Active Directory", "URLs": server.Options.URLs[0], "Certificate authorities": server.Options.CA, "Users sign in with": "userPrincipalName",
	})
	for host, group := range map[string]string{addrHostA: "staff", addrHostB: "sales"} {
		found := s.Submit(s.Endpoint+"/rules/new", "Search", gateway.Fields{
			"Destination network to enable access": host + "/32", "Allow access to users in a specific access group": "", "Search groups in the directory": group,
		})
		if p := s.Press(found, "Add authorization rule", nil); p.Status != 200 {
			t.Fatalf("the rule for %s: %s", group, p.Text())
		}
		s.WaitRow("/rules", host+"/32", "active", "S-1-5-21-", group)
	}
	for i, c := range []struct {
		name        string
		mine, other string
	}{
		{"alice@corp.example.test", addrHostA, addrHostB}, {`CORP\Alice`, addrHostA, addrHostB}, {`corp\bob`, addrHostB, addrHostA},
	} {
		on := s.clients[i]
		netlab.ConnectClient(t, on, as(t, s.profile, c.name, directory.Password))
		netlab.Eventually(t, 20*time.Second, c.name+" reaches "+c.mine, func() bool { return on.Reaches(c.mine, netlab.EchoPort) })
		if on.Reaches(c.other, netlab.EchoPort) {
			t.Errorf("%s reaches %s", c.name, c.other)
		}
	}
	s.WaitRow("/connections", "alice@corp.example.test", "active") // as the directory spells it, whatever was typed
	if text := s.Get("/users?q=alice").Text(); !strings.Contains(text, "alice@corp.example.test") || strings.Contains(text, "Alice") {
		t.Errorf("alice is not one user: %s", netlab.Tail(text, 800))
	}
}
