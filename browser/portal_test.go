package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"sallyport/lab/directory"
	"sallyport/lab/testpki"
	"sallyport/vpn"
)

// An administrator enables the self-service portal, and a user of the directory signs in there with an MFA code and downloads
// the file.
func TestSelfServicePortal(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	authority := testpki.Authority(t, "Directory CA")
	server := directory.StartSlapd(t, s.On, "127.0.10.3", authority, "", "127.0.10.3")
	p := newUser(t, s.base)
	p.signUp(s)
	p.createCertificates()
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
	p.open(p.address() + "/mfa/new")
	p.fill("User name", "alice")
	p.press("Show QR code")
	var text string
	p.mustEval(`() => document.querySelector("dl dd").innerText`, &text)
	key := vpn.Secret(strings.ReplaceAll(strings.TrimSpace(text), " ", ""))
	p.fill("MFA code", vpn.TOTP(key, time.Now().Add(-30*time.Second))) // one step behind: that of now is for the portal
	p.press("Register")
	p.waitText("MFA device of alice registered.")

	p.open("/endpoints/new")
	p.tick("Use user-based authentication")
	p.tick("Use mutual authentication")
	p.fill("Name tag", "Office VPN")
	p.choose("Server certificate", "vpn.example.com")
	p.choose("Directory ID", "corp")
	p.click("Other parameters")
	p.tick("Enable self-service portal")
	p.press("Create Client VPN endpoint")
	p.waitText("Self-service portal Enabled", "Self-service portal URL", "QR code of the self-service portal")
	p.inspect("endpoint with the portal")
	console := p.address()
	id := console[strings.LastIndex(console, "/")+1:]
	p.open(console + "/configuration")
	_, want := p.download("Download client configuration")

	p.open(s.public + "/")
	p.fill("Client VPN endpoint ID", "cvpn-endpoint-01234567890abcdef")
	p.press("Next")
	p.waitText("There is no self-service portal for this Client VPN endpoint ID")
	p.inspectPublic("portal-unknown")
	p.drain() // the browser reports the status 404
	p.fill("Client VPN endpoint ID", id)
	p.press("Next")
	p.waitText("Self-service portal of the Client VPN endpoint " + id)
	p.inspectPublic("portal-sign-in")
	p.fill("User name", "alice")
	p.fill("Password", "wrong")
	p.fill("MFA code", "123456")
	p.press("Sign in")
	p.waitText("The user name, the password or the MFA code is wrong.")
	p.inspectPublic("portal-refused")
	p.drain()

	p.do(emulation.SetScriptExecutionDisabled(true))
	p.fill("Password", directory.Password)
	p.fill("MFA code", vpn.TOTP(key, time.Now()))
	p.press("Sign in")
	p.waitText("Connect to the VPN", "Office VPN", "You cannot connect yet", "You have not downloaded it yet")
	name, file := p.download("Download configuration file")
	if name != id+".ovpn" || file != want {
		t.Errorf("the file %s is\n%s\nthe console's is\n%s", name, file, want)
	}
	p.do(emulation.SetScriptExecutionDisabled(false))
	p.open(s.public + "/portal")
	p.waitNoText("You have not downloaded it yet")
	p.inspectPublic("portal-home")
	p.open(s.public + "/portal?platform=android")
	p.waitText("How to connect: Android", "Install OpenVPN Connect", "play.google.com")
	p.inspectPublic("portal-steps")
	p.open(s.public + "/portal")
	p.click("My access")
	p.waitText("What I can reach through Office VPN", "This VPN is connected to no network yet", "My VPN sessions", "You have no VPN session at present", "My last sign-ins", "This browser")
	p.inspectPublic("portal-access")
	p.timesOfPortal(t, s.public+"/portal/access")
	p.timesOfPortal(t, s.public+"/portal")
	p.deviceInPortal(t, s.public)
	p.press("Sign out")
	p.waitText("Sign in", "Another Client VPN endpoint")
	p.enrolInPortal(t, s.public, id, "bob")
	p.open(console)
	p.waitText("Configuration files downloaded from it: 2.")
	p.open("/self-service-portal")
	p.fill("Title", "Example VPN")
	p.fill("Contact", "help@example.com")
	p.press("Save")
	p.waitText("Self-service portal saved.")
	p.inspect("self-service portal")
	p.open("/self-service-portal/downloads")
	p.waitText("alice", "Office VPN", "present")
	p.inspect("portal downloads")
	p.open(s.public + "/")
	p.waitText("Questions?", "help@example.com")
}
