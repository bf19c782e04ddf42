package identity_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/saml/samltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

func form(changes url.Values) url.Values {
	v := url.Values{
		"name": {"corp"}, "type": {"active-directory"}, "urls": {"ldaps://dc1.corp.example.com\r\nldaps://dc2.corp.example.com"}, "base_dn": {"DC=corp,DC=example,DC=com"},
		"bind_dn": {"svc@corp.example.com"}, "bind_password": {"s3rvice"}, "sign_in": {"userPrincipalName,sAMAccountName"},
	}
	for name, value := range changes {
		v[name] = value
	}
	return v
}

const created = "/identity-providers/directories/new"

func TestDirectoryLife(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	b.Get("/identity-providers").WantStatus(http.StatusOK).WantText(".empty", "No directories yet").WantText(".empty a", "Create directory")
	webtest.CheckMarkup(t, created, b.Get(created))
	page := b.Create(created, form(nil))
	p := b.Get(page).WantText("h1", "corp").WantText("dl", "ldaps://dc1.corp.example.com, ldaps://dc2.corp.example.com").WantText("dl", "svc@corp.example.com")
	webtest.CheckMarkup(t, page, p)
	b.Get("/identity-providers").Row("corp").WantText("td", "Active Directory")

	p = b.Get(page + "/edit")
	webtest.CheckMarkup(t, page+"/edit", p)
	if html := p.Doc.Text(); strings.Contains(html, "s3rvice") || p.Value("bind_password") != "" {
		t.Error("the password is on the page")
	}
	version := p.Value("version")
	edit := form(url.Values{"version": {version}, "name": {"company"}, "bind_password": {""}})
	b.Post(page+"/edit", form(url.Values{"version": {version}, "urls": {"ldaps://elsewhere.example.com"}, "bind_password": {""}})).
		WantStatus(http.StatusUnprocessableEntity).WantRefusedField("bind_password", "again")
	b.Follow(b.Post(page+"/edit", edit)).WantText("h1", "company")
	b.Post(page+"/edit", edit).WantStatus(http.StatusConflict)

	b.Get(page+"/delete").WantText("h1", "Delete directory company?")
	b.Follow(b.Post(page+"/delete", nil)).WantText(".empty", "No directories yet")
	b.Get(page).WantStatus(http.StatusNotFound)
}

// The page opens on the kind of which there are some; its tabs count both.
func TestProvidersOpenOnTheirKind(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b, idp := s.SignIn(t, webtest.Administrator), samltest.New(t, "https://idp.example.com", "https://idp.example.com/sso")
	const page = "/identity-providers"
	b.Get(page).WantStatus(http.StatusOK).WantText("[aria-current=page]", "Directories 0")
	b.Create("/identity-providers/saml/new", url.Values{"name": {"okta"}, "metadata": {string(idp.Metadata())}})
	if to := b.Get(page).WantStatus(http.StatusSeeOther).Header.Get("Location"); to != page+"/saml" {
		t.Errorf("leads to %s", to)
	}
	p := b.Get(page+"/saml").WantText("[aria-current=page]", "SAML providers 1").WantText("main", "a directory").WantText("main", "a SAML provider in the browser")
	webtest.CheckMarkup(t, page+"/saml", p)
	b.Get(p.Href("Directories 0")).WantStatus(http.StatusOK).WantText(".empty", "No directories yet")
	b.Create(created, form(nil))
	b.Get(page).WantStatus(http.StatusOK).WantText("[aria-current=page]", "Directories 1")
}

func TestBadDirectoriesChangeNothing(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	before := u.Digest(t)
	for _, c := range []struct{ field, value, want string }{
		{"name", "", "Enter a name"},
		{"type", "", "Choose the type"},
		{"urls", "", "Enter the URL"},
		{"urls", "https://dc1", "write ldaps://host"},
		{"base_dn", "", "Enter the DN"},
		{"bind_dn", "", "service account"},
		{"bind_password", "", "password of the service account"},
		{"sign_in", "uid", "have no uid"},
		{"without_tls", "on", "only for localhost"},
	} {
		p := u.Admin.Post(created, form(url.Values{c.field: {c.value}})).WantStatus(http.StatusUnprocessableEntity).WantRefusedField(c.field, c.want)
		webtest.CheckMarkup(t, c.field, p)
	}
	if after := u.Digest(t); after != before {
		t.Errorf("refused forms changed something:\n%s", after)
	}
}

func TestTestSignIn(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	page := b.Create(created, form(nil))
	s.Kit.Directory.Put("right", vpn.ProviderUser{Name: "alice@corp.example.com"})
	try := func(user, password string) webtest.Page {
		return b.Post(page+"/test", url.Values{"user": {user}, "password": {password}})
	}
	p := try("ALICE@corp.example.com", "right").WantStatus(http.StatusOK).WantText("[role=status]", "alice@corp.example.com signs in").WantText("ol", "Check the password")
	webtest.CheckMarkup(t, page, p)
	p = try("alice@corp.example.com", "wr0ng-pass").WantStatus(http.StatusOK).WantText("[role=alert]", "UserCredentialsRefused")
	if p.Value("password") != "" || strings.Contains(p.Doc.Text(), "wr0ng-pass") {
		t.Error("the password is on the page")
	}
	try("", "x").WantStatus(http.StatusUnprocessableEntity).WantRefusedField("user", "Enter a user name")
	if rows := s.Kit.Rows(); strings.Contains(rows, "wr0ng-pass") || !strings.Contains(rows, string(vpn.TestDirectorySignIn)) {
		t.Error("the database has the password, or the audit trail lacks the trial")
	}
	s.SignIn(t, webtest.ReadOnly).Post(page+"/test", url.Values{"user": {"a"}, "password": {"b"}}).WantStatus(http.StatusForbidden)
}

// Where several endpoints use the directory, the form offers one of them or all.
func TestTestSignInThroughOneEndpoint(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	page := u.Admin.Create(created, form(nil))
	id := vpn.DirectoryID(page[strings.LastIndexByte(page, '/')+1:])
	var second vpn.Endpoint
	for n, name := range []string{"first", "second"} {
		e, err := u.Kit.Endpoints.CreateEndpoint(t.Context(), control.SystemPrincipal("test"), vpn.EndpointSpec{
			Name: name, ClientCIDR: fmt.Sprintf("10.4%d.0.0/22", n), Certificate: u.Stored(t).Certificate, Port: fmt.Sprint(1195 + n), UserBased: true, Directory: id, ClientOptions: vpn.DefaultOptions(),
		})
		u.Kit.Must(err)
		second = e
		if offered := u.Admin.Get(page).Doc.Find("select[name=endpoint]").Length(); offered != n {
			t.Errorf("%d selects with %d endpoints", offered, n+1)
		}
	}
	u.Kit.Directory.Put("right", vpn.ProviderUser{Name: "alice@corp.example.com"})
	p := u.Admin.Post(page+"/test", url.Values{"user": {"alice@corp.example.com"}, "password": {"right"}, "endpoint": {string(second.ID)}}).
		WantStatus(http.StatusOK).WantText("h3.card-title", "second")
	if n := p.Doc.Find("h3.card-title a").Length(); n != 1 || p.Doc.Find("select[name=endpoint] option[selected]").AttrOr("value", "") != string(second.ID) {
		t.Errorf("%d endpoints are shown", n)
	}
	webtest.CheckMarkup(t, page, p)
	u.Admin.Post(page+"/test", url.Values{"user": {"a"}, "password": {"b"}, "endpoint": {"cvpn-endpoint-other"}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("endpoint", "do not sign in at this directory")
}
