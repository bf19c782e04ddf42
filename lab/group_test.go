package lab

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// lookUpWithin is the least bound within which a change in a directory acts on live sessions, in seconds.
const lookUpWithin = "10"

// Members of two groups reach different hosts through one endpoint. A user who is moved to another group while a transfer
// runs loses the old host and gains the new one on the same connection; a user who is deleted is disconnected; a directory
// that does not answer changes nothing.
func TestGroupsDecide(t *testing.T) {
	t.Parallel()
	s := newPasswordSite(t, 2, "SALLYPORT_DIRECTORY_LOOK_UP="+lookUpWithin)
	groupDN := func(name string) string { return "cn=" + name + ",ou=groups,dc=example,dc=test" }
	for host, group := range map[string]string{addrHostA: "engineers", addrHostB: "sales"} {
		s.MustSubmit(s.Endpoint+"/rules/new", "Add authorization rule", gateway.Fields{
			"Destination network to enable access": host + "/32", "Allow access to users in a specific access group": "", "Access group ID": groupDN(group),
		})
		s.WaitRow("/rules", host+"/32", "active")
	}
	alice := netlab.ConnectClient(t, s.clients[0], as(t, s.profile, "alice", directory.Password))
	bob := netlab.ConnectClient(t, s.clients[1], as(t, s.profile, "bob", directory.Password))
	reaches := func(c *netlab.Client, host string) bool { return c.On.Reaches(host, netlab.EchoPort) }
	if !reaches(alice, addrHostA) || reaches(alice, addrHostB) || reaches(bob, addrHostA) || !reaches(bob, addrHostB) {
		t.Fatal("the groups of alice and bob do not decide what they reach")
	}

	running := startTransfer(t, bob.On, addrHostB)
	moved := time.Now()
	s.directory.Modify(t, "dn: "+groupDN("engineers")+"\nchangetype: modify\nadd: member\nmember: uid=bob,ou=people,dc=example,dc=test\n\n"+
		"dn: "+groupDN("sales")+"\nchangetype: modify\nreplace: member\nmember: uid=carol,ou=people,dc=example,dc=test\n")
	netlab.Eventually(t, 30*time.Second, "bob reaches the host of the new group", func() bool { return reaches(bob, addrHostA) })
	t.Logf("bob's groups changed after %.1f s; the bound is %s s", time.Since(moved).Seconds(), lookUpWithin)
	if reaches(bob, addrHostB) {
		t.Error("bob reaches the host of the group that he has left")
	}
	before := running.echoed.Load()
	netlab.Eventually(t, 10*time.Second, "another round of the look-up", func() bool { return reaches(bob, addrHostA) })
	if now := running.echoed.Load(); now != before {
		t.Errorf("the transfer to the host of the former group goes on: %d messages, then %d", before, now)
	}

	s.directory.Modify(t, "dn: uid=bob,ou=people,dc=example,dc=test\nchangetype: delete\n")
	s.WaitRow("/connections?view=ended", "bob", "The directory no longer has the user.")
	if reaches(bob, addrHostA) {
		t.Error("a deleted user reaches a host")
	}
	s.directory.Stop()
	netlab.Eventually(t, 30*time.Second, "a look-up without the directory", func() bool {
		return strings.Contains(s.Log.String(), "users of a directory cannot be looked up")
	})
	if bob.Ups() != 1 || alice.Ups() != 1 || !reaches(alice, addrHostA) {
		t.Errorf("clients connected %d and %d times, want once each; alice reaches the host: %v", bob.Ups(), alice.Ups(), reaches(alice, addrHostA))
	}
}
