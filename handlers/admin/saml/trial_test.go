package saml_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"sallyport/saml/samltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// trial is a test sign-in of a provider, with the browser of the console and another one at the public pages.
type trial struct {
	*webtest.Fixture
	idp    *samltest.IDP
	page   string // of the provider
	public *webtest.Browser
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	u := webtest.NewEndpoint(t)
	x := &trial{Fixture: u, idp: newIDP(t, u.Site)}
	x.page = u.Admin.Create(created, form(string(x.idp.Metadata()), nil))
	x.public = webtest.NewBrowser(t, u.StartPublic(t))
	return x
}

// begin begins a test, and gives its page and the path of its link.
func (x *trial) begin(t *testing.T) (page, link string) {
	t.Helper()
	page = x.Admin.Create(x.page+"/test", nil)
	href, _ := x.Admin.Get(page).Doc.Find("#trial a.btn").Attr("href")
	link, ok := strings.CutPrefix(href, webtest.PublicURL)
	if !ok {
		t.Fatalf("the link is %q", href)
	}
	return page, link
}

// answer has the IdP answer the request of a link.
func (x *trial) answer(t *testing.T, link string, change func(*samltest.Answer)) webtest.Page {
	t.Helper()
	to := x.public.Get(link).WantStatus(http.StatusSeeOther).Header.Get("Location")
	request, err := samltest.ReadRequest(to)
	if err != nil {
		t.Fatal(err)
	}
	a := request.Answer("alice@example.com", "engineers", "staff")
	a.At = x.Kit.Clock.Now()
	a.Attributes = map[string][]string{"displayName": {"Alice A."}}
	if change != nil {
		change(&a)
	}
	f := x.idp.Form(a)
	f.Set("RelayState", request.RelayState)
	acs, err := url.Parse(request.ACSURL)
	if err != nil {
		t.Fatal(err)
	}
	return x.public.Send(http.MethodPost, acs.Path, strings.NewReader(f.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://idp.example.com"},
	})
}

// A test goes by the code path of a login: the administrator opens the link, the IdP answers, the public side says nothing of
// it, and the console shows all of it with what the user could reach.
func TestTestSignIn(t *testing.T) {
	t.Parallel()
	x := newTrial(t)
	endpoint := path.Base(x.Endpoint)
	x.Admin.Create(x.Endpoint+"/rules/new", url.Values{"destination": {"10.0.0.0/24"}, "access": {"all"}})
	page, link := x.begin(t)
	webtest.CheckMarkup(t, page, x.Admin.Get(page).WantText("#trial", "within 10 minutes"))
	renew := func() webtest.Page { // as the part of the page does that waits
		t.Helper()
		at, _ := x.Admin.Get(page).Doc.Find("#trial").Attr("hx-get")
		return x.Admin.Send(http.MethodGet, at, nil, http.Header{"HX-Request": {"true"}})
	}
	renew().WantStatus(http.StatusNoContent)
	waiting, _ := x.Admin.Get(page).Doc.Find("#trial").Attr("hx-get")
	tested := x.answer(t, link, nil).WantStatus(http.StatusSeeOther).Header.Get("Location")
	x.Admin.Send(http.MethodGet, waiting, nil, http.Header{"HX-Request": {"true"}}).WantStatus(http.StatusOK).WantText("#trial", "alice@example.com signs in")
	p := x.public.Get(tested).WantStatus(http.StatusOK).WantText("h1", "The test has ended")
	if strings.Contains(p.Body, "alice") || strings.Contains(p.Body, "engineers") {
		t.Errorf("the public page tells the result:\n%s", p.Body)
	}
	p = x.Admin.Get(page).WantText("[role=status]", "alice@example.com signs in").WantText("main", "engineers").WantText("main", "Alice A.").
		WantText("main", "emailAddress").WantText("main", "no difference").WantText("main", "It is in the metadata of the provider").WantText("main", "Choose an endpoint")
	webtest.CheckMarkup(t, page, p)
	p = x.Admin.Get(page+"?endpoint="+endpoint).WantText("main", "10.0.0.0/24").WantText("main", "A rule allows all users.")
	webtest.CheckMarkup(t, page+"?endpoint", p)
	p.WantText("#groups", "No endpoint uses this provider yet")
	x.public.Get(link).WantStatus(http.StatusNotFound).WantText("main", "over or was never begun")
	if rows := x.Kit.Rows(); !strings.Contains(rows, string(vpn.TestSAMLSignIn)) {
		t.Error("the audit trail lacks the test")
	}
	x.SignIn(t, webtest.ReadOnly).Post(x.page+"/test", nil).WantStatus(http.StatusForbidden)
	x.SignIn(t, webtest.ReadOnly).Get(page).WantStatus(http.StatusForbidden)
}

