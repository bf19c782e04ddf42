package endpoint_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// The form has the sections of the guide's steps; the last one is closed and says what it holds, until a field in it is
// wrong. A modification shows what cannot be changed, with the reason.
func TestSectionsOfTheEndpointForm(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	p := u.Admin.Get("/endpoints/new")
	if got := p.Text(".form-section-title"); got != "DetailsAuthenticationConnectionOther parametersTags" {
		t.Errorf("the sections are %q", got)
	}
	p.WantText("details.form-section summary", "Split-tunnel off · IPv6 of clients stopped · source NAT on · sessions of 24 h, then disconnected · no login banner")
	if p.Doc.Find("details.form-section[open]").Length() != 0 || p.Doc.Find("details.form-section #session_timeout").Length() != 1 {
		t.Error("Other parameters is not closed, or has no session timeout")
	}
	form := u.EndpointForm("second", "10.40.0.0/22", "1194")
	for name, value := range map[string]string{"split_tunnel": "on", "source_nat": "", "session_timeout": "", "banner_enabled": "on", "banner": "Hello", "tag_rows": "add"} {
		form.Set(name, value)
	}
	u.Admin.Post("/endpoints/new", form).WantText("details.form-section summary", "Split-tunnel on · IPv6 of clients left to them · source NAT off · sessions of 24 h, then signed in again · login banner on")
	form.Set("ipv6_outside", "on")
	u.Admin.Post("/endpoints/new", form).WantText("details.form-section summary", "IPv6 of clients outside the tunnel")
	form.Del("tag_rows")
	form.Set("session_timeout", "200")
	p = u.Admin.Post("/endpoints/new", form).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("session_timeout", "from 1 to 168")
	if p.Doc.Find("details.form-section[open]").Length() != 1 {
		t.Error("Other parameters is closed though a field in it is wrong")
	}
	p = u.Admin.Get(u.Endpoint + "/edit")
	if p.Doc.Find("details.form-section").Length() != 0 {
		t.Error("a modification has a closed section")
	}
	p.WantText(".form-section", "10.20.0.0/22Cannot be changed: clients have addresses of it.").WantText(".form-section", "UDPCannot be changed: the configuration files of the users name it.")
}

// The VPC of an endpoint is chosen when it is created, binds its associations, and can be changed only without any.
func TestNetworkOfTheEndpoint(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	branch := path.Base(u.Admin.Create("/networks/new", url.Values{"name": {"branch"}, "cidrs": {"10.7.0.0/16"}}))
	office := path.Base(u.Network)
	form := u.EndpointForm("bound", "10.40.0.0/22", "1194")
	form.Set("network", "vpc-gone")
	u.Admin.Post("/endpoints/new", form).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("network", "does not exist any more")
	form.Set("network", branch)
	bound := u.Admin.Create("/endpoints/new", form)
	u.Admin.Get(bound).WantText("dl", "branch").WantText("dl", "Chosen for the endpoint")
	u.Admin.Post("/networks/"+branch+"/delete", url.Values{}).WantText("main", "is the network of endpoint bound")
	if got := u.Admin.Get(bound + "/associations/new").Options("network"); len(got) > 1 || got[office] != "" {
		t.Errorf("the form of an association offers the networks %v", got)
	}
	u.Admin.Post(bound+"/associations/new", url.Values{"network": {office}, "subnet": {u.ZoneA}}).WantStatus(http.StatusUnprocessableEntity).
		WantText("#error-summary", "is bound to network "+branch)

	edit := u.Admin.Get(bound+"/edit").WantValue("network", branch).FormValues("form.form-card")
	edit.Set("network", office)
	u.Admin.Create(bound+"/edit", edit)
	u.Admin.Create(bound+"/associations/new", url.Values{"network": {office}, "subnet": {u.ZoneA}})
	p := u.Admin.Get(bound+"/edit").WantText(".form-section", "It can be changed while no target network is associated.")
	edit = p.FormValues("form.form-card")
	u.Admin.Create(bound+"/edit", edit) // without the field: it stays chosen
	u.Admin.Get(bound).WantText("dl", "Chosen for the endpoint")
	edit = u.Admin.Get(bound + "/edit").FormValues("form.form-card")
	edit.Set("network", branch)
	u.Admin.Post(bound+"/edit", edit).WantStatus(http.StatusUnprocessableEntity).WantText("#error-summary", "only while no target network is associated")
}

// Rows of tags are added and removed by buttons of the form, without scripts: what was typed is kept, and nothing is
// saved.
func TestRowsOfTags(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	before := u.Digest(t)
	rows := func(p webtest.Page) string {
		t.Helper()
		var out []string
		for _, input := range p.Doc.Find("[data-tags] > .tag-row input").EachIter() {
			out = append(out, input.AttrOr("value", ""))
		}
		return strings.Join(out, ",")
	}
	network := url.Values{"name": {"n"}, "cidrs": {"10.5.0.0/16"}}
	endpoint := u.EndpointForm("second", "10.40.0.0/22", "1234")
	for at, form := range map[string]url.Values{"/endpoints/new": endpoint, "/networks/new": network, u.Endpoint + "/tags": {"version": {"1"}}} {
		if got := rows(u.Admin.Get(at)); got != "" {
			t.Errorf("%s begins with the tags %q", at, got)
		}
		form["tag_key"], form["tag_value"], form["tag_rows"] = []string{"team", "site"}, []string{"ops", "berlin"}, []string{"add"}
		p := u.Admin.Post(at, form).WantStatus(http.StatusOK)
		if got := rows(p); got != "team,ops,site,berlin,," {
			t.Errorf("%s: after Add tag: %q", at, got)
		}
		if focus := p.Doc.Find("[autofocus]"); focus.Length() != 1 || focus.AttrOr("id", "") != "tag-key-3" {
			t.Errorf("%s: the focus is not in the new row", at)
		}
		if name := form.Get("name"); name != "" && p.Value("name") != name {
			t.Errorf("%s: the name is %q after Add tag", at, p.Value("name"))
		}
		form.Set("tag_rows", "1")
		if got := rows(u.Admin.Post(at, form).WantStatus(http.StatusOK)); got != "site,berlin" {
			t.Errorf("%s: after Remove tag 1: %q", at, got)
		}
		// The first button of the form, which Enter presses, is none of these.
		if name := p.Doc.Find("form:has([data-tags]) [type=submit]").First().AttrOr("name", ""); name != "" {
			t.Errorf("%s: Enter presses %s", at, name)
		}
	}
	endpoint.Set("port", "")
	if got := u.Admin.Post("/endpoints/new", endpoint).Value("port"); got != "" {
		t.Errorf("the emptied port is %s after a row was removed", got)
	}
	if after := u.Digest(t); after != before {
		t.Errorf("adding and removing rows saved something:\n%s\nwas:\n%s", after, before)
	}
}
