package endpoint_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// newSAMLProvider stores a SAML provider.
func newSAMLProvider(t *testing.T, u *webtest.Fixture, name string) vpn.SAMLProvider {
	t.Helper()
	p := vpn.SAMLProvider{ID: vpn.NewSAMLProviderID(), Name: name, Version: 1, CreatedAt: u.Kit.Clock.Now(), SAMLProviderOptions: vpn.SAMLProviderOptions{GroupAttribute: "memberOf"}}
	u.Update(t, func(tx *store.Tx) error {
		return tx.CreateSAMLProvider(t.Context(), p, store.SAMLProviderSecrets{Document: "<md/>"})
	})
	return p
}

func federatedForm(u *webtest.Fixture, name, cidr, port string, more url.Values) url.Values {
	v := u.EndpointForm(name, cidr, port)
	v.Del("mutual")
	v.Set("user_based", "on")
	v.Set("user_authentication", "federated")
	for key, values := range more {
		v[key] = values
	}
	return v
}

// An endpoint is created with a SAML provider, with or without one for the portal and client certificates; its pages say so,
// nothing of it can be changed, and a provider that it uses stays.
func TestFederatedEndpoint(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Kit.Core.Settings.PublicURL = "" // the public pages are not served
	p := u.Admin.Get("/endpoints/new").WantText("form", "There is no SAML provider yet").WantText("form", "The public pages are not served")
	webtest.CheckMarkup(t, "/endpoints/new", p)
	company, portal := newSAMLProvider(t, u, "company"), newSAMLProvider(t, u, "portal")
	before := u.Digest(t)
	for _, c := range []struct {
		more         url.Values
		field, words string
	}{
		{nil, "saml", "Choose the SAML provider"},
		{url.Values{"saml": {"saml-0123456789"}}, "saml", "does not exist any more"},
		{url.Values{"saml": {string(company.ID)}, "portal_saml": {"saml-0123456789"}}, "portal_saml", "does not exist any more"},
		{url.Values{"saml": {string(company.ID)}, "user_authentication": {"card"}}, "user_authentication", "Choose Active Directory authentication or federated"},
		{url.Values{"directory": {"d-0123456789"}, "user_authentication": {"directory"}, "saml": {string(company.ID)}}, "directory", "does not exist any more"},
	} {
		u.Admin.Post("/endpoints/new", federatedForm(u, "bad", "10.40.0.0/22", "1194", c.more)).WantStatus(http.StatusUnprocessableEntity).WantRefusedField(c.field, c.words)
	}
	if u.Digest(t) != before {
		t.Error("a refused form changed something")
	}

	staff := u.Admin.Create("/endpoints/new", federatedForm(u, "staff", "10.40.0.0/22", "1194", url.Values{"saml": {string(company.ID)}, "client_ca": {path.Base(u.Authority)}}))
	p = u.Admin.Get(staff).WantText("dl", "Federated authentication").WantText("dl", "company ("+string(company.ID)+")").WantText("dl", "The SAML provider").WantText("dl", "The public pages are not served")
	webtest.CheckMarkup(t, staff, p)
	if facts := p.Text("dl"); strings.Contains(facts, "Client certificate") || strings.Contains(facts, "Directory ID") {
		t.Errorf("the facts are %s", facts)
	}
	p = u.Admin.Get(staff+"/edit").WantText("main", "Federated authentication").WantText("main", "company ("+string(company.ID)+")").WantText("main", "Cannot be changed")
	webtest.CheckMarkup(t, staff+"/edit", p)

	p = u.Admin.Get(staff+"/configuration").WantText("main", "Users sign in in the browser, at company").WantText("main", "OpenVPN GUI for Windows").WantText("main", "The public pages are not served")
	webtest.CheckMarkup(t, staff+"/configuration", p)
	file := u.Admin.Post(staff+"/configuration/download", nil).WantStatus(http.StatusOK).Body
	if !strings.Contains(file, "<auth-user-pass>\nbrowser\nbrowser\n</auth-user-pass>\n") || strings.Contains(file, "\nauth-user-pass\n") || strings.Contains(file, "IV_SSO") || strings.Contains(file, "<cert>") {
		t.Errorf("the file is\n%s", file)
	}
	file = u.Admin.Post(staff+"/configuration/command-line", nil).WantStatus(http.StatusOK).Body
	if !strings.Contains(file, "\nsetenv IV_SSO webauth\n") {
		t.Errorf("the file for the command line is\n%s", file)
	}
	u.Admin.Post(u.Endpoint+"/configuration/command-line", nil).WantStatus(http.StatusConflict)

	both := u.Admin.Create("/endpoints/new", federatedForm(u, "both", "10.44.0.0/22", "1195", url.Values{"saml": {string(company.ID)}, "portal_saml": {string(portal.ID)}, "mutual": {"on"}}))
	u.Admin.Get(both).WantText("dl", "Federated authentication and mutual authentication").WantText("dl", "portal ("+string(portal.ID)+")").WantText("dl", "The server certificate's own authority")
	u.Admin.Get(both+"/configuration").WantText("h2", "Without a client certificate").WantText("main", "The file proves the client; its user signs in in the browser besides")
	if file := u.Admin.Post(both+"/configuration/download", nil).WantStatus(http.StatusOK).Body; strings.Contains(file, "auth-user-pass") {
		t.Errorf("the file of an endpoint with certificates is\n%s", file)
	}
	if u.Admin.Get(both+"/configuration").Doc.Find("form[action$='/command-line']").Length() != 0 {
		t.Error("a file for the command line without a certificate is offered, with which no client connects")
	}
	certified := url.Values{"client": {path.Base(u.Client)}}
	if file := u.Admin.Post(both+"/configuration", certified).WantStatus(http.StatusOK).Body; strings.Contains(file, "IV_SSO") || !strings.Contains(file, "<cert>") {
		t.Errorf("the file with a certificate is\n%s", file)
	}
	certified.Set("command_line", "on")
	if file := u.Admin.Post(both+"/configuration", certified).WantStatus(http.StatusOK).Body; !strings.Contains(file, "\nsetenv IV_SSO webauth\n") || !strings.Contains(file, "<cert>") {
		t.Errorf("the file with a certificate for the command line is\n%s", file)
	}
	u.Admin.Post(u.Endpoint+"/configuration", certified).WantStatus(http.StatusUnprocessableEntity)
	u.Update(t, func(tx *store.Tx) error {
		for id, names := range map[vpn.SAMLProviderID]string{company.ID: "both staff", portal.ID: "both"} {
			used, err := tx.EndpointsOfProvider(t.Context(), id.Provider())
			if err != nil {
				return err
			}
			if got := strings.Join(vpn.IDsOf(used, func(e vpn.EndpointRef) string { return e.Name }), " "); got != names {
				t.Errorf("endpoints of %s: %s, want %s", id, got, names)
			}
			if err := tx.DeleteSAMLProvider(t.Context(), id); vpn.KindOf(err) != vpn.Conflict {
				t.Errorf("a provider in use is deleted: %v", err)
			}
		}
		return nil
	})
}

