package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"sallyport/lab/netlab"
)

// What a first day in the console stumbled over: forms that vanish, tags by which nothing is found, an authority that
// looks unused, a file that is called right on an endpoint that cannot work.
func TestFirstDay(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	endpoint, other := p.createAll()
	p.open("/networks/new")
	p.fill("Name", "data-platform")
	p.fill("IPv4 CIDRs", "10.9.0.0/16")
	p.click("Add tag")
	p.fill("Key of tag 1", "cost-centre")
	p.fill("Value of tag 1", "4711")
	p.press("Create network")

	t.Run("the form of an association stays", func(t *testing.T) {
		p.do(emulation.SetScriptExecutionDisabled(true))
		p.open(other + "/associations/new")
		p.choose("Network (VPC)", "data-platform")
		p.choose("Choose a subnet to associate", "subnet-b")
		p.press("Associate target network")
		p.waitText("does not belong to network data-platform")
		p.choose("Network (VPC)", "office")
		p.press("Show only the subnets of this network")
		p.choose("Choose a subnet to associate", "subnet-b")
		p.do(emulation.SetScriptExecutionDisabled(false))
	})

	t.Run("tags find", func(t *testing.T) {
		p.open(endpoint + "/tags")
		p.click("Add tag")
		p.fill("Key of tag 1", "team")
		p.fill("Value of tag 1", "platform")
		p.click("Add tag")
		p.fill("Key of tag 2", "team")
		p.press("Save tags")
		p.waitText(`The tag key "team" is repeated.`)
		var marked string
		p.mustEval(`() => document.querySelector("#error-summary a").hash + " " + document.querySelector("#tags").getAttribute("aria-invalid")`, &marked)
		if marked != "#tags true" {
			t.Errorf("the refusal marks %q", marked)
		}
		p.inspect("refused tags")
		p.click("Remove tag 2")
		p.press("Save tags")
		for path, name := range map[string]string{"/endpoints?q=platform": "office-vpn", "/endpoints?q=team%3Dplatform": "office-vpn", "/networks?q=cost-centre": "data-platform"} {
			p.open(path)
			p.waitRow(name)
		}
		p.open("/endpoints?q=team%3Dother")
		p.waitNoText("office-vpn")
	})

	t.Run("an authority is used by the endpoints that take its clients", func(t *testing.T) {
		p.open("/certificates")
		p.press("Office VPN CA")
		p.waitText("Used by", "office-vpn", "branch-vpn")
	})

	t.Run("a file of an endpoint that cannot work is not called right", func(t *testing.T) {
		s.On.IP(t, "addr", "add", "192.0.2.99/32", "dev", "lo")
		p.open("/endpoints/new")
		p.fill("Name tag", "lost")
		p.fill("VPN port", "1201")
		p.choose("Listen address", "192.0.2.99")
		p.press("Create Client VPN endpoint")
		lost := p.address()
		s.On.IP(t, "addr", "del", "192.0.2.99/32", "dev", "lo")
		p.open("/endpoints/new")
		p.waitText("Listen address")
		var offered string
		p.mustEval(`() => [...document.querySelector("#listen_addr").options].map(o => o.text).join(" ")`, &offered)
		if strings.Contains(offered, "192.0.2.99") || !strings.Contains(offered, gatewayAddr) {
			t.Errorf("the listen addresses %q are offered", offered)
		}
		p.open(lost + "/associations/new")
		p.choose("Choose a subnet to associate", "subnet-a")
		p.press("Associate target network")
		p.waitText("This host has no address 192.0.2.99 to listen on.")
		p.open(lost + "/configuration")
		p.waitText("Clients cannot rely on this endpoint", "This host has no address 192.0.2.99 to listen on.")
	})

	t.Run("a banner is counted and shown in full", func(t *testing.T) {
		p.open(endpoint + "/edit")
		p.tick("Enable client login banner")
		p.fill("Client login banner text", strings.Repeat("ä😀", 700)+"x")
		p.waitText("1,401 of 1,400 characters")
		p.press("Modify Client VPN endpoint")
		p.waitText("The banner has 1401 characters; at most 1400 are possible.")
		p.fill("Client login banner text", "Only for the staff.\nÄnderungen werden protokolliert.")
		p.waitText("52 of 1,400 characters")
		p.press("Modify Client VPN endpoint")
		p.waitText("Only for the staff.", "Änderungen werden protokolliert.", "OpenVPN GUI for Windows shows it", "established or re-established")
	})
}

