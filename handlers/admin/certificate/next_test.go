package certificate_test

import (
	"path"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// The page of a client certificate leads to its configuration file first and to the bare key last; where no endpoint takes it, it says
// what to do. The success of each step leads to the next one.
func TestWayFromACertificateToItsFile(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	p := u.Admin.Get(u.Client).WantText("main", "The client needs one file")
	webtest.CheckMarkup(t, u.Client, p)
	file := u.Endpoint + "/configuration?client=" + path.Base(u.Client)
	if got := p.Href("Get configuration file"); got != file {
		t.Errorf("the page leads to %q, want %q", got, file)
	}
	if first, key := p.Doc.Find("main h2").First().Text(), p.Doc.Find("main h2").Last().Text(); first != "Client configuration file" || key != "Private key" {
		t.Errorf("the page begins with %q and ends with %q", first, key)
	}
	u.Admin.Get(file).WantValue("client", path.Base(u.Client))
	second := u.Issue("client", "bob")
	p = u.Admin.Get(second)
	if strings.Contains(p.Text("main"), "with this name") {
		t.Error("the only certificate of bob has another one beside it")
	}
	if got := p.Href("Get its configuration file"); got != u.Endpoint+"/configuration?client="+path.Base(second) {
		t.Errorf("the success leads to %q", got)
	}
	if again := u.Admin.Get(second); again.Doc.Find(".alert").Length() != 0 {
		t.Error("the message is shown again")
	}
	u.Issue("client", "Bob")
	if got := u.Admin.Get(second).WantText("main", "1 other client certificate with this name").Href("bob"); got != "/certificates?use=client&q=bob" {
		t.Errorf("the name leads to %q", got)
	}
	lone := webtest.NewWithAccounts(t)
	b := lone.SignIn(t, webtest.Administrator)
	u.Admin, u.Site = b, lone
	u.Authority = b.Create("/certificates/authority/new", map[string][]string{"common_name": {"Lone CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"3650"}})
	if got := b.Get(u.Authority).Href("Issue a server certificate with it"); got != "/certificates/issue?authority="+path.Base(u.Authority) {
		t.Errorf("the authority leads to %q", got)
	}
	b.Get(u.Issue("client", "carol")).WantText("main", "No Client VPN endpoint takes certificates of this authority yet").WantText("main a", "Create an endpoint")
}
