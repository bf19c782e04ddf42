package browser

import (
	"strings"
	"testing"

	"sallyport/lab/netlab"
)

// Every page as a newcomer meets it: nothing is there yet, and forms are refused.
func TestEmptyPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)

	p.open("/sign-in")
	p.inspect("sign-in before set-up")
	p.open("/setup?token=expired")
	p.inspect("set-up link that does not work")
	p.open(s.SetupLink(t))
	p.inspect("set-up")
	p.fill("User name", "admin")
	p.wantRefused("set-up", "Create administrator and sign in")
	p.signUp(s)

	for _, path := range []string{
		"/", "/getting-started", "/quick-start", "/connections", "/networks", "/networks/new", "/identity-providers", "/identity-providers/directories/new", "/users", "/users/groups", "/certificates", "/certificates/authority/new", "/certificates/issue", "/certificates/import",
		"/endpoints", "/endpoints/new", "/administrators", "/administrators/new", "/account", "/node", "/settings", "/search", "/search?q=10.0.0.1", "/help", "/help/host", "/no-such-page", "/networks/vpc-0",
	} {
		p.open(path)
		p.inspect("empty " + pageName(path))
	}
	for path, button := range map[string]string{
		"/networks/new": "Create network", "/certificates/authority/new": "Create certificate authority", "/certificates/issue": "Issue certificate",
		"/certificates/import": "Import certificate", "/identity-providers/directories/new": "Create directory", "/endpoints/new": "Create Client VPN endpoint", "/administrators/new": "Add administrator", "/account": "Change password",
	} {
		p.open(path)
		p.wantRefused(pageName(path), button)
	}
	p.pressInAccountMenu("Sign out")
	p.open("/sign-in")
	p.inspect("sign-in")
	p.fill("User name", "admin")
	p.wantRefused("sign-in", "Sign in")
}

func pageName(path string) string {
	if path == "/" {
		return "overview"
	}
	return fileName(strings.Trim(path, "/"))
}

// wantRefused presses the button of an incomplete form, and checks how the page refuses it.
func (p *user) wantRefused(name, button string) {
	p.t.Helper()
	p.press(button)
	var at struct{ Summary, Invalid, Focus bool }
	p.mustEval(`() => ({Summary: !!document.querySelector("[role=alert]"), Invalid: !!document.querySelector("[aria-invalid=true]"),
		Focus: document.activeElement && document.activeElement.matches("[role=alert]")})`, &at)
	if !at.Summary {
		p.t.Errorf("%s: pressing %q on an incomplete form shows no summary: %s", name, button, netlab.Tail(p.text(), 500))
	}
	if !at.Focus {
		p.t.Errorf("%s: the focus is not at the summary", name)
	}
	p.inspect("refused " + name)
}