// Each group of the user leads to the form of a rule for it, at the chosen endpoint of the provider.
func TestRulesForGroupsOfATest(t *testing.T) {
	t.Parallel()
	x := newTrial(t)
	if p := x.Admin.Get("/endpoints/new"); p.Value("user_authentication") != string(vpn.FederatedAuthentication) || p.Value("saml") != path.Base(x.page) {
		t.Errorf("the form of an endpoint has %q, %q chosen, and not the only provider", p.Value("user_authentication"), p.Value("saml"))
	}
	federated := x.EndpointForm("federated", "10.40.0.0/22", "1194")
	federated.Del("mutual")
	for name, value := range map[string]string{"user_based": "on", "user_authentication": "federated", "saml": path.Base(x.page)} {
		federated.Set(name, value)
	}
	endpoint := x.Admin.Create("/endpoints/new", federated)
	page, link := x.begin(t)
	x.answer(t, link, func(a *samltest.Answer) { a.Groups = []string{"R&D <all>"} }).WantStatus(http.StatusSeeOther)
	p := x.Admin.Get(page).WantText("#groups", "A rule for one of these groups at endpoint federated")
	webtest.CheckMarkup(t, page, p)
	form := x.Admin.Get(p.Href("Add authorization rule for this group: R&D <all>")).WantStatus(http.StatusOK)
	if form.Value("access") != "group" || form.Value("group_pick") != "R&D <all>" {
		t.Errorf("the form has %q, %q", form.Value("access"), form.Value("group_pick"))
	}
	values := form.WantText("form", "A test sign-in on the page of the provider").FormValues("form.form-card")
	values.Set("destination", "10.0.0.0/24")
	x.Admin.Follow(x.Admin.Post(endpoint+"/rules/new", values)).WantText("tbody", "group R&D <all>")
	if form = x.Admin.Get(endpoint + "/rules/new?group=" + strings.Repeat("g", 256)); form.Value("access") != "all" {
		t.Error("the form takes an ID that is too long")
	}
	second := federated
	second.Set("name", "second")
	second.Set("client_cidr", "10.44.0.0/22")
	second.Set("port", "1195")
	x.Admin.Create("/endpoints/new", second)
	x.Admin.Get(page).WantText("#groups", "Choose an endpoint below")
	p = x.Admin.Get(page+"?endpoint="+path.Base(endpoint)).WantText("#groups a", "Add authorization rule")
	webtest.CheckMarkup(t, page+"?endpoint", p)
}

// What is refused says in the console what to do.
func TestRefusedTestSignIns(t *testing.T) {
	t.Parallel()
	x := newTrial(t)
	forger := samltest.New(t, x.idp.EntityID, x.idp.SignInURL)
	for name, c := range map[string]struct {
		change func(*samltest.Answer)
		code   vpn.Code
		says   string
	}{
		"audience": {func(a *samltest.Answer) { a.Audience = "https://other.example.com" }, vpn.CodeSAMLAudienceMismatch, "https://other.example.com"},
		"clock":    {func(a *samltest.Answer) { a.At = a.At.Add(6 * time.Minute) }, "", "6m0s ahead of ours"},
		"unknown":  {func(a *samltest.Answer) { a.SignedBy = forger }, "", "It is not in the stored metadata"},
		"unsigned": {func(a *samltest.Answer) { a.Sign = samltest.SignNothing }, "", "The sign-in is refused"},
	} {
		page, link := x.begin(t)
		tested := x.answer(t, link, c.change).WantStatus(http.StatusSeeOther).Header.Get("Location")
		x.public.Get(tested).WantStatus(http.StatusOK)
		p := x.Admin.Get(page).WantText("[role=alert]", "The sign-in is refused").WantText("main", c.says).WantText("main", string(c.code))
		webtest.CheckMarkup(t, name, p)
		if strings.Contains(p.Text("main"), "can reach") {
			t.Errorf("%s: it shows what a user could reach who is refused", name)
		}
	}
}

