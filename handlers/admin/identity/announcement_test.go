package identity_test

import (
	"net/http"
	"net/url"
	"path"
	"testing"

	"sallyport/web/webtest"
)

// Multi-factor authentication is announced where files of an endpoint stop working by it, on a page that carries no
// password; other changes are saved at once.
func TestMFAIsAnnounced(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	directory := u.Admin.Create(created, form(nil))
	staff := u.EndpointForm("staff", "10.40.0.0/22", "1194")
	staff.Set("user_based", "on")
	staff.Set("directory", path.Base(directory))
	endpoint := u.Admin.Create("/endpoints/new", staff)
	u.Admin.Post(endpoint+"/configuration/download", nil).WantStatus(http.StatusOK)

	edit := func(more url.Values) url.Values {
		v := u.Admin.Get(directory + "/edit").FormValues("form.form-card")
		for name, value := range more {
			v[name] = value
		}
		return v
	}
	u.Admin.Create(directory+"/edit", edit(url.Values{"name": {"company"}}))
	before := u.Digest(t)
	u.Admin.Post(directory+"/edit", edit(url.Values{"mfa": {"on"}, "bind_password": {"n3w"}})).WantStatus(http.StatusUnprocessableEntity).
		WantRefusedField("bind_password", "is changed on its own")
	p := u.Admin.Post(directory+"/edit", edit(url.Values{"mfa": {"on"}})).WantStatus(http.StatusOK).WantText("h2", "What this change does").
		WantText(".announcement", "1 configuration file that was downloaded stops working. Users cannot connect until they have a new file.").
		WantText("main", "Multi-factor authentication")
	webtest.CheckMarkup(t, directory+"/edit", p)
	answer := p.FormValues("form.announcement")
	u.Admin.Post(directory+"/edit", answer).WantStatus(http.StatusUnprocessableEntity).WantText("#confirm-error", "Type the word replace")
	answer.Set("announced", "next")
	answer.Set("confirm", "replace")
	u.Admin.Post(directory+"/edit", answer).WantStatus(http.StatusConflict)
	if u.Digest(t) != before {
		t.Error("the announcement saved the change")
	}
	answer.Set("announced", "files")
	u.Admin.Create(directory+"/edit", answer)
	u.Admin.Get(endpoint).WantText("dl", "Users also enter a code of an authenticator.")
	u.Admin.Get(endpoint+"/configuration").WantText("main", "The client asks for a code").WantText("main", "1 of other settings no longer works.")
}
