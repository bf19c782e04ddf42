package saml_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/saml/samltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

const created = "/identity-providers/saml/new"

func newIDP(t *testing.T, s *webtest.Site) *samltest.IDP {
	t.Helper()
	p := samltest.New(t, "https://idp.example.com", "https://idp.example.com/sso")
	p.Now = s.Kit.Clock.Now
	p.Renew(t, s.Kit.Clock.Now().Add(-time.Hour), s.Kit.Clock.Now().AddDate(1, 0, 0))
	return p
}

func form(document string, changes url.Values) url.Values {
	v := url.Values{"name": {"okta"}, "metadata": {document}, "metadata_url": {""}, "group_attribute": {"memberOf"}, "name_attribute": {""}, "mail_attribute": {""}}
	for name, value := range changes {
		v[name] = value
	}
	return v
}

func TestSAMLProviderPages(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b, idp := s.SignIn(t, webtest.Administrator), newIDP(t, s)
	p := b.Get("/identity-providers/saml").WantStatus(http.StatusOK).WantText(".empty", "No SAML providers yet")
	webtest.CheckMarkup(t, "/identity-providers/saml", p)
	webtest.CheckMarkup(t, created, b.Get(created))
	page := b.PostFiles(created, form("", nil), map[string][]string{"metadata_file": {string(idp.Metadata())}}).WantStatus(http.StatusSeeOther).Header.Get("Location")
	p = b.Get(page).WantText("h1", "okta").WantText("#ours", "Values for the identity provider").WantText("main", webtest.PublicURL+"/saml/").
		WantText("main", "No single logout").WantText("table", "Valid")
	webtest.CheckMarkup(t, page, p)
	b.Get("/identity-providers/saml").Row("okta").WantText("td", "https://idp.example.com")
	own := b.Get(page + "/metadata").WantStatus(http.StatusOK)
	if !strings.Contains(own.Header.Get("Content-Disposition"), ".xml") || !strings.Contains(own.Body, "/acs") {
		t.Errorf("our metadata: %v\n%s", own.Header, own.Body)
	}

	// A name is saved at once; another document and another attribute are shown first, and only what was shown is saved.
	edit := b.Get(page + "/edit").FormValues("form.form-card")
	edit.Set("name", "company")
	b.Follow(b.Post(page+"/edit", edit)).WantText("h1", "company")
	next := newIDP(t, s)
	next.SignInURL = "https://idp.example.com/new"
	edit = b.Get(page + "/edit").FormValues("form.form-card")
	edit.Set("group_attribute", "groups")
	before := s.Digest(t)
	p = b.PostFiles(page+"/edit", edit, map[string][]string{"metadata_file": {string(next.Metadata())}}).WantStatus(http.StatusOK).
		WantText("h2", "What changes").WantText("dl", "https://idp.example.com/sso → After: https://idp.example.com/new").WantText("dl", "memberOf → After: groups").WantText("li", "No endpoint uses this provider")
	webtest.CheckMarkup(t, page+"/edit", p)
	if s.Digest(t) != before {
		t.Error("the step before the save changed something")
	}
	answer := p.FormValues("form.announcement")
	back := url.Values{}
	for name, value := range answer {
		back[name] = value
	}
	back.Set("back", "form")
	b.PostFiles(page+"/edit", back, nil).WantStatus(http.StatusOK).WantText("h1", "Modify SAML provider")
	b.Follow(b.PostFiles(page+"/edit", answer, nil)).WantText("main", "https://idp.example.com/new").WantText("main", "groups")
	b.PostFiles(page+"/edit", answer, nil).WantStatus(http.StatusConflict)

	b.Get(page+"/delete").WantText("h1", "Delete SAML provider company?")
	b.Follow(b.Post(page+"/delete", nil)).WantText(".empty", "No SAML providers yet")
	b.Get(page).WantStatus(http.StatusNotFound)
}

// Differences behind the URL are on the page of the provider and in the banner of every page.
func TestMetadataDifferencesAreShown(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b, idp, next := s.SignIn(t, webtest.Administrator), newIDP(t, s), newIDP(t, s)
	const at = "https://idp.example.com/metadata"
	s.Kit.SAML.Put(at, idp.Metadata())
	page := b.Create(created, form("", url.Values{"metadata_source": {"url"}, "metadata_url": {at}}))
	b.Follow(b.Post(page+"/compare", nil)).WantText("[role=status]", "is the stored one")
	s.Kit.SAML.Put(at, next.Metadata())
	p := b.Follow(b.Post(page+"/compare", nil)).WantText("main", "The metadata behind the URL differs")
	webtest.CheckMarkup(t, page, p)
	b.Get("/networks").WantText("[role=alert]", "needs attention").WantText("[role=alert]", "Signing certificate")
	edit := b.Get(page + "/edit").FormValues("form.form-card")
	edit.Set("fetch", "on")
	p = b.Post(page+"/edit", edit).WantText("h2", "What changes")
	b.Follow(b.PostFiles(page+"/edit", p.FormValues("form.announcement"), nil)).WantText("[role=status]", "modified")
	if alerts := b.Get("/networks").Text("[role=alert]"); strings.Contains(alerts, "okta") {
		t.Errorf("the banner stays: %s", alerts)
	}
	readOnly := s.SignIn(t, webtest.ReadOnly)
	readOnly.Get(page).WantStatus(http.StatusOK)
	readOnly.Post(page+"/compare", nil).WantStatus(http.StatusForbidden)
}