// Every page with data: an endpoint with two target networks, one of them out of
// reach, rules, routes and connected clients; then every list with more than a thousand lines.
func TestFilledPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	p := newUser(t, s.base)
	p.signUp(s)
	endpoint, other := p.createAll("Copy no routes") // the pages warn of it
	p.open(endpoint + "/routes")
	p.waitRow("0.0.0.0/0", "active")
	for i, name := range []string{"alice@example.com", "bob@example.com", "carol@example.com"} {
		p.open(endpoint + "/configuration")
		p.choose("Client certificate and key", name)
		_, profile := p.download("Download with certificate and key")
		netlab.ConnectClient(t, s.clients[i], profile)
		for range 2*i + 1 { // counters that differ
			pings(s.clients[i], targetAddr, "1300")
		}
	}
	p.open(endpoint + "/connections")
	p.waitRow("carol@example.com", "active", "KiB")

	p.open("/networks")
	network := p.link("/networks/vpc-")
	p.open(network)
	subnets := p.links("/subnets/")
	p.open("/certificates")
	certificates := p.links("/certificates/cert-")
	p.open("/administrators/new")
	p.fill("User name", "auditor")
	p.tick("Read-only")
	p.fill("Password", password)
	p.fill("Password again", password)
	p.press("Add administrator")
	p.open("/administrators")
	administrator := p.hrefOf("auditor")
	for _, path := range []string{"/", "/getting-started", "/networks", network, network + "/edit", network + "/delete", network + "/subnets/new", subnets[0], subnets[1], "/certificates", "/certificates/authority/new", "/certificates/issue", "/certificates/import", "/endpoints", "/endpoints/new", "/administrators", "/administrators/new", administrator, "/account", "/node", "/settings"} {
		p.open(path)
		p.inspect("one " + pageName(withoutIDs(path)))
	}
	p.open("/users")
	userPage := p.hrefOf("alice@example.com")
	for name, path := range map[string]string{"users": "/users", "user": userPage, "block user": "/users/block?id=" + userPage[len("/users/"):]} {
		p.open(path)
		p.inspect("one " + name)
	}
	for _, c := range certificates {
		p.open(c)
		title := p.title()
		if title == "bob@example.com" || title == "carol@example.com" {
			continue // as alice's
		}
		p.inspect("one certificate " + title)
		p.open(c + "/delete")
		p.inspect("one certificate delete " + title)
	}
	for _, tab := range []string{"", "/associations", "/associations/new", "/rules", "/rules/new", "/routes", "/routes/new", "/routes/missing", "/connections", "/connections?view=ended", "/connections?view=refused", "/tags", "/edit", "/delete", "/configuration", "/test-access", "/test-access?destination=10.0.1.10", "/test-access?destination=198.51.100.7", "/rules?q=10.0.1.10"} {
		p.open(other + tab)
		p.inspect("pending endpoint" + strings.ReplaceAll(tab, "/", " "))
		p.open(endpoint + tab)
		p.inspect("endpoint" + strings.ReplaceAll(tab, "/", " "))
	}
	for tab, part := range map[string]string{"/associations": "/delete", "/rules": "/delete", "/routes": "/delete", "/connections": "/terminate?"} {
		p.open(endpoint + tab)
		p.open(p.link(part))
		p.inspect("endpoint" + strings.ReplaceAll(tab, "/", " ") + " confirm")
	}
	for _, tab := range []string{"/rules", "/routes"} {
		p.open(endpoint + tab)
		p.open(p.link("/edit"))
		p.inspect("endpoint" + strings.ReplaceAll(tab, "/", " ") + " modify")
	}
	p.open(endpoint + "/associations")
	p.open(p.link("/test"))
	p.fill("IPv4 address", targetAddr)
	p.press("Test")
	p.waitText(targetAddr + " answers to ICMP echo")
	p.inspect("endpoint associations test")
	p.open(endpoint)
	p.click("Actions")
	p.inspect("endpoint actions menu")
	for path, button := range map[string]string{"/rules/new": "Add authorization rule", "/routes/new": "Create route", "/configuration": "Download with certificate and key"} {
		p.open(endpoint + path)
		p.wantRefused("endpoint"+strings.ReplaceAll(path, "/", " "), button)
	}
	p.open(other + "/associations/new")
	p.wantRefused("associate", "Associate target network")
	p.open(network + "/subnets/new")
	p.wantRefused("subnet", "Create subnet")
	p.open(network + "/edit")
	p.fill("IPv4 CIDRs", "10.200.0.0/16")
	p.wantRefused("network edit", "Modify network")
	p.open(endpoint + "/edit")
	p.fill("VPN port", "seventy")
	p.wantRefused("endpoint edit", "Modify Client VPN endpoint")
	p.inspectAnnouncements(endpoint)
	p.open(administrator)
	p.fill("New password", "short")
	p.wantRefused("password", "Reset password")
	reader := newUser(t, s.base)
	reader.signIn("auditor")
	for _, path := range []string{"/networks", network, endpoint, endpoint + "/rules", endpoint + "/connections", endpoint + "/configuration"} {
		reader.open(path)
		reader.inspect("read-only " + pageName(withoutIDs(path)))
	}

	// A thousand of each. The console alone: a dataplane would set out to realize them all.
	p.open("about:blank") // otherwise the browser reports that the console is away
	reader.open("about:blank")
	s.StopCommand(t, "serve")
	s.multiplyRows(t, 0, 1000)
	s.StartWeb(t)
	for _, path := range []string{
		"/", "/networks", "/networks?page=7", "/networks?q=nothing", network, "/certificates", "/endpoints", "/endpoints?q=endpoint+7", "/administrators",
		endpoint, endpoint + "/rules", endpoint + "/routes", endpoint + "/connections", endpoint + "/connections?view=ended&page=20", endpoint + "/connections?view=refused", endpoint + "/connections?q=unknown", "/connections", "/connections?view=ended", "/connections?view=refused", endpoint + "/rules?q=nothing", "/node", "/settings",
	} {
		p.open(path)
		p.inspect("many " + pageName(withoutIDs(path)))
	}
}

// createAll creates what the pages show, and gives the paths of two endpoints: one in use and one
// that waits for its first target network.
func (p *user) createAll(routes ...string) (endpoint, other string) {
	p.t.Helper()
	p.createNetwork(3)
	p.createCertificates("alice@example.com", "bob@example.com", "carol@example.com")
	endpoint = p.createEndpoint()
	p.open(endpoint + "/associations/new")
	p.choose("Choose a subnet to associate", "subnet-a")
	p.press("Associate target network")
	p.waitText("subnet-a")
	for cidr, why := range map[string]string{"10.0.0.0/16": "Everybody reaches the office", "0.0.0.0/0": "Internet through the office"} {
		p.open(endpoint + "/rules/new")
		p.fill("Destination network to enable access", cidr)
		p.fill("Description", why)
		p.press("Add authorization rule")
	}
	p.open(endpoint + "/routes/new")
	p.fill("Route destination", "0.0.0.0/0")
	p.fill("Description", "Internet through the office")
	p.press("Create route")
	p.open(endpoint + "/associations/new")
	p.choose("Choose a subnet to associate", "subnet-c")
	for _, choice := range routes {
		p.choose("Routes", choice)
	}
	p.press("Associate target network")
	p.waitText("subnet-c")
	p.open("/endpoints/new")
	p.fill("Name tag", "branch-vpn")
	p.fill("Client IPv4 CIDR", "10.129.0.0/22")
	p.fill("VPN port", "1194")
	p.press("Create Client VPN endpoint")
	return endpoint, p.address()
}

// title is the heading of the open page.
func (p *user) title() string {
	p.t.Helper()
	var s string
	p.mustEval(`() => document.querySelector("h1").innerText.split("\n")[0].trim()`, &s)
	return s
}

// withoutIDs leaves identifiers out of an address.
func withoutIDs(path string) string {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	for i, part := range parts {
		if strings.Contains(part, "-") && strings.ContainsAny(part, "0123456789") {
			parts[i], _, _ = strings.Cut(part, "-")
			if _, query, ok := strings.Cut(part, "?"); ok {
				parts[i] += " " + query
			}
		}
	}
	return "/" + strings.Join(parts, "/")
}
