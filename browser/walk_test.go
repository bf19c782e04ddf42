package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
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
		p.choose("VPC (network)", "data-platform")
		p.choose("Choose a subnet to associate", "subnet-b")
		p.press("Associate target network")
		p.waitText("does not belong to network data-platform")
		p.choose("VPC (network)", "office")
		p.press("Show only the subnets of this VPC")
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
