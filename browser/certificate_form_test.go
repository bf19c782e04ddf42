package browser

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Fields of the forms about certificates follow the use at once; what was typed stays. Without scripts all are shown.
func TestCertificateForms(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	p := newUser(t, s.base)
	p.signUp(s)
	p.createCertificates("alice")

	days := func(want string) {
		t.Helper()
		if got := p.value("Validity in days"); got != want {
			t.Errorf("the validity is %s days, want %s", got, want)
		}
	}
	p.open("/certificates/issue")
	p.waitText("DNS names")
	days("825")
	p.fill("DNS names", "vpn.example.test")
	p.tick("Client certificate")
	p.waitNoText("DNS names")
	days("365")
	p.inspect("issue a client certificate")
	p.fill("Validity in days", "10")
	p.tick("Server certificate")
	p.waitText("DNS names")
	days("10")
	if got := p.value("DNS names"); got != "vpn.example.test" {
		t.Errorf("the DNS names are %q after the use was changed twice", got)
	}

	p.open("/certificates/import")
	p.waitText("Certificate chain")
	p.waitNoText("Private key – optional")
	p.tick("Certificate authority")
	p.waitText("Private key – optional")
	p.waitNoText("Certificate chain")
	p.inspect("import an authority")
	p.tick("Server certificate")
	p.waitText("Certificate chain")
	p.waitNoText("Private key – optional")

	// A file that is dropped on a box is chosen, also where a browser would have opened it.
	var name string
	p.do(chromedp.Evaluate(`(function () {
		var box = document.querySelector("#private_key"), files = new DataTransfer();
		files.items.add(new File(["x"], "server.key"));
		box.dispatchEvent(new DragEvent("dragover", { bubbles: true, cancelable: true, dataTransfer: files }));
		var taken = !box.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: files }));
		return taken + " " + Array.from(document.querySelector("#private_key_file").files, function (f) { return f.name; });
	})()`, &name))
	if name != "true server.key" {
		t.Errorf("a dropped file: %q", name)
	}

	p.inspectRevocation()

	p.do(emulation.SetScriptExecutionDisabled(true))
	p.open("/certificates/import")
	p.tick("Certificate authority")
	p.waitText("Certificate chain", "Of a server or client certificate")
	p.open("/certificates/issue")
	p.tick("Client certificate")
	p.fill("Common name (CN)", "")
	p.press("Issue certificate")
	days("365")
}

// inspectRevocation revokes a certificate and looks at the pages of its authority's list.
func (p *user) inspectRevocation() {
	p.t.Helper()
	p.open("/certificates")
	p.press("alice")
	certificate := p.address()
	p.click("Actions")
	p.inspect("certificate actions menu")
	p.press("Revoke certificate")
	p.waitText("Only a hold can be taken back")
	p.inspect("revoke certificate")
	p.tick("On hold, until it is released")
	p.press("Revoke certificate")
	p.waitText("The certificate is on hold.")
	p.inspect("revoked certificate")
	p.click("Actions")
	p.press("Revocation list")
	p.waitText("alice", "days to expiry")
	p.inspect("revocation list")
	p.open(certificate + "/revocation-list/import")
	p.fill("Certificate revocation list", "words")
	p.press("Import client certificate CRL")
	p.waitText("This is no certificate revocation list")
	p.inspect("import list refused")
	p.createNetwork(0)
	p.open(p.createEndpoint() + "/client-authorities")
	p.waitText("Office VPN CA")
	p.inspect("client authorities")
}
