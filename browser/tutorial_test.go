package browser

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// The guide's tutorial "Getting started" as a new administrator follows it: from the printed link, by
// the links of the page Getting started, to a client that reaches a host.
func TestTutorial(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	p := newUser(t, s.base)
	p.signUp(s)

	done := func(steps ...string) {
		t.Helper()
		p.press("Getting started", "Networks") // in the menu
		for _, s := range steps {
			p.waitRow(s, "done")
		}
	}
	const (
		prerequisites = "Prerequisites"
		certificates  = "Generate server and client certificates and keys"
		endpoint      = "Create a Client VPN endpoint"
		association   = "Associate a target network"
		rule          = "Add an authorization rule for the network"
		internet      = "Provide access to the internet"
		configuration = "Download the Client VPN endpoint configuration file"
		connection    = "Connect to the Client VPN endpoint"
	)
	p.press("Getting started", "Networks")
	p.waitRow(prerequisites, "next")

	p.press("Create network", prerequisites)
	p.fill("Name", "office")
	p.fill("IPv4 CIDRs", "10.0.0.0/16")
	p.press("Create network")
	p.press("Create subnet")
	p.fill("Name", "subnet-a")
	p.fill("IPv4 CIDR", "10.0.1.0/24")
	p.fill("Availability zone", "zone-a")
	p.press("Create subnet")
	done(prerequisites)
	p.waitRow(certificates, "next")

	p.press("Create certificate authority", certificates)
	p.fill("Common name (CN)", "Office VPN CA")
	p.press("Create certificate authority")
	for use, cn := range map[string]string{"Server certificate": "vpn.example.com", "Client certificate": "alice"} {
		p.press("Getting started", "Networks")
		p.press("Issue certificate", certificates)
		p.tick(use)
		p.fill("Common name (CN)", cn)
		p.press("Issue certificate")
	}
	done(certificates)

	p.press("Create Client VPN endpoint", endpoint)
	p.fill("Name tag", "tutorial")
	p.fill("Client IPv4 CIDR", "10.128.0.0/22")
	p.choose("Server certificate", "vpn.example.com")
	p.press("Create Client VPN endpoint")
	p.waitText("pending-associate")
	details := p.address()
	done(endpoint)

	p.press("Associate target network", association)
	p.choose("Choose a subnet to associate", "subnet-a")
	p.press("Associate target network")
	p.markPage()
	p.waitRow("subnet-a", "associated") // without a reload
	p.waitText("available")
	p.wantMarkedPage()
	done(association)

	p.press("Add authorization rule", rule)
	p.fill("Destination network to enable access", "10.0.0.0/16")
	p.tick("Allow access to all users")
	p.press("Add authorization rule")
	p.waitRow("10.0.0.0/16", "active")
	done(rule)

	p.press("Create route", internet)
	p.fill("Route destination", "0.0.0.0/0")
	p.press("Create route") // the only target network is ticked
	p.press("Authorization rules", "Route table")
	p.press("Add authorization rule")
	p.fill("Destination network to enable access", "0.0.0.0/0")
	p.press("Add authorization rule")
	done(internet)

	p.press("Download client configuration", configuration)
	p.choose("Client certificate and key", "alice")
	name, profile := p.download("Download with certificate and key")
	if !strings.HasSuffix(name, ".ovpn") || !strings.Contains(profile, "<cert>") {
		t.Fatalf("not a configuration file with a certificate: %s", name)
	}
	done(configuration)

	// From here the tab Connections stays open and is updated without a reload.
	p.press("Connections", connection)
	p.waitText("No client is connected")
	p.markPage()
	c := netlab.ConnectClient(t, s.clients[0], profile)
	p.waitRow("alice", "active", "10.128.0.")
	before := p.rowText("alice")
	if !pings(s.clients[0], targetAddr, "1200") {
		t.Error("the host in the target network does not answer")
	}
	if !pings(s.clients[0], "198.51.100.10", "100") {
		t.Error("the internet does not answer")
	}
	netlab.Eventually(t, patience, "the counters move", func() bool {
		now := p.rowText("alice", "active", "KiB")
		return now != "" && now != before
	})
	p.wantMarkedPage()
	p.screenshot("tutorial-connections")
	done(connection)
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
