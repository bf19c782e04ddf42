package browser

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"sallyport/lab/gateway"
	"sallyport/lab/idp"
	"sallyport/lab/netlab"
)

var printedLink = regexp.MustCompile(`WEB_AUTH::(https://localhost:\d+/a/[A-Za-z0-9_-]+)`)

// samlSite is a site with an endpoint whose users sign in at a real identity provider of another site. The portal is on.
type samlSite struct {
	*site
	admin *gateway.Admin
	idp   *idp.Provider
}

func newSAMLSite(t *testing.T, clients int) *samlSite {
	t.Helper()
	s := &samlSite{site: newSite(t, clients), idp: idp.Start(t, netlab.Here(), "127.0.0.1:18443", idp.Options{})}
	s.public = strings.Replace(s.public, "127.0.0.1", "localhost", 1) // the name that the identity provider leads back to
	s.admin = gateway.SignUp(t, s.Gateway)
	page := s.admin.MustSubmit("/identity-providers/saml/new", "Create SAML provider", gateway.Fields{"Name": "Company", "Metadata document": s.idp.Metadata})
	ours := map[string]string{}
	for _, m := range regexp.MustCompile(`https://localhost:\d+/saml/saml-[0-9a-f]{10}/(metadata|acs)`).FindAllStringSubmatch(page.Body, -1) {
		ours[m[1]] = m[0]
	}
	s.idp.Trust(t, map[string]string{ours["metadata"]: ours["acs"]})
	s.admin.CreateNetwork()
	s.admin.CreateCertificates()
	s.admin.CreateEndpoint(gateway.Fields{
		"Name tag": "Office VPN", "Use user-based authentication": "", "Federated authentication": "", "SAML provider": "Company", "Use mutual authentication": "off", "Enable self-service portal": "",
	})
	s.admin.Associate("subnet-a")
	s.admin.WaitText("", "available")
	s.openByGroups(t, s.admin, "%s")
	return s
}

// portal is the link that the administrators give to the users.
func (s *samlSite) portal() string { return s.public + s.admin.Endpoint }

// samlUser is a user of the site at a browser. Without scripts the page of the identity provider has a button that sends its answer.
type samlUser struct {
	*user
	name    string
	look    look
	scripts bool
}

// atProvider leaves the identity provider, which knows the user.
func (p *samlUser) atProvider() {
	p.t.Helper()
	if !p.scripts {
		p.waitText("Submit") // it stands in the note for browsers without scripts
		p.press("Submit")
	}
}

// inspectPublic looks at the open page in every look, for the user whose browser runs scripts: the pages have none of their own.
func (p *samlUser) inspectPublic(name string) {
	p.t.Helper()
	if p.scripts {
		p.user.inspectPublic(name)
		p.setLook(p.look)
	}
}

// connectFromPortal leads a user from the link of the portal to a connection of a stock client: signed in at the identity provider,
// with the file as it was downloaded, which connects by another sign-in in the same browser.
func (s *samlSite) connectFromPortal(t *testing.T, p *samlUser, on *netlab.Namespace) {
	t.Helper()
	p.setLook(p.look)
	p.do(emulation.SetScriptExecutionDisabled(!p.scripts))
	p.open(s.portal())
	p.waitText("Sign in with Company")
	p.inspectPublic("portal-saml-sign-in")
	p.press("Sign in with Company")
	p.fill("Username", p.name)
	p.fill("Password", idp.Password)
	p.drain() // the pages of SimpleSAMLphp are not ours
	p.click("Login")
	p.atProvider()
	p.waitText("Connect to the VPN", "Office VPN", "You have not downloaded it yet")
	p.drain()
	p.press("Linux")
	p.waitText("How to connect: Linux", "WEB_AUTH::")
	_, file := p.download("Download file for the command line")
	if want := s.admin.Submit(s.admin.Endpoint+"/configuration", "Download for the command line", nil).Body; file != want {
		t.Errorf("the file of %s is\n%s\nthe console's is\n%s", p.name, file, want)
	}
	p.inspectPublic("portal-saml-steps")
	p.press("My access")
	places := p.listedPlaces("Office VPN")

	c := netlab.StartClient(t, on, file)
	netlab.Eventually(t, patience, "the client prints where its user signs in", func() bool { return printedLink.MatchString(c.Log()) })
	p.open(printedLink.FindStringSubmatch(c.Log())[1])
	p.waitText("Is this your VPN connection?", "203.0.113.")
	p.inspectPublic("portal-saml-asked")
	p.press("Sign in with Company")
	p.atProvider()
	p.waitText("Connect this device?", p.name+"@example.test")
	p.drain()
	p.inspectPublic("portal-saml-confirm")
	p.press("Connect")
	p.waitText("You can close this window")
	c.WaitUp(t, 1)
	p.inspectPublic("portal-saml-confirmed")
	p.do(chromedp.NavigateBack())
	p.waitText("You can close this window")
	wantReach(t, on, places)

	p.open(s.public + "/portal/access")
	p.waitText("Connected", c.Address(t).String(), "This browser")
	p.inspectPublic("portal-saml-access")
	s.admin.WaitRow("/connections", p.name+"@example.test", "active", c.Address(t).String())
}

// Users come from the link of the self-service portal to a connection: alice at a desktop, bob at a telephone whose browser runs no
// scripts. Then the identity provider fails: who is signed in stays so, and who is not can go back.
func TestSAMLSignIn(t *testing.T) {
	t.Parallel()
	s := newSAMLSite(t, 2)
	alice := &samlUser{newUser(t, s.base), "alice", looks[0], true}
	s.connectFromPortal(t, alice, s.clients[0])
	bob := &samlUser{newUser(t, s.base), "bob", publicLooks[0], false}
	s.connectFromPortal(t, bob, s.clients[1])

	s.idp.Stop()
	alice.open(s.public + "/portal")
	if _, file := alice.download("Download configuration file"); !strings.HasPrefix(file, "client") && !strings.Contains(file, "<tls-crypt>") {
		t.Errorf("while the identity provider is out of service the file is\n%s", file)
	}
	bob.open(s.public + "/portal")
	bob.press("Sign out")
	bob.waitText("You are signed out", "Company still knows you")
	bob.inspectWithScripts("portal-saml-signed-out")
	bob.press("Sign in with Company")
	bob.drain() // what the browser says of the page of the identity provider
	bob.do(chromedp.NavigateBack())
	bob.waitText("Sign in with Company", "A page of Company opens")
	if !pings(s.clients[0], targetAddr, "100") {
		t.Error("the connection ended with the identity provider")
	}
}
