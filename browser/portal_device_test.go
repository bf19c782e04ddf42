package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// deviceInPortal has an administrator make an endpoint that asks for a certificate as well, and the user who is signed in to the portal
// in the same browser make the file of a device and see it; the console lists it. It gives the page of the endpoint.
func (p *user) deviceInPortal(t *testing.T, public string) (endpoint string) {
	t.Helper()
	p.open("/endpoints/new")
	p.tick("Use user-based authentication")
	p.fill("Name tag", "Laptops")
	p.choose("Server certificate", "vpn.example.com")
	p.choose("Directory ID", "corp")
	p.click("Other parameters")
	p.fill("VPN port", "1194")
	p.tick("Enable self-service portal")
	p.press("Create Client VPN endpoint")
	p.waitText("Self-service portal Enabled", "Show devices of users")
	endpoint = p.address()
	p.open(public + "/portal/devices")
	p.waitText("Add a device", "Laptops", "You have no device yet")
	p.inspectPublic("portal-devices-empty")
	p.open(public + "/portal/devices")
	p.tabTo("Name of the device")
	p.typeText("Alice's telephone")
	if name, file := p.downloadByKey("Make and download the file"); !strings.HasSuffix(name, ".ovpn") || !strings.Contains(file, "PRIVATE KEY") {
		t.Errorf("the file %s is\n%s", name, file)
	}
	p.tabTo("show my devices")
	p.key(kb.Enter)
	p.waitText("Alice's telephone", "You have 1 of 5", "Last used")
	p.inspectPublic("portal-devices")
	p.open(public + "/portal/devices")
	p.tabTo("Remove Alice's telephone")
	p.key(kb.Enter)
	p.waitText("Remove Alice's telephone?", "Its file connects no more")
	p.inspectPublic("portal-device-remove")
	p.open("/devices")
	p.waitText("Devices of users", "Alice's telephone", "Laptops", "Every endpoint")
	p.inspect("devices of users")
	p.open(public + "/portal")
	return endpoint
}
