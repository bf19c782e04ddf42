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
