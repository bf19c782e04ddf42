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

// Blocking a user of a directory ends the live session and refuses new logins until it is taken back; another user is not
// concerned. A block that is made while the data directory is full is there when the program was killed and is back. The same holds of the file of
// a device, which is made in the self-service portal.
func TestBlockedUser(t *testing.T) {
	t.Parallel()
	w := newTopology(t, 5)
	w.serveEcho(t)
	server := directory.StartSlapd(t, w.hostB, addrHostB, testpki.Authority(t, "Directory CA"), "", addrHostB)
	g := newGateway(t, w.gatewayHost)
	disk := mountSmall(t, g, "data")
	g.Start(t, "serve")
	s := w.newPasswordSiteOn(t, g, server, gateway.Fields{"URLs": server.Options.URLs[0], "Certificate authorities": server.Options.CA})
	profile := as(t, s.profile, "alice", directory.Password)
	alice := netlab.ConnectClient(t, s.clients[0], profile)
	bob := netlab.ConnectClient(t, s.clients[1], as(t, s.profile, "bob", directory.Password))
	s.WaitRow("/connections", "alice", "active")
	page, _ := s.Get("/users?q=alice").Doc.Find("tbody a[href^='/users/user-']").First().Attr("href")
	link := func(verb string) string {
		t.Helper()
		href, ok := s.Get(page).Doc.Find("a[href*='/users/" + verb + "']").First().Attr("href")
		if !ok {
			t.Fatalf("the page %s of the user has no link to %s", page, verb)
		}
		return href
	}

	disk.fill(t)
	s.MustSubmit(link("block"), "Block user", gateway.Fields{"Reason": "left the company"})
	began := time.Now()
	netlab.Eventually(t, 10*time.Second, "the blocked user's program ends", func() bool { return !alice.Running() })
	t.Logf("the client ended %d ms after the block", time.Since(began).Milliseconds())
	if !strings.Contains(alice.Log(), "Your access to this VPN is blocked") {
		t.Errorf("the client was not told why: %s", netlab.Tail(alice.Log(), 500))
	}
	disk.fill(t)
	ready := s.ReadyCount("web")
	kill(t, s.Process(t, "web"))
	s.WaitReady(t, "web", ready+1)
	disk.free(t)

	again := netlab.StartClient(t, s.clients[0], profile)
	netlab.Eventually(t, 30*time.Second, "a login of the blocked user is refused", func() bool { return !again.Running() })
	if again.Ups() > 0 || !strings.Contains(again.Log(), "AUTH_FAILED,UserBlocked: ") {
		t.Errorf("the blocked client: %s", netlab.Tail(again.Log(), 500))
	}
	s.WaitRow("/connections?view=refused", "alice", "UserBlocked")
	if bob.Ups() != 1 || !bob.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("the other user is concerned, too")
	}
	s.MustSubmit(link("unblock"), "Unblock user", nil)
	netlab.ConnectClient(t, s.clients[0], profile)
	s.deviceFiles(t, s.clients[2:])
}
