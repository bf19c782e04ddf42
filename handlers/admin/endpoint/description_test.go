package endpoint_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// Each row of the rules and of the route table leads to a form for its description.
func TestModifyDescriptions(t *testing.T) {
	t.Parallel()
	u := webtest.NewReadyEndpoint(t)
	for _, c := range []struct{ list, row, title, fact, done string }{
		{"/rules", "10.0.0.0/16", "Modify authorization rule for 10.0.0.0/16", "all users", "Authorization rule for 10.0.0.0/16 modified."},
		{"/routes", "10.1.0.0/16", "Modify route to 10.1.0.0/16", "office-a (subnet-", "Route to 10.1.0.0/16 modified."},
	} {
		link := u.Admin.Get(u.Endpoint + c.list).Row(c.row).Doc.Find("a[href$='/edit']")
		path, _ := link.Attr("href")
		if label := link.AttrOr("aria-label", ""); !strings.HasPrefix(label, "Modify") || !strings.Contains(label, c.row) {
			t.Errorf("the link of %s is called %q", c.list, label)
		}
		p := u.Admin.Get(path).WantStatus(http.StatusOK).WantText("h1", c.title).WantText("form", c.fact)
		webtest.CheckMarkup(t, path, p)
		old := p.FormValues("form.form-card")
		form := url.Values{"was": old["was"], "description": {"for the auditors"}}
		u.Admin.Follow(u.Admin.Post(path, form)).WantText("[role=status]", c.done).Row("for the auditors").WantText("td", c.row)

		old.Set("description", "mine")
		p = u.Admin.Post(path, old).WantStatus(http.StatusConflict).WantText("#description-error", "Another administrator saved: “for the auditors”.").WantValue("description", "mine")
		webtest.CheckMarkup(t, path, p)
		u.Admin.Follow(u.Admin.Post(path, p.FormValues("form.form-card"))).Row("mine")
		u.Admin.Post(path, url.Values{"was": {"mine"}, "description": {"a\tb"}}).WantRefusedField("description", "one line of printable text")
		if reader := u.SignIn(t, webtest.ReadOnly); reader.Get(u.Endpoint+c.list).Doc.Find("a[href$='/edit']").Length() != 0 {
			t.Errorf("%s: a read-only account is led to the form", c.list)
		}
	}
}
