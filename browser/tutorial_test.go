package browser

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// The guide's tutorial "Getting started" as a new administrator follows it, from the printed link to a client that reaches a host, without
// a detour: only the first page and what each success offers next are pressed, never the menu.
func TestTutorial(t *testing.T) {
	t.Parallel()
	s := newSiteWith(t, 1)                      // without a public name: the tutorial asks for it
	p := newUser(t, s.base, onHost(t, s.On)...) // on the gateway itself, as after make run
	p.signUp(s)
	const rule = "Add an authorization rule for the network"

	p.press("Open the steps")
	p.press("Set the public name", "Prerequisites: the public name")
	p.fill("Public name", gatewayAddr)
	p.press("Save settings")

	p.pressNext("Create network")
	p.fill("Name", "office")
	p.fill("IPv4 CIDRs", "10.0.0.0/16")
	p.press("Create network")
	p.pressNext("Create a subnet in it")
	p.fill("Name", "subnet-a")
	p.fill("IPv4 CIDR", "10.0.1.0/24")
	p.fill("Availability zone", "zone-a")
	p.press("Create subnet")

	p.pressNext("Create certificate authority")
	p.fill("Common name (CN)", "Office VPN CA")
	p.press("Create certificate authority")
	p.pressNext("Issue a server certificate with it")
	p.fill("Common name (CN)", "vpn.example.com")
	p.press("Issue certificate")
	p.pressNext("Issue client certificate")
	p.fill("Common name (CN)", "alice")
	p.press("Issue certificate")

	p.pressNext("Create Client VPN endpoint")
	p.fill("Name tag", "tutorial")
	p.fill("Client IPv4 CIDR", "10.128.0.0/22")
	p.choose("Server certificate", "vpn.example.com")
	p.press("Create Client VPN endpoint")
	p.waitText("pending-associate")
	details := p.address()

	p.pressNext("Associate a target network, so that clients can connect")
	p.choose("Choose a subnet to associate", "subnet-a")
	// The workers' devices appear: whatever the browser loads at that moment it gives up. That must not be the answer.
	p.setOffline(true)
	pressed := time.Now()
	p.press("Associate target network")
	p.waitRow("subnet-a", "associat")
	p.markPage()
	p.waitRow("subnet-a", "associated") // without a reload
	p.waitText("available")
	p.wantMarkedPage()
	p.setOffline(false)
	if p.givenUpWithin(time.Second, pressed) { // that is how long the devices wait
		t.Error("the browser gave up the page that answers the association")
	}

	p.pressNext("Authorize who reaches it")
	p.fill("Destination network to enable access", "10.0.0.0/16")
	p.tick("Allow access to all users")
	p.press("Add authorization rule")
	p.waitRow("10.0.0.0/16", "active")

	p.pressNext("Provide access to the internet")
	if to := p.value("Route destination"); to != "0.0.0.0/0" {
		t.Errorf("the route to the internet is offered with the destination %q", to)
	}
	p.press("Create route") // the only target network is ticked
	p.pressNext("Authorize who reaches it")
	if to := p.value("Destination network to enable access"); to != "0.0.0.0/0" {
		t.Errorf("the rule for the internet is offered with the destination %q", to)
	}
	p.press("Add authorization rule")

	p.pressNext("Download client configuration")
	p.choose("Client certificate and key", "alice")
	name, profile := p.download("Download with certificate and key")
	if !strings.HasSuffix(name, ".ovpn") || !strings.Contains(profile, "<cert>") {
		t.Fatalf("not a configuration file with a certificate: %s", name)
	}

	// From here the tab Connections stays open and is updated without a reload.
	p.press("Connections")
	p.waitText("No client is connected")
	p.markPage()
	c := netlab.ConnectClient(t, s.clients[0], profile)
	p.waitRow("alice", "active", "10.128.0.")
	before := p.rowText("alice")
	netlab.Eventually(t, patience, "the host in the target network answers", func() bool { return pings(s.clients[0], targetAddr, "1200") })
	netlab.Eventually(t, patience, "the internet answers", func() bool { return pings(s.clients[0], "198.51.100.10", "100") })
	netlab.Eventually(t, patience, "the counters move", func() bool {
		now := p.rowText("alice", "active", "KiB")
		return now != "" && now != before
	})
	p.wantMarkedPage()
	p.screenshot("tutorial-connections")

	p.press("Getting started", "Networks") // in the menu
	p.waitText("The VPN works", "9 of 10 steps done")
	for _, step := range []string{
		"Prerequisites: the public name", "Prerequisites: a network with a subnet", "Generate server and client certificates and keys", "Create a Client VPN endpoint", "Associate a target network", rule,
		"Provide access to the internet", "Download the Client VPN endpoint configuration file", "Connect to the Client VPN endpoint",
	} {
		p.waitRow(step, "done")
	}
	p.screenshot("tutorial-done")

	// A step that is undone is no longer done.
	p.open(details + "/rules")
	p.press("Remove authorization rule", "10.0.0.0/16")
	p.press("Remove authorization rule")
	p.waitNoText("10.0.0.0/16")
	p.press("Getting started", "Networks")
	p.waitRow(rule, "next")

	// A terminated connection ends its client.
	p.open(details + "/connections")
	p.press("Terminate", "alice")
	p.waitText("alice")
	p.press("Terminate connection")
	p.open(details + "/connections?view=ended")
	p.waitRow("alice", "terminated")
	netlab.Eventually(t, 10*time.Second, "the client's program ended", func() bool { return !c.Running() })
}

// pressNext presses what a success offers next.
func (p *user) pressNext(words string) {
	p.t.Helper()
	var offered []string
	p.mustEval(`() => [...document.querySelectorAll("main [role=status].alert a")].map(a => a.innerText.trim())`, &offered)
	if !slices.Contains(offered, words) {
		p.t.Fatalf("%s: the success offers %q and not %q: %s", p.address(), offered, words, netlab.Tail(p.text(), 500))
	}
	p.press(words)
}

// markPage marks the page that is open; a page that is loaded again does not have the mark.
func (p *user) markPage() {
	p.t.Helper()
	p.mustEval(`() => { document.marked = true; }`, nil)
}

func (p *user) wantMarkedPage() {
	p.t.Helper()
	var same bool
	p.mustEval(`() => document.marked === true`, &same)
	if !same {
		p.t.Errorf("%s was loaded again", p.address())
	}
}