// The form of a rule offers the groups that users of the SAML provider were seen with; any other is typed, because SAML has no
// search.
func TestFederatedGroupRule(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	company := newSAMLProvider(t, u, "company")
	e := u.Admin.Create("/endpoints/new", federatedForm(u, "staff", "10.40.0.0/22", "1194", url.Values{"saml": {string(company.ID)}}))
	p := u.Admin.Get(e+"/rules/new").WantText("form", "No user of the SAML provider has been seen with a group yet").WantText("form", "a value of the attribute memberOf exactly as")
	webtest.CheckMarkup(t, e+"/rules/new", p)
	if p.Doc.Find("#group_find").Length() != 0 {
		t.Error("a search is offered")
	}
	u.Admin.Create(e+"/rules/new", url.Values{"destination": {"10.0.0.0/24"}, "access": {"group"}, "group": {"Engineers"}})
	u.Admin.Get(e+"/rules").WantText("tbody", "group Engineers").WantText("tbody", "No user has been seen with this group.")
	u.Update(t, func(tx *store.Tx) error {
		return tx.SeeUser(t.Context(), vpn.Sighting{UserRef: vpn.UserRef{Provider: company.ID.Provider(), Key: "alice@example.test"}, Name: "alice@example.test", At: u.Kit.Clock.Now(),
			Groups: []vpn.Group{{ID: "Engineers", Name: "Engineers"}}})
	})
	if got := u.Admin.Get(e + "/rules").Row("Engineers").Text("td"); strings.Contains(got, "No user has been seen") {
		t.Errorf("the mark stays: %s", got)
	}
	if got := u.Admin.Get(e + "/rules/new").Options("group_pick"); got["Engineers"] != "Engineers (1 user)" {
		t.Errorf("offered: %v", got)
	}
	u.Admin.Create(e+"/rules/new", url.Values{"destination": {"10.0.0.0/25"}, "access": {"group"}, "group_pick": {"Engineers"}})
	u.Admin.Get("/users").WantText("tbody", "alice@example.test").WantText("tbody", "company")
	u.Admin.Get("/users/groups").WantText("tbody", "company").WantText("tbody", "Engineers")
	user := u.Admin.Get("/users").Row("alice").Doc.Find("a[href^='/users/']").First().AttrOr("href", "")
	u.Admin.Get(user).WantText("main", "company").WantText("main", "10.0.0.0/24")
}