// After a change of public_url the list, the provider's page and every page say that the identity provider needs the new values,
// until an answer for them is accepted. A refused one changes nothing.
func TestChangedPublicURL(t *testing.T) {
	t.Parallel()
	x := newTrial(t)
	const former = "https://vpn.example.com"
	x.Kit.Exec("UPDATE saml_provider SET known_url = '" + former + "'") // as it was at the creation
	x.Kit.Clock.Pass(2 * time.Minute)                                   // what the banner knew is old
	wantAlert := func(want bool) {
		t.Helper()
		list, page, any := x.Admin.Get("/identity-providers/saml"), x.Admin.Get(x.page), x.Admin.Get("/networks")
		for at, p := range map[string]webtest.Page{"list": list, "page": page} {
			webtest.CheckMarkup(t, at, p)
		}
		for what, got := range map[string]bool{
			"list":     strings.Contains(list.Text("table"), "Values changed"),
			"page":     strings.Contains(page.Text("main [role=status]"), former+"/saml/"+path.Base(x.page)+"/acs → After: "+webtest.PublicURL),
			"any page": strings.Contains(any.Text("[role=alert]"), "entity ID and ACS URL have changed"),
		} {
			if got != want {
				t.Errorf("%s: alert %v, want %v\n%s", what, got, want, page.Text("main"))
			}
		}
	}
	wantAlert(true)
	_, link := x.begin(t)
	x.answer(t, link, func(a *samltest.Answer) { a.Audience = former + "/saml/" + path.Base(x.page) + "/metadata" })
	wantAlert(true)
	edit := x.Admin.Get(x.page + "/edit").FormValues("form.form-card")
	edit.Set("name", "renamed")
	x.Admin.Follow(x.Admin.Post(x.page+"/edit", edit))
	wantAlert(true)
	_, link = x.begin(t)
	x.answer(t, link, nil)
	wantAlert(false)
}

// Without groups the page names the attribute that may be meant.
func TestTestSignInWithoutGroups(t *testing.T) {
	t.Parallel()
	x := newTrial(t)
	page, link := x.begin(t)
	x.answer(t, link, func(a *samltest.Answer) { a.GroupAttribute = "MemberOf" }).WantStatus(http.StatusSeeOther)
	x.Admin.Get(page).WantText("main", "The answer has MemberOf: is that it?")
}

// A link is for its own provider, for ten minutes, and nothing else leads to a test; our metadata is for every client.
func TestPublicSideOfProviders(t *testing.T) {
	t.Parallel()
	x := newTrial(t)
	_, link := x.begin(t)
	id := x.page[strings.LastIndex(x.page, "/")+1:]
	missing := x.public.Get("/saml/saml-0000000000/metadata").WantStatus(http.StatusNotFound)
	odd := x.public.Get("/saml/%3Cx%3E/metadata").WantStatus(http.StatusNotFound)
	if missing.Text("main p") == "" || strings.Contains(missing.Text("main"), "saml-0000000000") || missing.Text("main > p:first-of-type") != odd.Text("main > p:first-of-type") {
		t.Errorf("unknown providers differ: %q, %q", missing.Text("main"), odd.Text("main"))
	}
	own := x.public.Get("/saml/" + id + "/metadata").WantStatus(http.StatusOK)
	if own.Header.Get("Cache-Control") != "public, max-age=3600" || !strings.Contains(own.Body, webtest.PublicURL+"/saml/"+id+"/acs") || !strings.HasPrefix(own.Header.Get("Content-Type"), "application/samlmetadata+xml") {
		t.Errorf("our metadata: %v\n%s", own.Header, own.Body)
	}
	other := x.Admin.Create(created, form(string(x.idp.Metadata()), url.Values{"name": {"other"}}))
	token := link[strings.LastIndex(link, "/")+1:]
	for _, path := range []string{
		"/saml/" + id + "/test/" + vpn.NewToken().Reveal(), "/saml/" + id + "/test/x", "/saml/" + other[strings.LastIndex(other, "/")+1:] + "/test/" + token,
	} {
		x.public.Get(path).WantStatus(http.StatusNotFound)
	}
	x.Kit.Clock.Pass(vpn.SAMLTrialTime)
	x.public.Get(link).WantStatus(http.StatusNotFound)
}
