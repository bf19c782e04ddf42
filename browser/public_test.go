package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// publicLooks are how the public pages are looked at: a telephone and a desktop, light and dark.
var publicLooks = []look{
	{"phone", false, 360, 740}, {"phone-dark", true, 360, 740},
	{"light", false, 1280, 900}, {"dark", true, 1280, 900},
}

// inspectPublic checks the open public page in every look.
func (p *user) inspectPublic(name string) {
	p.t.Helper()
	for _, l := range publicLooks {
		p.setLook(l)
		p.inspectAsIs(name+" ("+l.name+")", l.dark)
		p.screenshot("pages/" + name + "-" + l.name)
	}
	p.setLook(looks[0])
}

// picturesForReadme takes what a telephone shows of the open page, light and dark: the pictures of the README are these files.
func (p *user) picturesForReadme(name string) {
	p.t.Helper()
	for _, l := range []look{{name, false, 390, 844}, {name + "-dark", true, 390, 844}} {
		p.setLook(l)
		p.waitPainted()
		var png []byte
		p.do(chromedp.CaptureScreenshot(&png))
		if err := os.WriteFile(filepath.Join(artifacts, l.name+".png"), png, 0o600); err != nil {
			p.t.Error(err)
		}
	}
	p.setLook(looks[0])
}

// The public pages in the browser of an administrator, who is signed in to the console on the same host.
func TestPublicPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)

	p.open(s.public + "/")
	p.waitText("Start the connection in your VPN client")
	if text := p.text(); strings.Contains(text, "Sign out") {
		t.Errorf("the page knows the console's account: %s", text)
	}
	p.inspectPublic("public-landing")
	var ground [2]string
	for i, l := range publicLooks[:2] {
		p.setLook(l)
		p.mustEval(`() => getComputedStyle(document.body).backgroundColor`, &ground[i])
	}
	if ground[0] == ground[1] {
		t.Errorf("the dark page is %s, as the light one", ground[1])
	}

	p.open(s.public + "/nothing-here")
	p.waitText("There is no page at this address")
	p.inspectPublic("public-unknown")
	p.drain() // the browser reports the status 404

	// A form of the public pages does not reach the console, where the browser would send the cookie of the session:
	// neither by the policy of the page, nor where that is switched off.
	steal := `(console) => { const f = document.createElement("form"); f.method = "post"; f.action = console + "/sign-out"; document.body.append(f); f.submit(); }`
	p.mustEval(steal, nil, s.base)
	p.waitText("There is no page at this address")
	p.drain()
	p.do(page.SetBypassCSP(true), chromedp.Reload())
	p.mustEval(steal, nil, s.base)
	p.waitText("This request came from another site")
	p.drain()
	p.open(s.base + "/")
	p.waitText("Getting started")

	p.do(emulation.SetScriptExecutionDisabled(true))
	p.open(s.public + "/")
	p.waitText("VPN self-service portal")
}
