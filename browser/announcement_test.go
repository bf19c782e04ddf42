package browser

import "testing"

// announcePort types another port into the form of an endpoint and goes on to the page that tells what that does.
func (p *user) announcePort(endpoint, port string) {
	p.t.Helper()
	p.open(endpoint + "/edit")
	p.fill("Description", "typed before the announcement")
	p.fill("VPN port", port)
	p.press("Modify Client VPN endpoint")
	p.waitText("What this change does", "stop working", "type replace here")
}

// inspectAnnouncements looks at the pages that tell what a change of an endpoint does; clients are connected to it.
func (p *user) inspectAnnouncements(endpoint string) {
	p.t.Helper()
	p.announcePort(endpoint, "1195")
	p.inspect("endpoint announcement of a port")
	p.open(endpoint + "/edit")
	p.fill("DNS Server 1 IP address", "10.0.0.2")
	p.press("Modify Client VPN endpoint")
	p.waitText("What this change does", "On their next connection", "Reconnect them now")
	p.inspect("endpoint announcement with a choice")
	p.open(endpoint + "/rotate-key")
	p.inspect("endpoint rotate key")
}

// modifyByAnnouncement changes the port: what was typed is kept on the way back to the form, and the word is asked
// for.
func (p *user) modifyByAnnouncement(t *testing.T, endpoint string) {
	t.Helper()
	p.announcePort(endpoint, "1196")
	p.press("Back to the form")
	if got, description := p.value("VPN port"), p.value("Description"); got != "1196" || description != "typed before the announcement" {
		t.Errorf("back in the form the port is %q and the description %q", got, description)
	}
	p.press("Modify Client VPN endpoint")
	p.fill("To confirm, type replace here", "replace")
	p.press("Modify Client VPN endpoint")
	p.waitText("Client VPN endpoint modified.", "Download client configuration") // the file is another one now
	p.open(endpoint)
	p.waitText("1196", "typed before the announcement")
}
