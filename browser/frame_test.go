package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"sallyport/lab/netlab"
)

// The frame under a keyboard and a mouse: the skip link can be read, a menu closes, a refusal goes when the
// file arrives, a chosen network filters the subnets, a list is searched while one types.
func TestFrame(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	endpoint, other := p.createAll()

	p.open(endpoint)
	p.tabTo("Skip to the content")
	var text, ground string
	p.mustEval(`() => getComputedStyle(document.activeElement).color`, &text)
	p.mustEval(`() => getComputedStyle(document.activeElement).backgroundColor`, &ground)
	if text == ground {
		t.Errorf("the skip link is %s on %s", text, ground)
	}

	menuOpen := func() (open bool) {
		p.mustEval(`() => !!document.querySelector(".page-head details[open]")`, &open)
		return open
	}
	p.click("Actions")
	netlab.Eventually(t, patience, "the menu opens", menuOpen)
	p.key(kb.Escape)
	netlab.Eventually(t, patience, "Escape closes the menu", func() bool { return !menuOpen() })
	if at := p.focus(); at.Name != "Actions" {
		t.Errorf("after Escape the focus is at %q", at.Name)
	}
	p.click("Actions")
	netlab.Eventually(t, patience, "the menu opens again", menuOpen)
	p.mustEval(`() => document.querySelector("h1").click()`, nil)
	netlab.Eventually(t, patience, "a click elsewhere closes the menu", func() bool { return !menuOpen() })

	p.open(endpoint + "/configuration")
	p.press("Download with certificate and key")
	p.waitText("Choose the client certificate")
	p.choose("Client certificate and key", "alice")
	p.download("Download with certificate and key")
	p.waitNoText("Choose the client certificate and key")
	var refused bool
	p.mustEval(`() => !!document.querySelector("#error-summary, [aria-invalid=true]")`, &refused)
	if refused {
		t.Error("the refusal stays after the file arrived")
	}

	p.open("/networks/new")
	p.fill("Name", "empty")
	p.fill("IPv4 CIDRs", "10.7.0.0/16")
	p.press("Create network")
	p.open(other + "/associations/new")
	subnets := func() (n int) { p.mustEval(`() => document.querySelector("#subnet").options.length - 1`, &n); return n }
	if subnets() != 3 {
		t.Errorf("%d subnets are offered before a network is chosen, want 3", subnets())
	}
	p.choose("Network (VPC)", "empty")
	netlab.Eventually(t, patience, "the chosen network filters the subnets", func() bool { return subnets() == 0 })

	p.open(endpoint + "/rules")
	p.markPage()
	p.fill("Search authorization rules", "everybody")
	netlab.Eventually(t, patience, "the list is searched", func() bool { return p.rowText("10.0.0.0/16") != "" && p.rowText("0.0.0.0/0") == "" })
	p.wantMarkedPage()
	if !strings.Contains(p.address(), "/rules") {
		t.Errorf("the search led to %s", p.address())
	}

	p.setLook(look{"phone", false, 390, 844})
	p.open(other + "/connections")
	var seen struct{ Left, Right, Top float64 }
	p.mustEval(`() => { const b = document.querySelector(".tabs [aria-current]").getBoundingClientRect(); return {Left: b.left, Right: b.right, Top: b.top}; }`, &seen)
	if seen.Left < 0 || seen.Right > 390 || seen.Top > 500 {
		t.Errorf("on a phone the open tab is at %+v", seen)
	}
}
