package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// The form of an endpoint, with scripts and without: rows of tags are added and removed, Enter in a text box saves, and
// a section that is closed opens where a field in it is wrong.
func TestEndpointForm(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	p.createCertificates()
	for _, scripts := range []bool{true, false} {
		p.do(emulation.SetScriptExecutionDisabled(!scripts))
		name, again := "with", "3"
		turn := p.press // without scripts each button loads the page again
		if scripts {
			turn = p.click
		} else {
			name, again = "without", "4"
		}
		p.open("/endpoints/new")
		p.fill("Name tag", name)
		p.fill("VPN port", "120"+again)
		turn("Add tag")
		p.fill("Key of tag 1", "team")
		p.fill("Value of tag 1", "platform")
		turn("Add tag")
		p.fill("Key of tag 2", "wrong")
		turn("Add tag")
		p.fill("Key of tag 3", "site")
		turn("Remove tag 2")
		if key, kept := p.value("Key of tag 2"), p.value("Name tag"); key != "site" || kept != name {
			t.Errorf("%s scripts: after a row was removed, the second key is %q and the name is %q", name, key, kept)
		}
		p.fill("Value of tag 2", "berlin")
		p.click("Other parameters")
		if scripts { // the summary of the section follows what is chosen in it
			p.click("Enable split-tunnel")
			p.fill("Session timeout hours", "9")
			p.click("Other parameters")
			p.waitText("Split-tunnel on · IPv6 of clients left to them", "sessions of 9 h")
			p.click("Other parameters")
			p.click("Enable split-tunnel")
		}
		p.fill("Session timeout hours", "169")
		p.fill("Name tag", name)
		p.pressEnter()
		p.waitText("Enter a whole number of hours from 1 to 168.", "Session timeout hours")
		if key := p.value("Key of tag 2"); key != "site" {
			t.Errorf("%s scripts: the refused form has lost a tag: %q", name, key)
		}
		p.fill("Session timeout hours", "8")
		p.press("Create Client VPN endpoint")
		p.waitText("pending-associate", "Session timeout hours 8")
		p.press("Tags")
		if key, value := p.value("Key of tag 1"), p.value("Value of tag 2"); key != "team" || value != "berlin" {
			t.Errorf("%s scripts: the tags are %q, %q", name, key, value)
		}
		turn("Remove tag 1")
		p.press("Save tags")
		if key := p.value("Key of tag 1"); key != "site" {
			t.Errorf("%s scripts: the saved tag is %q", name, key)
		}
	}
	p.do(emulation.SetScriptExecutionDisabled(false))
	p.open("/endpoints/new")
	p.click("Add tag")
	p.click("Other parameters")
	p.inspect("endpoint form open")
}

// What cannot be changed later is checked before an endpoint is created: the client CIDR against networks, the host and
// other endpoints, the listen address against the host. What is proposed is free.
func TestEndpointPlace(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	s.On.IP(t, "route", "add", "10.128.0.0/16", "dev", "inet")
	p := newUser(t, s.base)
	p.signUp(s)
	p.createNetwork(0)
	p.createCertificates()
	p.open("/endpoints/new")
	proposed := p.value("Client IPv4 CIDR")
	if proposed != "10.129.0.0/22" {
		t.Errorf("%s is proposed, want the first range beside the host's route", proposed)
	}
	for typed, want := range map[string]string{
		"10.0.4.0/22":   "10.0.4.0/22 overlaps with 10.0.0.0/16 of network office",
		"10.128.4.0/22": "The client range 10.128.4.0/22 overlaps 10.128.0.0/16, to which this host has a route by inet.",
		"10.129.1.0/22": "has host bits set",
		"8.8.8.0/22":    "has public addresses",
	} {
		p.fill("Client IPv4 CIDR", typed)
		p.press("Create Client VPN endpoint")
		p.waitText(want)
		if kept := p.value("Client IPv4 CIDR"); kept != typed {
			t.Errorf("%s was typed and %s is kept", typed, kept)
		}
	}
	p.inspect("refused endpoint place")
	p.fill("Client IPv4 CIDR", proposed)
	p.choose("Listen address", gatewayAddr)
	p.choose("Network (VPC)", "office")
	p.press("Create Client VPN endpoint")
	p.waitText("pending-associate", gatewayAddr, "Chosen for the endpoint")
	p.open("/endpoints/new")
	p.fill("Client IPv4 CIDR", "10.129.0.0/20")
	p.press("Create Client VPN endpoint")
	p.waitText("overlaps with 10.129.0.0/22, the client range of endpoint")
}
