package browser

import "testing"

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
}