func TestBadSAMLProvidersChangeNothing(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b, idp := s.SignIn(t, webtest.Administrator), newIDP(t, s)
	before := s.Digest(t)
	good := string(idp.Metadata())
	for _, c := range []struct{ field, value, want string }{
		{"name", "", "Enter a name"},
		{"metadata", "", "Choose the file"},
		{"metadata", "<a/>", "no metadata of a SAML 2.0 identity provider"},
		{"metadata", strings.ReplaceAll(good, "bindings:HTTP-Redirect", "bindings:HTTP-POST"), "HTTP-Redirect"},
		{"metadata", strings.Repeat("x", vpn.MaxSAMLMetadata+1), "longer than 512 KB"},
		{"metadata_url", "idp.example.com", "is not a URL"},
		{"metadata_url", "http://idp.example.com/", "write https://"},
		{"group_attribute", "a\x01b", "one line of printable text"},
		{"name_attribute", strings.Repeat("n", 256), "at most 255"},
	} {
		p := b.Post(created, form(good, url.Values{c.field: {c.value}})).WantStatus(http.StatusUnprocessableEntity).WantRefusedField(c.field, c.want)
		webtest.CheckMarkup(t, c.field, p)
	}
	p := b.Post(created, form("left from before", url.Values{"metadata_source": {"url"}, "metadata_url": {""}})).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("metadata_url", "Enter the URL")
	webtest.CheckMarkup(t, "no URL", p)
	p = b.Post(created, form("", url.Values{"metadata_source": {"url"}, "metadata_url": {"https://idp.example.com/nothing"}})).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("metadata_url", "No document is there")
	webtest.CheckMarkup(t, "no document", p)
	b.PostFiles(created, form(good, nil), map[string][]string{"metadata_file": {good}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("metadata", "a text and a file")
	if after := s.Digest(t); after != before {
		t.Errorf("refused forms changed something:\n%s", after)
	}
}

// Where no browser can come back from a provider, its pages say what to set, and a test is refused.
func TestPublicPagesThatAreNotServed(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	s.Kit.Core.Settings.PublicURL, s.Kit.Core.Settings.PublicOff = "", "public_url is set, and public_listen is not."
	b, idp := s.SignIn(t, webtest.Administrator), newIDP(t, s)
	b.Get(created).WantText("main", "The public pages are not served").WantText("main", "public_listen is not")
	page := b.Create(created, form(string(idp.Metadata()), nil))
	p := b.Get(page).WantText("main", "public_listen is not")
	webtest.CheckMarkup(t, page, p)
	if p.Doc.Find("#ours").Length() != 0 || strings.Contains(p.Text("main"), "Test sign-in") {
		t.Error("the page shows values, or a test, that cannot work")
	}
	b.Post(page+"/test", nil).WantStatus(http.StatusConflict).WantText("main", "Set public_listen and public_url")
	b.Get(page + "/metadata").WantStatus(http.StatusConflict)
}

// Where users cannot reach the public pages, which is the preset, the forms and pages of providers say so before the values are
// entered at the identity provider.
func TestPublicPagesOfThisHostAlone(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	const title, local = "Users may not reach the page of the sign-in", "https://localhost:8444"
	b, idp := s.SignIn(t, webtest.Administrator), newIDP(t, s)
	if text := b.Get(created).Text("main"); strings.Contains(text, title) {
		t.Errorf("%s is warned of: %s", webtest.PublicURL, text)
	}
	s.Kit.Core.Settings.PublicURL = local
	page := b.Create(created, form(string(idp.Metadata()), nil))
	for _, at := range []string{created, page} {
		p := b.Get(at).WantText("main", title).WantText("main", local+", which is reached from this host alone").WantText("main", "Do so before you enter the values at the identity provider")
		webtest.CheckMarkup(t, at, p)
	}
	b.Get(page).WantText("main", local+"/saml/").WantText("main", "Test sign-in") // by a browser on this host it works
}

// The form of a new provider asks where the metadata is read from, and what the other choice left in the form does not count.
func TestSourceOfTheMetadata(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b, idp := s.SignIn(t, webtest.Administrator), newIDP(t, s)
	const at = "https://idp.example.com/metadata"
	s.Kit.SAML.Put(at, idp.Metadata())
	p := b.Get(created).WantText("form", "Read the metadata from").WantText("form", "It is read once when you create the provider").WantText("form", "Google Workspace has nothing else")
	if p.Value("metadata_source") != "document" {
		t.Errorf("the form has %q chosen", p.Value("metadata_source"))
	}
	page := b.Create(created, form("<left/>", url.Values{"metadata_source": {"url"}, "metadata_url": {at}}))
	p = b.Get(page).WantText("main", at).WantText("main", idp.SignInURL)
	if text := b.Get(page + "/edit").Text("form"); strings.Contains(text, "Read the metadata from") || !strings.Contains(text, "Read the document behind the URL again") {
		t.Errorf("the form of a provider that there is: %s", text)
	}
	webtest.CheckMarkup(t, page, p)
	b.Get("/identity-providers").WantStatus(http.StatusSeeOther).WantText("body", "") // opens on the kind of which there are some
	if to := b.Get("/identity-providers").Header.Get("Location"); to != "/identity-providers/saml" {
		t.Errorf("Identity providers opens on %q", to)
	}
}