// With a client connected: what was counted does not run backwards while the connection is terminated, and a new
// port says how many people it cuts off and waits for the word.
func TestFirstClients(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	p := newUser(t, s.base)
	p.signUp(s)
	p.createNetwork(1)
	p.createCertificates("alice@example.com", "bob@example.com")
	endpoint := p.createEndpoint()
	p.open(endpoint + "/associations/new")
	p.choose("Choose a subnet to associate", "subnet-a")
	p.press("Associate target network")
	p.open(endpoint + "/rules/new")
	p.fill("Destination network to enable access", "10.0.0.0/16")
	p.press("Add authorization rule")
	p.open("about:blank") // otherwise the browser reports that the console is away
	s.StopCommand(t, "serve")
	s.StartWeb(t)
	s.Start(t, "dataplane")
	p.open(endpoint + "/rules")
	p.waitRow("10.0.0.0/16", "active")
	connect := func(name string) (*netlab.Client, string) {
		p.open(endpoint + "/configuration")
		p.choose("Client certificate and key", name)
		_, profile := p.download("Download with certificate and key")
		return netlab.ConnectClient(t, s.clients[0], profile), profile
	}

	t.Run("counters do not run backwards", func(t *testing.T) {
		alice, _ := connect("alice@example.com")
		pings(s.clients[0], targetAddr, "1300")
		p.open(endpoint + "/connections")
		p.waitRow("alice", "active", "KiB")
		var counted []trafficRow
		p.mustEval(trafficOf, &counted, "alice")

		// Without a dataplane the connection stays terminating, and only the stored counters are at hand.
		s.KillCommand("dataplane")
		p.waitText("The dataplane needs attention")
		p.press("Terminate", "alice")
		p.press("Terminate connection")
		p.waitRow("alice", "terminating")
		var terminating []trafficRow
		p.mustEval(trafficOf, &terminating, "alice")
		counted = append(counted, terminating...)
		s.Start(t, "dataplane")
		netlab.Eventually(t, patience, "the client's program ended", func() bool {
			var now []trafficRow
			if p.eval(trafficOf, &now, "alice") == nil {
				counted = append(counted, now...)
			}
			return !alice.Running()
		})
		p.waitNoText("will be terminated") // the message goes once the list shows it
		p.open(endpoint + "/connections?view=ended")
		p.waitRow("alice", "terminated")
		var last []trafficRow
		p.mustEval(trafficOf, &last, "alice")
		counted = append(counted, last...)
		for i, now := range counted {
			if now.In == 0 || now.Out == 0 {
				t.Fatalf("the row shows no packets: %+v", counted)
			}
			if i > 0 && (now.In < counted[i-1].In || now.Out < counted[i-1].Out) {
				t.Errorf("the counters ran backwards: %+v, then %+v", counted[i-1], now)
			}
		}
	})

	t.Run("a new port cuts people off", func(t *testing.T) {
		bob, profile := connect("bob@example.com")
		if !strings.Contains(profile, gatewayAddr+" 443") {
			t.Fatalf("the file does not name the port: %s", profile)
		}
		p.announcePort(endpoint, "1195")
		p.waitText("2 configuration files that were downloaded stop working. 1 user is cut off until they have a new file.")
		waits := func() (disabled bool) {
			p.mustEval(`() => document.querySelector(".announcement [type=submit]").disabled`, &disabled)
			return disabled
		}
		p.fill("To confirm, type replace here", "replac")
		if !waits() {
			t.Error("the button does not wait for the word")
		}
		p.fill("To confirm, type replace here", "replace")
		netlab.Eventually(t, patience, "the word opens the button", func() bool { return !waits() })
		p.press("Modify Client VPN endpoint")
		p.waitText("Client VPN endpoint modified.", "1195")
		bob.Kill()
		if _, profile = connect("bob@example.com"); !strings.Contains(profile, gatewayAddr+" 1195") {
			t.Errorf("the new file does not name the new port: %s", profile)
		}
	})
}

// trafficRow is how many packets a row of connections shows.
type trafficRow struct {
	Status  string
	In, Out uint64
}

// trafficOf reads the rows of a user.
const trafficOf = `(user) => [...document.querySelectorAll("main tbody tr")].filter(r => r.innerText.includes(user)).map(r => {
	const [into, out] = [...r.querySelectorAll("[title$=packets], [title$=packet]")].map(e => Number(e.title.replace(/\D/g, "")));
	return {Status: r.querySelector("[data-label=Status]").innerText, In: into, Out: out};
})`
