package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"

	"sallyport/lab/netlab"
)

// The console works without JavaScript: forms, menus, the phone's menu, the theme, and a delete that
// asks for a typed word.
func TestWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.do(emulation.SetScriptExecutionDisabled(true))
	p.signUp(s)
	var scripts bool
	p.mustEval(`() => typeof htmx !== "undefined"`, &scripts)
	if scripts {
		t.Fatal("scripts run in this browser")
	}

	endpoint, other := p.createAll()
	p.open(endpoint + "/configuration")
	p.choose("Client certificate and key", "alice")
	if _, profile := p.download("Download with certificate and key"); !strings.Contains(profile, "<cert>") {
		t.Error("no certificate in the file")
	}
	for _, step := range []string{"Prerequisites", "Generate server and client", "Create a Client VPN endpoint", "Associate a target network", "Provide access to the internet"} {
		netlab.Eventually(t, patience, step+" is done", func() bool { p.open("/getting-started"); return p.rowText(step, "done") != "" })
	}

	// The question whether rules let packets pass, the quick start and a one-time link.
	p.open(endpoint + "/test-access")
	p.fill("Destination address", targetAddr)
	p.press("Test access")
	p.waitText("reaches " + targetAddr)
	p.open("/quick-start")
	p.fill("Name", "Warehouse")
	p.fill("Private network", "10.50.0.0/16")
	p.press("Create VPN")
	p.waitText("Download client configuration", "Warehouse", "Hand over by a one-time link")
	p.press("Make one-time link")
	p.waitText("It is shown now and never again")

	p.modifyByAnnouncement(t, other)

	// A menu opens without a script.
	p.open(other)
	p.click("Actions")
	p.press("Delete Client VPN endpoint")
	p.press("Delete")
	if !strings.HasSuffix(p.address(), "/delete") {
		t.Fatalf("deleted without a word: %s", p.text())
	}
	p.fill("To confirm, type delete here", "delete")
	p.press("Delete")
	netlab.Eventually(t, patience, "the endpoint is gone", func() bool {
		p.open("/endpoints")
		return holds(p.text(), []string{"office-vpn"}) && p.rowText("branch-vpn") == ""
	})

	// A list is searched by its button.
	p.open("/certificates")
	p.mustEval(`() => { document.querySelector("input[name=q]").value = "bob"; }`, nil)
	p.press("Search")
	if p.rowText("bob@example.com") == "" || p.rowText("carol@example.com") != "" {
		t.Errorf("%s shows %s", p.address(), p.text())
	}

	// The page is light by default and dark when chosen, and so is the next one.
	if p.isDark() {
		t.Error("the page is dark before Dark theme was chosen")
	}
	p.pressInAccountMenu("Dark theme")
	if !p.isDark() {
		t.Error("the page is not dark after Dark theme was chosen")
	}
	p.press("Networks", "Networks")
	if !p.isDark() {
		t.Error("the next page does not have the chosen theme")
	}
	p.pressInAccountMenu("Light theme")
	if p.isDark() {
		t.Error("the page is not light after Light theme was chosen")
	}

	// The phone's menu.
	p.setLook(look{"phone", false, 390, 844})
	p.click("Menu")
	p.press("Certificates", "Networks")
	p.waitText("vpn.example.com")
	p.click("Menu")
	p.press("Sign out")
	p.waitText("Sign in")
}

// isDark tells whether the page's background is darker than its text.
func (p *user) isDark() bool {
	p.t.Helper()
	var dark bool
	p.mustEval(`() => {
		const light = c => c.match(/[\d.]+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0);
		const s = getComputedStyle(document.body);
		return light(s.backgroundColor) < light(s.color);
	}`, &dark)
	return dark
}
