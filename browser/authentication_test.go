package browser

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// An endpoint whose users sign in at a directory: what belongs to an authentication option is shown with it, with scripts
// at once and without them always; the file asks for a password and has no certificate.
func TestDirectoryEndpoint(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	p.createCertificates()
	p.open("/identity-providers/directories/new")
	p.fill("Name", "corp")
	p.choose("Type", "Active Directory")
	p.fill("URLs", "ldaps://dc1.corp.example.com")
	p.fill("Account", "svc@corp.example.com")
	p.fill("Password", "s3rvice")
	p.fill("Base DN", "DC=corp,DC=example,DC=com")
	p.press("Create directory")
	directory := p.address()

	p.open("/endpoints/new")
	p.waitText("Client certificate")
	p.waitNoText("Directory ID")
	p.inspect("endpoint with mutual authentication")
	p.tick("Use user-based authentication")
	p.waitText("Directory ID", "Active Directory authentication")
	p.waitNoText("SAML provider")
	p.tick("Federated authentication")
	p.waitText("SAML provider", "Self-service SAML provider", "There is no SAML provider yet")
	p.waitNoText("Directory ID")
	p.inspect("endpoint with federated authentication")
	p.tick("Use user-based authentication") // what follows the choice below it goes with it
	p.waitNoText("SAML provider")
	p.tick("Use user-based authentication")
	p.waitText("Self-service SAML provider")
	p.tick("Active Directory authentication")
	p.waitText("Directory ID")
	p.tick("Use mutual authentication")
	p.waitNoText("Client certificate")
	p.fill("Name tag", "staff")
	p.choose("Directory ID", "Choose a directory") // the only one is chosen already
	p.press("Create Client VPN endpoint")
	p.waitText("Choose the directory that proves the names and passwords", "Directory ID")
	p.inspect("endpoint without its directory")
	p.choose("Directory ID", "corp")
	p.press("Create Client VPN endpoint")
	p.waitText("pending-associate", "Authentication type Active Directory authentication", "corp (d-")
	p.waitNoText("Client certificate")
	p.inspect("endpoint of a directory")
	endpoint := p.address()
	p.open(endpoint + "/edit")
	p.waitText("what users prove themselves with is fixed", "corp (d-")
	p.inspect("endpoint of a directory modified")
	p.open(endpoint + "/configuration")
	p.inspect("configuration for a directory")
	_, file := p.download("Download client configuration")
	if !strings.Contains(file, "\nauth-user-pass\n") || strings.Contains(file, "<cert>") {
		t.Errorf("the file is\n%s", file)
	}
	p.open(directory + "/delete")
	p.press("Delete")
	p.waitText("Users of endpoint staff sign in at directory corp")

	p.do(emulation.SetScriptExecutionDisabled(true))
	p.open("/endpoints/new")
	p.waitText("Directory ID", "Client certificate", "With Active Directory authentication: the ID of the directory", "With federated authentication: where users sign in", "With mutual authentication: client certificates")
	p.tick("Use user-based authentication")
	p.choose("Directory ID", "corp")
	p.press("Create Client VPN endpoint")
	p.waitText("Active Directory authentication and mutual authentication", "The server certificate's own authority")
}
