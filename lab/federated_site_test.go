package lab

import (
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/idp"
	"sallyport/lab/netlab"
)

// The public pages, as users and the identity provider know them.
const (
	publicHost   = "login.lab.test"
	publicListen = gatewayWAN + ":8444"
	publicURL    = "https://" + publicHost + ":8444"
	idpListen    = gatewayWAN + ":9443"
)

// federatedSite is a site whose users sign in in the browser, at a real identity provider. It is over TCP, so that both sides
// notice at once what the other does.
type federatedSite struct {
	*site
	idp      *idp.Provider
	provider string // the path of its page in the console
}

// servicePath is where the public pages talk to an identity provider.
var servicePath = regexp.MustCompile(`https://` + publicHost + `:8444/saml/saml-[0-9a-f]{10}/(metadata|acs)`)

func newFederatedSite(t testing.TB, clients int, o idp.Options, settings ...string) *federatedSite {
	t.Helper()
	w := newTopology(t, clients)
	w.serveEcho(t)
	s := &federatedSite{idp: idp.Start(t, w.gatewayHost, idpListen, o)}
	s.site = signUp(t, w, startGateway(t, w.gatewayHost, append([]string{"SALLYPORT_PUBLIC_LISTEN=" + publicListen, "SALLYPORT_PUBLIC_URL=" + publicURL}, settings...)...))
	p := s.MustSubmit("/identity-providers/saml/new", "Create SAML provider", gateway.Fields{"Name": "Company", "Metadata document": s.idp.Metadata})
	s.provider = p.URL.Path
	ours := map[string]string{}
	for _, m := range servicePath.FindAllStringSubmatch(p.Body, -1) {
		ours[m[1]] = m[0]
	}
	s.idp.Trust(t, map[string]string{ours["metadata"]: ours["acs"]})
	s.CreateNetwork()
	s.CreateCertificates("alice")
	s.federate(gateway.Fields{"Use mutual authentication": "off", "Enable self-service portal": ""})
	return s
}

// federate makes an endpoint whose users sign in at the identity provider.
func (s *federatedSite) federate(more gateway.Fields) {
	s.T.Helper()
	in := gateway.Fields{"Use user-based authentication": "", "Federated authentication": "", "SAML provider": "Company", "Transport Protocol": "TCP"}
	maps.Copy(in, more)
	s.CreateEndpoint(in)
	s.Associate("subnet-a")
	s.WaitText("", "available")
}

// authorizeGroup adds a rule for a group of the identity provider.
func (s *federatedSite) authorizeGroup(cidr, group string) {
	s.T.Helper()
	s.MustSubmit(s.Endpoint+"/rules/new", "Add authorization rule", gateway.Fields{
		"Destination network to enable access": cidr, "Allow access to users in a specific access group": "", "Access group ID": group,
	})
	s.WaitRow("/rules", cidr, "active")
}

// commandLine is the file for a client that prints where its user signs in.
func (s *federatedSite) commandLine() string {
	s.T.Helper()
	return s.Submit(s.Endpoint+"/configuration", "Download for the command line", nil).Body
}

// forTest gives the same site to a subtest, whose failures are then its own.
func (s *federatedSite) forTest(t testing.TB) *federatedSite {
	return &federatedSite{site: s.site.forTest(t), idp: s.idp, provider: s.provider}
}

var printedLink = regexp.MustCompile(`WEB_AUTH::(` + publicURL + `/a/[A-Za-z0-9_-]+)`)

// links are what a client has printed so far.
func links(log string) (out []string) {
	for _, m := range printedLink.FindAllStringSubmatch(log, -1) {
		out = append(out, m[1])
	}
	return out
}

// link waits until a client has printed its n-th link.
func link(t testing.TB, c *netlab.Client, n int) string {
	t.Helper()
	netlab.Eventually(t, 40*time.Second, "the client on "+c.On.Name+" prints where its user signs in", func() bool { return len(links(c.Log())) >= n })
	return links(c.Log())[n-1]
}

// person is a user with a browser on a host.
func person(on *netlab.Namespace) *idp.Person {
	return idp.NewPerson(on).Knows(map[string]string{publicHost: gatewayWAN})
}

// signIn leads a person from a link up to the page that asks to confirm.
func signIn(t testing.TB, p *idp.Person, link, name string) *idp.Page {
	t.Helper()
	return want(t, p.Open(t, link).Follow(t, "Sign in with").SignIn(t, name, idp.Password).Answer(t), name+"@example.test")
}

// confirm says that the client is the person's own.
func confirm(t testing.TB, asked *idp.Page) *idp.Page {
	t.Helper()
	return asked.Submit(t, map[string]string{"answer": "connect"})
}

// want checks that a page says something.
func want(t testing.TB, p *idp.Page, words ...string) *idp.Page {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(p.Text(), w) {
			t.Fatalf("%s (status %d) does not say %q:\n%s", withoutToken(p.URL), p.Status, w, netlab.Tail(p.Text(), 1500))
		}
	}
	return p
}

func withoutToken(u *url.URL) string {
	return u.Host + "/…/" + u.Path[strings.LastIndex(u.Path, "/")+1:]
}

// connect has a client start and its user sign in.
func (s *federatedSite) connect(t testing.TB, on *netlab.Namespace, profile, name string) *netlab.Client {
	t.Helper()
	c := netlab.StartClient(t, on, profile)
	confirm(t, signIn(t, person(on), link(t, c, 1), name))
	c.WaitUp(t, 1)
	return c
}
