package certificate_test

import (
	"net/http"
	"net/url"
	"testing"

	"sallyport/web/webtest"
)

// A certificate gets another name by a form of its own.
func TestRename(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	u.Admin.Get(u.Client).WantText(".page-header a, header a, main a", "Rename")
	p := u.Admin.Get(u.Client+"/rename").WantValue("name", "alice")
	webtest.CheckMarkup(t, u.Client+"/rename", p)
	old := p.FormValues("form.form-card")
	u.Admin.Follow(u.Admin.Post(u.Client+"/rename", url.Values{"was": {"alice"}, "name": {"alice laptop"}})).WantText("h1", "alice laptop").WantText("[role=status]", "is called alice laptop now")
	old.Set("name", "bob")
	p = u.Admin.Post(u.Client+"/rename", old).WantStatus(http.StatusConflict).WantText("#name-error", "Another administrator saved: “alice laptop”.").WantValue("name", "bob")
	u.Admin.Follow(u.Admin.Post(u.Client+"/rename", p.FormValues("form.form-card"))).WantText("h1", "bob")
	u.Admin.Post(u.Client+"/rename", url.Values{"was": {"bob"}, "name": {"<b>"}}).WantRefusedField("name", "is not allowed")
}
