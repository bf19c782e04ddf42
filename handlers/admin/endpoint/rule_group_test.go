package endpoint_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/control"
	"sallyport/control/controltest"
	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// newUserEndpoint makes a console with a second endpoint, whose users are of a directory, and gives its page.
func newUserEndpoint(t *testing.T) (*webtest.Fixture, vpn.Endpoint) {
	t.Helper()
	u := webtest.NewReadyEndpoint(t)
	system := control.SystemPrincipal("test")
	d, err := u.Kit.Identity.CreateDirectory(t.Context(), system, controltest.DirectorySpec())
	u.Kit.Must(err)
	e, err := u.Kit.Endpoints.CreateEndpoint(t.Context(), system, vpn.EndpointSpec{
		Name: "users", ClientCIDR: "10.40.0.0/22", Certificate: u.Stored(t).Certificate, Port: "1194", UserBased: true, Directory: d.ID, ClientOptions: vpn.DefaultOptions(),
	})
	u.Kit.Must(err)
	return u, e
}

// A group is searched in the directory and chosen by name; the rule has its ID, and lists show both.
func TestGroupRule(t *testing.T) {
	t.Parallel()
	u, e := newUserEndpoint(t)
	b, path := u.Admin, "/endpoints/"+string(e.ID)+"/rules"
	u.Kit.Directory.Put("pw", vpn.ProviderUser{Key: "1", Name: "alice", Groups: []vpn.Group{{ID: "S-1-5-7", Name: "Engineering"}, {ID: "S-1-5-8", Name: "Engines"}}})
	p := b.Get(path+"/new").WantText("form", "No user of the directory has been seen with a group yet")
	webtest.CheckMarkup(t, path, p)
	form := url.Values{"destination": {"10.0.0.0/24"}, "access": {"group"}, "description": {"for engineers"}, "group_find": {"engine"}, "group_find_search": {"1"}}
	p = b.Post(path+"/new", form).WantStatus(http.StatusOK).WantValue("destination", "10.0.0.0/24").WantValue("description", "for engineers").WantValue("access", "group")
	webtest.CheckMarkup(t, path, p)
	if got := p.Options("group_pick"); got["S-1-5-7"] != "Engineering (found, S-1-5-7)" || len(got) != 2 {
		t.Errorf("offered: %v", got)
	}
	if rows := b.Get(path).Doc.Find("tbody tr").Length(); rows != 0 {
		t.Error("the search saved a rule")
	}
	form.Set("group_find", "engineering")
	b.Post(path+"/new", form).WantValue("group_pick", "S-1-5-7") // the only one
	form.Set("group_find", "nothing")
	b.Post(path+"/new", form).WantStatus(http.StatusOK).WantText("#group_find-error", "no group with this in its name")
	u.Kit.Directory.Fail(vpn.Refuse(vpn.Unavailable, vpn.CodeDirectoryUnavailable, "No server of the directory can be used."))
	b.Post(path+"/new", form).WantStatus(http.StatusOK).WantText("#group_find-error", "No server of the directory").WantValue("destination", "10.0.0.0/24")
	u.Kit.Directory.Fail(nil)

	form.Del("group_find_search")
	form.Set("group_find", "engine")
	b.Post(path+"/new", form).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("group", "Enter the ID of the access group")
	form.Set("group_pick", "S-1-5-7")
	form.Set("group", "S-1-5-9")
	b.Post(path+"/new", form).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("group", "Clear one of the two")
	form.Set("group", "")
	b.Follow(b.Post(path+"/new", form)).WantText("tbody", "group Engineering (S-1-5-7)").WantText("tbody", "No user has been seen with this group.")
	b.Create(path+"/new", url.Values{"destination": {"10.0.0.0/16"}, "access": {"group"}, "group": {"S-1-5-99"}})
	p = b.Get(path).WantText("tbody", "group S-1-5-99")

	u.Update(t, func(tx *store.Tx) error {
		return tx.SeeUser(t.Context(), vpn.Sighting{UserRef: vpn.UserRef{Provider: e.Provider(), Key: "1"}, Name: "alice", At: u.Kit.Clock.Now(), Groups: []vpn.Group{{ID: "S-1-5-7", Name: "Engineering"}}})
	})
	if got := b.Get(path).Row("Engineering").Text("td"); strings.Contains(got, "No user has been seen") {
		t.Errorf("the mark stays: %s", got)
	}
	if got := b.Get(path + "/new").Options("group_pick"); got["S-1-5-7"] != "Engineering (1 user, S-1-5-7)" {
		t.Errorf("offered: %v", got)
	}
	if file := b.Get(path + "?format=csv").Body; !strings.Contains(file, "10.0.0.0/24,group Engineering (S-1-5-7),S-1-5-7,for engineers") {
		t.Errorf("the file is %s", file)
	}
	b.Get("/endpoints/"+string(e.ID)).WantText("main", "group Engineering (S-1-5-7)")
	remove, _ := p.Row("S-1-5-99").Doc.Find("a[href$='/delete']").Attr("href")
	b.Get(remove).WantText("main", "the rule that grants group S-1-5-99 access to 10.0.0.0/16").WantText("main", "keeps its own rule")
	remove, _ = p.Row("Engineering").Doc.Find("a[href$='/delete']").Attr("href")
	b.Get(remove).WantText("main", "the rule that grants group Engineering (S-1-5-7) access to 10.0.0.0/24").WantText("main", "which allows group S-1-5-99")
}

// Where clients have certificates alone, the form offers no group, and a posted one is refused.
func TestNoGroupRuleForCertificates(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	p := u.Admin.Get(u.Endpoint+"/rules/new").WantText("form", "which belong to no group")
	if p.Doc.Find("#access-group[disabled]").Length() != 1 || p.Doc.Find("#group").Length() != 0 {
		t.Error("a group can be chosen")
	}
	u.Admin.Post(u.Endpoint+"/rules/new", url.Values{"destination": {"10.0.0.0/16"}, "access": {"group"}, "group": {"S-1-5-7"}}).
		WantStatus(http.StatusUnprocessableEntity).WantText("#error-summary", "An access group needs an endpoint with user-based authentication.")
}
