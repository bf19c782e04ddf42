package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sallyport/lab/directory"
	"sallyport/lab/gateway"
)

// portalStates shows the portal of the user in the browser with twelve endpoints and with none, what becomes of a form whose session has
// ended while it was filled in, and a sign-in while the directory is out of reach. devices is the endpoint with files for devices.
func (p *user) portalStates(t *testing.T, s *site, admin *gateway.Admin, devices string, server *directory.Server) {
	t.Helper()
	admin.MustSubmit("/settings", "Save settings", gateway.Fields{"Client VPN endpoints": "12"})
	first := admin.Endpoint
	all := []string{first, devices}
	for i := 2; i < 12; i++ {
		admin.CreateEndpoint(gateway.Fields{
			"Name tag": fmt.Sprint("Branch office ", i), "Description": "The networks of a branch", "Client IPv4 CIDR": fmt.Sprintf("10.140.%d.0/22", 4*i), "VPN port": fmt.Sprint(2000 + i),
			"Server certificate": "vpn.example.com", "Use user-based authentication": "", "Use mutual authentication": "off", "Directory ID": "corp", "Enable self-service portal": "",
		})
		all = append(all, admin.Endpoint)
	}
	enable := func(value string, endpoints ...string) {
		t.Helper()
		for _, admin.Endpoint = range endpoints {
			admin.Modify(gateway.Fields{"Enable self-service portal": value}, nil)
		}
		admin.Endpoint = first
	}
	p.open(s.public + "/portal")
	p.waitText("Branch office 11", "The networks of a branch", "You cannot connect yet: the VPN is being prepared")
	var firstOffer string
	p.mustEval(`() => document.querySelector("main h2").innerText`, &firstOffer)
	if firstOffer != "Office VPN" {
		t.Errorf("%s comes first, which takes no connections", firstOffer)
	}
	p.inspectPublic("portal-twelve")
	p.open(s.public + "/portal/access")
	p.waitText("What I can reach through Branch office 11")
	p.inspectPublic("portal-twelve-access")

	enable("off", all...)
	p.open(s.public + "/portal")
	p.waitText("No VPN for you yet")
	p.inspectPublic("portal-none")
	p.open(s.public + first)
	p.waitText("There is no self-service portal for this Client VPN endpoint ID")
	p.inspectPublic("portal-off")
	p.drain() // the browser reports the status 404
	enable("", first, devices)

	p.open(s.public + "/portal/devices")
	p.fill("Name of the device", "Alice's tablet")
	var user string
	admin.Get("/users").Doc.Find("a").Each(func(_ int, a *goquery.Selection) {
		if strings.TrimSpace(a.Text()) == "alice" {
			user = strings.TrimPrefix(a.AttrOr("href", ""), "/users/")
		}
	})
	admin.MustSubmit("/users/block?id="+user, "Block user", nil)
	p.press("Make and download the file")
	p.waitText("Your session has ended. Sign in again.")
	p.inspectPublic("portal-session-ended")

	server.Stop()
	p.fill("User name", "bob")
	p.fill("Password", directory.Password)
	p.press("Sign in")
	p.waitText("Try again later")
	p.inspectPublic("portal-directory-down")
	p.drain() // the browser reports the status 503
	server.Again(t)
}
