package browser

import (
	"testing"

	"github.com/chromedp/cdproto/input"

	"sallyport/lab/netlab"
)

// A form is sent once, however often its button is pressed; on the way back it can be sent again.
func TestFormIsSentOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	sent := func(name string) int {
		t.Helper()
		p.fill("Name", name)
		p.fill("IPv4 CIDRs", "10.5.0.0/16")
		var n int
		p.mustEval(`() => {
			let sent = 0;
			window.addEventListener("submit", e => { if (!e.defaultPrevented) sent++; });
			const button = [...document.querySelectorAll("main button")].find(b => b.innerText.trim() === "Create network");
			document.left = true;
			for (let i = 0; i < 3; i++) button.click();
			return sent;
		}`, &n)
		p.waitText("Network " + name + " created.")
		return n
	}
	p.open("/networks/new")
	if n := sent("once"); n != 1 {
		t.Errorf("the form was sent %d times by three clicks", n)
	}
	p.mustEval(`() => { document.left = true; history.back(); }`, new(any))
	p.waitText("IPv4 CIDRs")
	if n := sent("again"); n != 1 {
		t.Errorf("after the way back the form was sent %d times by three clicks", n)
	}
	p.open("/networks")
	p.waitText("2 networks", "once", "again")
	p.typedIsKept()
}

// typedIsKept leaves a form in which something was typed: the browser asks first, unless it is by Cancel.
func (p *user) typedIsKept() {
	p.t.Helper()
	search := func() {
		p.do(input.DispatchKeyEvent(input.KeyRawDown).WithKey("k").WithCode("KeyK").WithWindowsVirtualKeyCode('K').WithModifiers(input.ModifierCtrl))
	}
	before := p.askedToLeave()
	p.open("/networks/new")
	search()
	p.waitText("names, IDs")
	if n := p.askedToLeave() - before; n != 0 {
		p.t.Errorf("the browser asked %d times where nothing was typed", n)
	}
	p.open("/networks/new")
	p.fill("Name", "half")
	p.stay(true)
	search()
	netlab.Eventually(p.t, patience, "the browser asks", func() bool { return p.askedToLeave() > before })
	p.stay(false)
	if got := p.value("Name"); got != "half" {
		p.t.Errorf("after the question the form has %q", got)
	}
	asked := p.askedToLeave()
	p.press("Cancel")
	p.waitText("2 networks")
	if n := p.askedToLeave() - asked; n != 0 {
		p.t.Errorf("Cancel asked %d times", n)
	}
}
