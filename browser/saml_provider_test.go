package browser

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/saml/samltest"
)

// An administrator creates a SAML provider from a file, renews its metadata by pasting another document, tests the sign-in at
// the identity provider, and is kept from deleting it while an endpoint uses it.
func TestSAMLProvider(t *testing.T) {
	t.Parallel()
	s := newSite(t, 0)
	audience := ""
	idp := samltest.New(t, "https://idp.example.com/metadata", "")
	pages := http.NewServeMux()
	pages.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }) // an icon
	login := httptest.NewServer(pages)
	t.Cleanup(login.Close)
	pages.Handle("/sso", idp.Page(func(r samltest.Request) samltest.Answer {
		a := r.Answer("alice@example.com", "engineers", "staff")
		a.Attributes = map[string][]string{"displayName": {"Alice Adams"}, "department": {"Research"}}
		if audience != "" {
			a.Audience = audience
		}
		return a
	}))
	idp.SignInURL = login.URL + "/sso"
	file := filepath.Join(t.TempDir(), "metadata.xml")
	if err := os.WriteFile(file, idp.Metadata(), 0o600); err != nil {
		t.Fatal(err)
	}

	p := newUser(t, s.base)
	p.signUp(s)
	p.open("/identity-providers/saml")
	p.inspect("SAML providers none")
	p.open("/identity-providers/saml/new")
	p.fill("Name", "okta")
	p.fill("Metadata document", "<html>not found</html>")
	p.press("Create SAML provider")
	p.waitText("The document is no metadata of a SAML 2.0 identity provider")
	p.inspect("SAML provider refused")
	p.fill("Metadata document", "")
	p.do(chromedp.SetUploadFiles("#metadata_file", []string{file}, chromedp.ByQuery))
	p.press("Create SAML provider")
	p.waitText("SAML provider okta created", "Values for the identity provider", "/acs", "No single logout", "Not signed")
	p.inspect("SAML provider")
	provider := p.address()
	p.open("/identity-providers/saml")
	p.waitText("okta", "https://idp.example.com/metadata")
	p.inspect("SAML providers")

	p.open(provider)
	p.press("Test sign-in")
	p.waitText("Sign in at the provider", "It can be answered once")
	p.inspect("SAML test begun")
	test := p.address()
	signIn := func() {
		t.Helper()
		p.open(p.hrefOf("Open the sign-in in a new window"))
		p.press("Sign in")
		p.waitText("The test has ended")
	}
	signIn()
	p.inspectPublic("public-test-ended")
	p.open(test)
	p.waitText("alice@example.com signs in", "Alice Adams", "engineers", "It is in the metadata of the provider", "There is no endpoint yet")
	p.inspect("SAML test")
	audience = "https://other.example.com"
	p.press("Test again")
	p.waitText("Sign in at the provider")
	test = p.address()
	signIn()
	p.open(test)
	p.waitText("The sign-in is refused", "https://other.example.com")
	p.inspect("SAML test refused")

	next := samltest.New(t, idp.EntityID, idp.SignInURL)
	next.Renew(t, time.Now().Add(-time.Hour), time.Now().AddDate(0, 0, 20))
	p.open(provider + "/edit")
	p.fill("Metadata document", string(next.Metadata()))
	p.fill("Group attribute", "groups")
	p.press("Modify SAML provider")
	p.waitText("What changes", "Signing certificate", "memberOf", "No endpoint uses this provider")
	p.inspect("SAML provider changes")
	p.press("Modify SAML provider")
	p.waitText("SAML provider okta modified", "ends in 19 days", "needs attention")
	p.inspect("SAML provider ends soon")

	p.createCertificates()
	p.open("/endpoints/new")
	p.tick("Use user-based authentication")
	p.tick("Federated authentication")
	p.choose("SAML provider", "okta")
	p.tick("Use mutual authentication")
	p.fill("Name tag", "staff")
	p.press("Create Client VPN endpoint")
	p.waitText("pending-associate")
	p.open(provider + "/delete")
	p.waitText("Users of endpoint staff sign in at SAML provider okta")
	if strings.Contains(p.text(), "Delete\n") {
		t.Error("the page offers to delete a provider that is in use")
	}
	p.inspect("SAML provider in use")
}
