package lab

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"sallyport/lab/directory"
	"sallyport/lab/gateway"
	"sallyport/lab/idp"
	"sallyport/lab/netlab"
	"sallyport/vpn"
)

// endpointID is the ID of the endpoint that the administrator works on.
func (s *site) endpointID() vpn.EndpointID {
	id, _, _ := strings.Cut(strings.TrimPrefix(s.Endpoint, "/endpoints/"), "/")
	return vpn.EndpointID(id)
}

// portalLink is where the users of the endpoint sign in to the self-service portal: a path of the public pages.
func (s *site) portalLink() string { return s.endpointID().PortalPath() }

// portalUser is a user's browser, signed in to the self-service portal by the link of the endpoint.
func (s *passwordSite) portalUser(t testing.TB, name string) *gateway.Console {
	t.Helper()
	browser := gateway.OpenPublic(t, s.Gateway)
	browser.MustSubmit(s.portalLink(), "Sign in", gateway.Fields{"User name": name, "Password": directory.Password})
	return browser
}

// startTyped starts a client with a file as it is, and its user types name and password.
func startTyped(t testing.TB, on *netlab.Namespace, file, name string) *netlab.Client {
	t.Helper()
	return netlab.StartTypingClient(t, on, file,
		netlab.Answer{Prompt: "Enter Auth Username:", Text: name}, netlab.Answer{Prompt: "Enter Auth Password:", Text: directory.Password})
}

// listedPlace is a line of the page My access.
type listedPlace struct {
	network netip.Prefix
	open    bool
}

// listedPlaces reads what the page My access says of an endpoint.
func listedPlaces(t testing.TB, page *goquery.Document, of vpn.EndpointID) (out []listedPlace) {
	t.Helper()
	for _, line := range page.Find("section[aria-labelledby=reach-" + string(of) + "] .places > li").EachIter() {
		network, err := netip.ParsePrefix(strings.TrimSpace(line.Find(".address").Text()))
		if err != nil {
			t.Fatalf("a line without a network: %s", line.Text())
		}
		out = append(out, listedPlace{network, strings.TrimSpace(line.Find(".badge").Text()) == "Reachable"})
	}
	return out
}

// reachesWhatIsListed checks that a client reaches of the lab's hosts exactly those that the page My access lists as reachable: the
// narrowest network with a host counts, and every reachable one has a host.
func (s *site) reachesWhatIsListed(t testing.TB, page *goquery.Document, c *netlab.Client) {
	t.Helper()
	places := listedPlaces(t, page, s.endpointID())
	probed := map[netip.Prefix]bool{}
	reached, closed := 0, 0
	for _, host := range []string{addrHostA, addrHostB, addrInternet, addrLeft, addrRight} {
		var at listedPlace
		for _, p := range places {
			if p.network.Contains(netip.MustParseAddr(host)) && (!at.network.IsValid() || p.network.Bits() > at.network.Bits()) {
				at = p
			}
		}
		if at.open {
			probed[at.network] = true
			reached++
			netlab.Eventually(t, 20*time.Second, "the client on "+c.On.Name+" reaches "+host+", as My access says", func() bool { return c.On.Reaches(host, netlab.EchoPort) })
		} else if closed++; c.On.AnswersTCP(host, netlab.EchoPort) || c.On.AnswersUDP(host, netlab.EchoPort) {
			t.Errorf("the client on %s reaches %s, which My access does not list: %v", c.On.Name, host, places)
		}
	}
	for _, p := range places {
		if p.open && !probed[p.network] {
			t.Errorf("%s is listed as reachable, and no host was probed there", p.network)
		}
	}
	if reached == 0 || closed == 0 {
		t.Errorf("%d hosts are reached and %d not: the test tells nothing", reached, closed)
	}
}

// fromPortal has a user go from the link of the endpoint to a connection: signed in at the identity provider, with the file as it was
// downloaded, and in the browser that is signed in.
func (s *federatedSite) fromPortal(t *testing.T, on *netlab.Namespace, name string) {
	p := person(on)
	home := p.Open(t, publicURL+s.portalLink()).Follow(t, "Sign in with").SignIn(t, name, idp.Password).Answer(t)
	terminal := want(t, want(t, home, "Connect to the VPN", name+"@example.test").Follow(t, "Linux"), "OpenVPN")
	file := terminal.Press(t, "Download file for the command line").Body
	if file != s.commandLine() {
		t.Errorf("the file is not that of the console:\n%s", netlab.Tail(file, 1000))
	}
	access := terminal.Follow(t, "My access")
	c := netlab.StartClient(t, on, file)
	want(t, confirm(t, signIn(t, p, link(t, c, 1), name)), "You can close this window")
	c.WaitUp(t, 1)
	s.reachesWhatIsListed(t, access.Doc, c)
	s.WaitRow("/connections", name+"@example.test", "active", c.Address(t).String())
	want(t, access.Follow(t, "My access"), "Connected", c.Address(t).String())
}

// fromPortal has a user go from the link of the endpoint to a connection: an authenticator is set up, the user signs in with its code,
// and types name, password and the next code at the client with the file as it was downloaded. It gives the key of the authenticator.
func (s *passwordSite) fromPortal(t *testing.T, on *netlab.Namespace, name string) vpn.Secret {
	t.Helper()
	browser := gateway.OpenPublic(t, s.Gateway)
	setUp := browser.MustSubmit(s.portalLink(), "Sign in", gateway.Fields{"User name": name, "Password": directory.Password})
	key := vpn.Secret(strings.ReplaceAll(strings.TrimSpace(setUp.Doc.Find("code.whole").Text()), " ", ""))
	// A code is good once, and not before its clock or after it by more than 30 seconds: the three are one after the other.
	if done := browser.Press(setUp, "Confirm", gateway.Fields{"Code that the app shows now": directory.FormerCode(t, key)}); done.Status != 200 {
		t.Fatalf("not set up: %s", done.Text())
	}
	browser = gateway.OpenPublic(t, s.Gateway)
	home := browser.MustSubmit(s.portalLink(), "Sign in", gateway.Fields{"User name": name, "Password": directory.Password, "MFA code": vpn.TOTP(key, time.Now())})
	file := browser.Press(home, "Download configuration file", nil).Body
	if file != s.profile {
		t.Errorf("the file is not that of the console:\n%s", netlab.Tail(file, 1000))
	}
	access := browser.Get("/portal/access")
	c := netlab.StartTypingClient(t, on, file,
		netlab.Answer{Prompt: "Enter Auth Username:", Text: name}, netlab.Answer{Prompt: "Enter Auth Password:", Text: directory.Password},
		netlab.Answer{Prompt: "Enter MFA code", Text: vpn.TOTP(key, time.Now().Add(30*time.Second))})
	c.WaitUp(t, 1)
	s.reachesWhatIsListed(t, access.Doc, c)
	netlab.Eventually(t, 20*time.Second, "My access shows the session", func() bool {
		text := browser.Get("/portal/access").Text()
		return strings.Contains(text, "Connected") && strings.Contains(text, c.Address(t).String())
	})
	return key
}
