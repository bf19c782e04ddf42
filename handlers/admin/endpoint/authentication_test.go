package endpoint_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// newDirectory makes a directory and gives its ID.
func newDirectory(t *testing.T, u *webtest.Fixture) string {
	t.Helper()
	return path.Base(u.Admin.Create("/identity-providers/directories/new", url.Values{
		"name": {"corp"}, "type": {"active-directory"}, "urls": {"ldaps://dc1.corp.example.com"}, "base_dn": {"DC=corp,DC=example,DC=com"},
		"bind_dn": {"svc@corp.example.com"}, "bind_password": {"s3rvice"}, "sign_in": {"userPrincipalName"},
	}))
}

// An endpoint is created with a directory, with or without client certificates; its pages say so and nothing of it can
// be changed.
func TestAuthenticationOptions(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	p := u.Admin.Get("/endpoints/new").WantText("option", "There is no directory yet").WantText("#directory-help", "Create one under Identity providers first.")
	webtest.CheckMarkup(t, "/endpoints/new", p)
	directory := newDirectory(t, u)
	form := func(name, cidr, port string, more url.Values) url.Values {
		v := u.EndpointForm(name, cidr, port)
		v.Del("mutual")
		for key, values := range more {
			v[key] = values
		}
		return v
	}
	before := u.Digest(t)
	for _, c := range []struct {
		more         url.Values
		field, words string
	}{
		{url.Values{"directory": {directory}, "client_ca": {path.Base(u.Authority)}}, "mutual", "Choose at least one"},
		{url.Values{"user_based": {"on"}}, "directory", "Choose the directory"},
		{url.Values{"user_based": {"on"}, "directory": {"d-0123456789"}}, "directory", "does not exist any more"},
	} {
		u.Admin.Post("/endpoints/new", form("bad", "10.40.0.0/22", "1194", c.more)).WantStatus(http.StatusUnprocessableEntity).WantRefusedField(c.field, c.words)
	}
	if u.Digest(t) != before {
		t.Error("a refused form changed something")
	}

	staff := u.Admin.Create("/endpoints/new", form("staff", "10.40.0.0/22", "1194", url.Values{"user_based": {"on"}, "directory": {directory}, "client_ca": {path.Base(u.Authority)}}))
	p = u.Admin.Get(staff).WantText("dl", "Active Directory authentication").WantText("dl", "corp ("+directory+")")
	if facts := p.Text("dl"); strings.Contains(facts, "Client certificate") || !strings.Contains(facts, "Authentication type") {
		t.Errorf("the facts are %s", facts)
	}
	p = u.Admin.Get(staff+"/edit").WantText("main", "Active Directory authentication").WantText("main", "what users prove themselves with is fixed for the life of an endpoint")
	webtest.CheckMarkup(t, staff+"/edit", p)
	p = u.Admin.Get(staff+"/configuration").WantText("h2", "Configuration file").WantText("main", "All users get the same file")
	if text := p.Text("main"); strings.Contains(text, "certificate and key") {
		t.Errorf("the page offers client certificates: %s", text)
	}
	webtest.CheckMarkup(t, staff+"/configuration", p)
	file := u.Admin.Post(staff+"/configuration/download", nil).WantStatus(http.StatusOK).Body
	if !strings.Contains(file, "\nauth-user-pass\n") || strings.Contains(file, "<cert>") {
		t.Errorf("the file is\n%s", file)
	}

	both := u.Admin.Create("/endpoints/new", form("both", "10.44.0.0/22", "1195", url.Values{"user_based": {"on"}, "directory": {directory}, "mutual": {"on"}}))
	u.Admin.Get(both).WantText("dl", "Active Directory authentication and mutual authentication").WantText("dl", "The server certificate's own authority")
	u.Admin.Get(both+"/configuration").WantText("h2", "Without a client certificate").WantText("main", "The file proves the client; its user signs in")

	u.Admin.Get("/identity-providers/directories/"+directory).WantText("dl", "staff").WantText("dl", "both")
	u.Admin.Post("/identity-providers/directories/"+directory+"/delete", nil).WantStatus(http.StatusUnprocessableEntity).
		WantText(".alert", "Users of endpoints both, staff sign in at directory corp")
	u.Admin.Get("/certificates/"+path.Base(u.Server)).WantText("dl", "staff")
}
