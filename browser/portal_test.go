package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"

	"sallyport/lab/directory"
	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
	"sallyport/vpn"
)

// An administrator enables the self-service portal, and a user of the directory signs in there with an MFA code and downloads
// the file.
func TestSelfServicePortal(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
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
	p.fill("MFA code", directory.FormerCode(t, key)) // that of now is for the portal
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
	if name != "Office-VPN-"+id+".ovpn" || file != want {
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
	p.tabTo("My access")
	p.pressEnter()
	p.waitText("What I can reach through Office VPN", "This VPN is connected to no network yet", "My VPN sessions", "You have no VPN session at present", "My last sign-ins", "This browser")
	p.inspectPublic("portal-access-empty")
	p.timesOfPortal(t, s.public+"/portal/access")
	p.timesOfPortal(t, s.public+"/portal")

	admin := &gateway.Admin{Console: gateway.OpenConsole(t, s.Gateway), Endpoint: console}
	admin.MustSubmit("/sign-in", "Sign in", gateway.Fields{"User name": "admin", "Password": password})
	p.connectAsTyped(t, s, admin, key, file)
	p.portalAppearance(t, s.public)
	p.portalStates(t, s, admin, p.deviceInPortal(t, s.public), server)
	p.enrolInPortal(t, s.public, id, "bob")
	p.open(console)
	p.waitText("Configuration files downloaded from it: 2.")
	p.open("/self-service-portal/downloads")
	p.waitText("alice", "Office VPN", "present")
	p.inspect("portal downloads")
}

// connectAsTyped has the administrator open networks, and the user who is signed in to the portal connect a stock client with the file
// as it was downloaded without scripts: name, password and the next code are typed at the client. It reaches what My access says, which
// is read without scripts too.
func (p *user) connectAsTyped(t *testing.T, s *site, admin *gateway.Admin, key vpn.Secret, file string) {
	t.Helper()
	admin.CreateNetwork()
	admin.Associate("subnet-a")
	admin.WaitText("", "available")
	s.openByGroups(t, admin, "cn=%s,ou=groups,dc=example,dc=test")
	p.do(emulation.SetScriptExecutionDisabled(true))
	p.open(s.public + "/portal/access")
	p.waitText("engineers", "Build servers")
	places := p.listedPlaces("Office VPN")
	c := netlab.StartTypingClient(t, s.clients[0], file,
		netlab.Answer{Prompt: "Enter Auth Username:", Text: "alice"}, netlab.Answer{Prompt: "Enter Auth Password:", Text: directory.Password},
		netlab.Answer{Prompt: "Enter MFA code", Text: vpn.TOTP(key, time.Now().Add(30*time.Second))}) // that of now signed in to the portal
	c.WaitUp(t, 1)
	wantReach(t, s.clients[0], places)
	address := c.Address(t).String()
	netlab.Eventually(t, patience, "My access shows the connection", func() bool {
		p.open(s.public + "/portal/access")
		return holds(p.text(), []string{"Connected", address})
	})
	p.do(emulation.SetScriptExecutionDisabled(false))
	p.open(s.public + "/portal/access")
	p.waitText("Connected", address)
	p.inspectPublic("portal-access")
}
