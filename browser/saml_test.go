package browser

import (
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/lab/gateway"
	"sallyport/lab/idp"
	"sallyport/lab/netlab"
)

var printedLink = regexp.MustCompile(`WEB_AUTH::(https://localhost:\d+/a/[A-Za-z0-9_-]+)`)

// A user of an OpenVPN client signs in in the browser: at a real identity provider of another site, whose answer comes by a
// script, and back on a page that asks to confirm. The Back button leads nowhere else.
func TestSAMLSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	provider := idp.Start(t, netlab.Here(), "127.0.0.1:18443", idp.Options{})
	admin := gateway.SignUp(t, s.Gateway)
	page := admin.MustSubmit("/identity-providers/saml/new", "Create SAML provider", gateway.Fields{"Name": "Company", "Metadata document": provider.Metadata})
	ours := map[string]string{}
	for _, m := range regexp.MustCompile(`https://localhost:\d+/saml/saml-[0-9a-f]{10}/(metadata|acs)`).FindAllStringSubmatch(page.Body, -1) {
		ours[m[1]] = m[0]
	}
	provider.Trust(t, map[string]string{ours["metadata"]: ours["acs"]})
	admin.CreateNetwork()
	admin.CreateCertificates()
	admin.CreateEndpoint(gateway.Fields{"Use user-based authentication": "", "Federated authentication": "", "SAML provider": "Company", "Use mutual authentication": "off"})
	admin.Associate("subnet-a")
	admin.WaitText("", "available")
	c := netlab.StartClient(t, s.clients[0], admin.Submit(admin.Endpoint+"/configuration", "Download for the command line", nil).Body)
	netlab.Eventually(t, patience, "the client prints where its user signs in", func() bool { return printedLink.MatchString(c.Log()) })

	p := newUser(t, s.base)
	p.open(printedLink.FindStringSubmatch(c.Log())[1])
	p.waitText("Is this your VPN connection?", "203.0.113.2")
	p.inspect("sign-in asked for")
	p.press("Sign in with Company")
	p.fill("Username", "alice")
	p.fill("Password", idp.Password)
	p.drain() // the pages of SimpleSAMLphp are not ours
	p.click("Login")
	p.waitText("Connect this device?", "alice@example.test")
	p.drain()
	p.inspect("sign-in to confirm")
	p.press("Connect")
	p.waitText("You can close this window")
	c.WaitUp(t, 1)
	p.inspect("sign-in confirmed")
	p.do(chromedp.NavigateBack())
	p.waitText("You can close this window")
	admin.WaitRow("/connections", "alice@example.test", "active")
}
