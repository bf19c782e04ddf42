package browser

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
)

// The guide's tutorial "Getting started" (lines 1077 to 1258) as a newcomer follows it: from the
// printed link, along the links of the page Getting started, to a client that reaches a host.
func TestTutorial(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	p := newUser(t, s.base)
	p.signUp(s)

	done := func(steps ...string) {
		t.Helper()
		p.press("Getting started", "Networks") // in the menu
		for _, s := range steps {
			p.row(s, "done")
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
	p.row(prerequisites, "next")

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
	p.row(certificates, "next")

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
	p.tick("Use mutual authentication")
	p.press("Create Client VPN endpoint")
	p.sees("pending-associate")
	details := p.address()
	done(endpoint)

	p.press("Associate target network", association)
	p.choose("Choose a subnet to associate", "subnet-a")
	p.press("Associate target network")
	p.remember()
	p.row("subnet-a", "associated") // by itself
	p.sees("available")
	p.sameAsRemembered()
	done(association)

	p.press("Add authorization rule", rule)
	p.fill("Destination network to enable access", "10.0.0.0/16")
	p.tick("Allow access to all users")
	p.press("Add authorization rule")
	p.row("10.0.0.0/16", "active")
	done(rule)

	p.press("Create route", internet)
	p.fill("Route destination", "0.0.0.0/0")
	p.choose("Subnet ID for target network association", "subnet-a")
	p.press("Create route")
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

	// From here the tab Connections stays open and moves by itself.
	p.press("Connections", connection)
	p.sees("No connections yet", "No client was refused")
	p.remember()
	c := netlab.ConnectClient(t, s.clients[0], profile)
	p.row("alice", "active", "10.128.0.")
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
	p.sameAsRemembered()
	p.picture("tutorial-connections")
	done(connection)
	p.picture("tutorial-done")

	// A step that is undone loses its tick.
	p.open(details + "/rules")
	p.press("Remove authorization rule", "10.0.0.0/16")
	p.press("Remove authorization rule")
	p.missing("10.0.0.0/16")
	p.press("Getting started", "Networks")
	p.row(rule, "next")

	// And ended it stays.
	p.open(details + "/connections")
	p.press("Terminate", "alice")
	p.sees("alice")
	p.press("Terminate connection")
	p.row("alice", "terminated")
	netlab.Eventually(t, 10*time.Second, "the client's program ended", func() bool { return !c.Running() })
}

// remember marks the page that is open; a page that was loaded again does not have the mark.
func (p *user) remember() {
	p.t.Helper()
	p.mustAsk(`() => { document.remembered = true; }`, nil)
}

func (p *user) sameAsRemembered() {
	p.t.Helper()
	var same bool
	p.mustAsk(`() => document.remembered === true`, &same)
	if !same {
		p.t.Errorf("%s was loaded again", p.address())
	}
}
