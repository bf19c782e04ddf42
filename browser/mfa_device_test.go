package browser

import (
	"strings"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/testpki"
	"sallyport/vpn"
)

// An administrator registers a user's authenticator from the page with the QR code, and tries the sign-in with its code at
// a real directory.
func TestMFADevice(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	authority := testpki.Authority(t, "Directory CA")
	server := directory.StartSlapd(t, s.On, "127.0.10.2", authority, "", "127.0.10.2")
	p := newUser(t, s.base)
	p.signUp(s)
	p.open("/identity-providers/directories/new")
	p.fill("Name", "corp")
	p.choose("Type", "OpenLDAP")
	p.fill("URLs", server.Options.URLs[0])
	p.fill("Certificate authorities", authority.Certificate)
	p.fill("Account", server.Options.BindDN)
	p.fill("Password", directory.Password)
	p.fill("Base DN", server.Options.BaseDN)
	p.tick("Multi-factor authentication")
	p.press("Create directory")
	at := p.address()
	p.inspect("directory with MFA")
	p.open(at + "/mfa")
	p.inspect("MFA devices none")
	p.open(at + "/mfa/new")
	p.fill("User name", "ALICE")
	p.press("Show QR code")
	p.waitText("MFA device of alice", "Time-based, 6 digits")
	p.inspect("MFA device")
	var text string
	p.mustEval(`() => document.querySelector("dl dd").innerText`, &text)
	key := vpn.Secret(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	used := vpn.TOTP(key, time.Now())
	p.fill("MFA code", used)
	p.press("Register")
	p.waitText("MFA device of alice registered.")
	p.inspect("MFA devices")
	p.open(at)
	p.fill("User name", "alice")
	p.fill("Password", directory.Password)
	p.fill("MFA code", vpn.TOTP(key, time.Now().Add(30*time.Second))) // one step ahead: the code of now may be used
	p.press("Test sign-in")
	p.waitText("alice signs in", "Check the MFA code", "engineers")
	p.inspect("directory test with MFA")
}
