package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp/kb"

	"sallyport/lab/netlab"
)

// The console works with the keyboard alone.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	p.createCertificates()
	endpoint := p.createEndpoint()
	p.pressInAccountMenu("Sign out")

	p.open("/sign-in")
	p.tabTo("User name")
	p.typeText("admin")
	p.tabTo("Password")
	p.typeText(password)
	p.pressEnter()
	p.waitText("Overview")
	p.open("/getting-started")

	// The first stop of a page skips the menu.
	p.tabTo("Skip to the content")
	p.key(kb.Enter)
	p.tabTo("Create network")
	p.pressEnter()
	p.tabTo("Create network") // of the form: nothing is filled in
	p.pressEnter()

	// The summary has the focus, and its links lead to the fields.
	if at := p.focus(); at.Role != "alert" {
		t.Errorf("after a refusal the focus is at %q, not at the summary", at.Name)
	}
	p.tabTo("Name")
	p.key(kb.Enter)
	netlab.Eventually(t, patience, "the link of the summary leads to the field", func() bool { return p.focus().ID == "name" })
	p.typeText("office")
	p.tabTo("IPv4 CIDRs")
	p.typeText("10.0.0.0/16")
	p.tabTo("Create network")
	p.pressEnter()
	p.waitText("office", "created")
	p.createSubnets(2)
	p.reachByKeyboard(t, endpoint)

	p.open(endpoint)
	p.tabTo("Actions")
	p.key(kb.Enter)
	p.tabTo("Modify Client VPN endpoint")
	p.pressEnter()
	if !strings.HasSuffix(p.address(), "/edit") {
		t.Errorf("the menu led to %s", p.address())
	}
}

// reachByKeyboard associates a target network, makes a route through two of them and asks whether an address is reached.
func (p *user) reachByKeyboard(t *testing.T, endpoint string) {
	t.Helper()
	for _, subnet := range []string{"subnet-a", "subnet-b"} {
		p.open(endpoint + "/associations/new")
		p.tabTo("Choose a subnet to associate")
		p.arrowTo(subnet)
		p.tabTo("Associate target network")
		p.pressEnter()
		p.waitRow(subnet, "associated")
	}
	p.open(endpoint + "/routes/new")
	p.tabTo("Route destination")
	p.typeText("198.51.100.0/24")
	p.tabUntil("the box of subnet-b", func(at focused) bool { return strings.HasPrefix(at.Name, "subnet-b") })
	ticked := func() (on bool) { p.mustEval(`() => document.activeElement.checked`, &on); return on }
	for _, want := range []bool{false, true} { // they come ticked
		p.key(" ")
		netlab.Eventually(t, patience, "Space turns the box", func() bool { return ticked() == want })
	}
	p.tabTo("Create route")
	p.pressEnter()
	p.waitText("Route to 198.51.100.0/24 created through 2 target networks.")

	p.open(endpoint + "/test-access")
	p.tabTo("Destination address")
	p.typeText(targetAddr)
	p.pressEnter()
	p.waitText("does not reach "+targetAddr, "No authorization rule contains "+targetAddr)
	p.tabTo("Add authorization rule")
	p.pressEnter()
	if to := p.value("Destination network to enable access"); !strings.HasPrefix(to, targetAddr) {
		t.Errorf("the next step of the answer is a rule for %q", to)
	}
}

// focused is the element that has the focus.
type focused struct {
	Name, Role, ID, Tag string
	Shown               bool // the page marks it
	Follows             bool // it comes after the last one in reading order
}

// focus gives the element that has the focus, and stores it for the next call.
func (p *user) focus() focused {
	var f focused
	_ = p.eval(`() => {
		const clean = s => (s || "").replace(/\s+/g, " ").replace(/– optional$/, "").trim();
		const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect(), last = document.lastFocus;
		const label = e.labels && e.labels.length ? e.labels[0].innerText : "";
		const marked = s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1 || s.boxShadow !== "none";
		document.lastFocus = e;
		return {Name: clean(label || e.getAttribute("aria-label") || e.innerText), Role: e.getAttribute("role") || "", ID: e.id, Tag: e.tagName,
			Shown: marked && box.bottom > 0 && box.top < innerHeight && box.right > 0,
			Follows: !last || !last.isConnected || !!(last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING)};
	}`, &f)
	return f
}

// tabTo presses Tab until the control of that name has the focus. Each stop must be visible and come
// after the last one.
func (p *user) tabTo(name string) {
	p.t.Helper()
	p.tabUntil(name, func(at focused) bool { return at.Name == name })
}

// tabUntil does so until the right control has the focus; name is what it is called here.
func (p *user) tabUntil(name string, right func(focused) bool) {
	p.t.Helper()
	var way []string
	// The browser focuses an [autofocus] field with the first frame, which may come after the page is complete.
	netlab.Eventually(p.t, patience, "the page's first field has the focus", func() bool {
		var settled bool
		err := p.eval(`() => document.activeElement !== document.body || !document.querySelector("[autofocus]")`, &settled)
		return err == nil && settled
	})
	if at := p.focus(); right(at) && at.Tag == "INPUT" {
		return // the page itself put the focus there
	}
	for range 80 {
		p.key(kb.Tab)
		at := p.focus()
		way = append(way, at.Name)
		if at.Tag == "BODY" {
			p.t.Fatalf("%s: the focus went %s and out of the page, not to %q", p.address(), strings.Join(way, " → "), name)
		}
		if !at.Shown {
			p.t.Errorf("%s: the page does not mark the focus at %s %q", p.address(), at.Tag, at.Name)
		}
		if !at.Follows {
			p.t.Errorf("%s: the focus jumps back to %q", p.address(), at.Name)
		}
		if right(at) {
			return
		}
	}
	p.t.Fatalf("%s: the keyboard does not get to %q: %s", p.address(), name, strings.Join(way, " → "))
}

// arrowTo presses the arrow key until the list that has the focus shows an option with the words.
func (p *user) arrowTo(words string) {
	p.t.Helper()
	var chosen []string
	for range 10 {
		p.key(kb.ArrowDown)
		var text string
		p.mustEval(`() => { const e = document.activeElement; return e.options ? e.options[e.selectedIndex].text : "no list"; }`, &text)
		if strings.Contains(text, words) {
			return
		}
		chosen = append(chosen, text)
	}
	p.t.Fatalf("%s: the arrow key does not lead to %q: %s", p.address(), words, strings.Join(chosen, " → "))
}

// key presses a key as a keyboard does: where the press itself is used up, no character follows.
func (p *user) key(key string) {
	p.t.Helper()
	for _, event := range kb.Encode([]rune(key)[0]) {
		if event.Type == input.KeyDown {
			event.Type = input.KeyRawDown
		}
		p.do(event)
	}
}

func (p *user) typeText(text string) { p.t.Helper(); p.do(input.InsertText(text)) }

// pressEnter presses Enter where that leads to another page.
func (p *user) pressEnter() {
	p.t.Helper()
	p.mustEval(`() => { document.left = true; }`, nil)
	p.key(kb.Enter)
	p.waitPage("Enter")
}
