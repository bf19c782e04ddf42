package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"

	"sallyport/lab/directory"
	"sallyport/vpn"
)

// setUpAuthenticator sets an authenticator up from the page with the QR code, with the code that it shows in so long, and gives its key
// and the recovery codes of the file.
func (p *user) setUpAuthenticator(in time.Duration) (key vpn.Secret, recovery []string) {
	p.t.Helper()
	p.waitText("Set up your authenticator", "good until")
	p.tabTo("Type the key instead")
	p.key(kb.Enter)
	var text string
	p.mustEval(`() => document.querySelector("code.whole").textContent`, &text)
	key = vpn.Secret(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	p.tabTo("Code that the app shows now")
	p.typeText(vpn.TOTP(key, time.Now().Add(in)))
	p.pressEnter()
	p.waitText("Your recovery codes", "Keep these codes")
	name, file := p.downloadByKey("Save as text file")
	if name != "vpn-recovery-codes.txt" {
		p.t.Errorf("the file is %s", name)
	}
	for line := range strings.Lines(file) {
		if line = strings.TrimSpace(line); vpn.IsRecoveryCode(line) {
			recovery = append(recovery, line)
		}
	}
	if len(recovery) != vpn.RecoveryCodes {
		p.t.Fatalf("the file has %d codes:\n%s", len(recovery), file)
	}
	return key, recovery
}

// enrolInPortal is the way of a user without an authenticator through the portal of an endpoint, without scripts and with the keyboard alone: the password
// reaches the page MFA alone; with the authenticator the files are there. Then the phone is lost: a recovery code sets up another.
func (p *user) enrolInPortal(t *testing.T, public, id, name string) {
	t.Helper()
	p.do(emulation.SetScriptExecutionDisabled(true))
	signIn := func() {
		t.Helper()
		p.open(public + "/endpoints/" + id)
		p.tabTo("User name")
		p.typeText(name)
		p.tabTo("Password")
		p.typeText(directory.Password)
	}
	signIn()
	p.pressEnter()
	p.waitText("Set up your authenticator")
	p.open(public + "/portal")
	p.waitText("Set up your authenticator")
	p.inspectWithScripts("portal-mfa-set-up")
	p.open(public + "/portal")
	_, recovery := p.setUpAuthenticator(0)
	p.inspectWithScripts("portal-mfa-recovery-codes")
	p.tabTo("I have kept them")
	p.pressEnter()
	p.waitText("Office VPN")
	if _, file := p.downloadByKey("Download configuration file"); !strings.Contains(file, "static-challenge") {
		t.Errorf("the file is\n%s", file)
	}
	p.open(public + "/portal") // the way begins at the head of a page
	p.tabTo("MFA")
	p.pressEnter()
	p.waitText("Your authenticator", "by you", "10 of 10")
	p.inspectWithScripts("portal-mfa")
	p.open(public + "/portal/mfa")
	p.tabTo("Sign out")
	p.pressEnter()

	signIn()
	p.tabTo("Lost your authenticator?")
	p.key(kb.Enter)
	p.tabTo("Recovery code")
	p.typeText(strings.ToLower(recovery[0]))
	p.pressEnter()
	p.waitText("Your present authenticator counts until the new one is confirmed.")
	p.do(emulation.SetScriptExecutionDisabled(false))
	p.setUpAuthenticator(30 * time.Second) // a code is good once: the next one may be early
	p.click("Copy the codes")
	p.waitText("Copied.")
	p.do(emulation.SetScriptExecutionDisabled(true))
	p.press("I have kept them")
	p.waitText("Office VPN")
	p.open(public + "/portal/mfa/new")
	p.inspectWithScripts("portal-mfa-new")
	p.press("Sign out")
	p.do(emulation.SetScriptExecutionDisabled(false))
}

// inspectWithScripts is inspectPublic while scripts are off: axe-core needs them.
func (p *user) inspectWithScripts(name string) {
	p.t.Helper()
	p.do(emulation.SetScriptExecutionDisabled(false))
	p.inspectPublic(name)
	p.do(emulation.SetScriptExecutionDisabled(true))
}
