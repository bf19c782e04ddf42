package lab

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
)

// deviceFiles is an endpoint that asks for a certificate and a password. Its users make the file of a device in the portal, and it
// connects as it was downloaded, its own user alone. It ends with the removal of the device, and does not connect while its user is
// blocked. It takes three hosts of clients.
func (s *passwordSite) deviceFiles(t *testing.T, on []*netlab.Namespace) {
	t.Helper()
	s.CreateEndpoint(gateway.Fields{
		"Name tag": "devices", "Client IPv4 CIDR": "10.132.0.0/22", "VPN port": "1194", "Use user-based authentication": "", "Directory ID": "People", "Enable self-service portal": "",
	})
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitText("", "available")
	make := func(browser *gateway.Console) string {
		t.Helper()
		file := browser.Submit("/portal/devices", "Make and download the file", gateway.Fields{"Name of the device": "Laptop"}).Body
		if !strings.Contains(file, "PRIVATE KEY") {
			t.Fatalf("no file: %s", netlab.Tail(file, 1000))
		}
		return file
	}
	refused := func(c *netlab.Client, name, code string) {
		t.Helper()
		netlab.Eventually(t, 30*time.Second, "the client on "+c.On.Name+" is told "+code, func() bool { return strings.Contains(c.Log(), "AUTH_FAILED,"+code+": ") })
		if c.Ups() > 0 {
			t.Errorf("the client of %s was connected", name)
		}
		s.WaitRow("/connections?view=refused", name, code)
	}
	alice, bob := s.portalUser(t, "alice"), s.portalUser(t, "bob")
	file, bobs := make(alice), make(bob)
	access := alice.Get("/portal/access").Doc
	live := startTyped(t, on[0], file, "alice")
	other := startTyped(t, on[1], file, "bob")
	live.WaitUp(t, 1)
	s.reachesWhatIsListed(t, access, live)
	refused(other, "bob", "ClientDeviceOfAnotherUser")

	remove := alice.Get("/portal/devices").Doc.Find("a[href$='/remove']").AttrOr("href", "")
	began := time.Now()
	alice.MustSubmit(remove, "Remove device", nil)
	netlab.Eventually(t, 10*time.Second, "the removed device is disconnected", func() bool { return !live.Running() })
	t.Logf("the client ended %d ms after the removal", time.Since(began).Milliseconds())
	if live.Ups() != 1 || live.On.AnswersTCP(addrHostA, netlab.EchoPort) {
		t.Errorf("the removed device came back: %s", netlab.Tail(live.Log(), 500))
	}
	refused(startTyped(t, on[0], file, "alice"), "alice", "ClientDeviceRevoked")

	user := stored(t, s.Gateway, "SELECT id FROM vpn_user WHERE name = 'bob'")[0][0]
	s.MustSubmit("/users/block?id="+user, "Block user", nil)
	refused(startTyped(t, on[2], bobs, "bob"), "bob", "UserBlocked")
}
