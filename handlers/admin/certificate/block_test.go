package certificate_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sallyport/web/webtest"
)

// A client certificate is blocked on its page and unblocked from the list.
func TestBlockPages(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	authority := b.Create("/certificates/authority/new", url.Values{"common_name": {"Example CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"20"}})
	client := b.Create("/certificates/issue", url.Values{
		"use": {"client"}, "authority": {path.Base(authority)}, "common_name": {"alice"}, "key_type": {"ECDSA P-256"}, "valid_days": {"10"},
	})
	b.Get("/certificates/blocked").WantText(".empty", "No certificate is blocked")
	webtest.CheckMarkup(t, "block", b.Get(client+"/block").WantText("h1", "Block the certificate of alice?").WantText("form", "No client is connected with it"))
	b.Create(client+"/block", nil)
	b.Get(client).WantText("h1", "Blocked").WantText("dl", "by "+webtest.Administrator).WantText("main", "Unblock certificate")
	b.Get("/certificates?use=client").WantText("table", "Blocked")
	for state, want := range map[string]bool{"blocked": true, "valid": false, "expires+soon": false, "expired": false} {
		if got := strings.Contains(b.Get("/certificates?use=client&state="+state).Text("tbody"), "alice"); got != want {
			t.Errorf("the state %s shows the blocked certificate: %t", state, got)
		}
	}
	if got := b.Get("/certificates?use=client&state=blocked&format=csv").Body; !strings.Contains(got, ",State") || !strings.Contains(got, ",blocked") {
		t.Errorf("the exported file is %q", got)
	}
	b.Post(client+"/block", nil).WantStatus(http.StatusUnprocessableEntity).WantText("[role=alert]", "blocked already")
	list := b.Get("/certificates/blocked").WantText("table", "alice")
	webtest.CheckMarkup(t, "blocked", list)
	s.SignIn(t, webtest.ReadOnly).Get("/certificates/blocked").WantText("table", "alice")
	b.Get(authority + "/block").WantStatus(http.StatusConflict)
	unblock, _ := list.Doc.Find("table a[href$='/unblock']").Attr("href")
	webtest.CheckMarkup(t, "unblock", b.Get(unblock).WantText("h1", "Unblock the certificate of alice?"))
	b.Create(unblock, nil)
	b.Get(client).WantText("main", "Block certificate")

	// Several blocks are taken back together.
	other := b.Create("/certificates/issue", url.Values{
		"use": {"client"}, "authority": {path.Base(authority)}, "common_name": {"bob"}, "key_type": {"ECDSA P-256"}, "valid_days": {"10"},
	})
	b.Create(client+"/block", nil)
	b.Create(other+"/block", nil)
	var chosen url.Values = map[string][]string{"id": {"nothing-such"}}
	b.Get("/certificates/blocked").Doc.Find("input[name=id]").Each(func(_ int, e *goquery.Selection) { chosen.Add("id", e.AttrOr("value", "")) })
	p := b.Get("/certificates/blocked/unblock?"+chosen.Encode()).WantText("h1", "Unblock 2 certificates?").WantText("li", "alice (serial number").WantText("li", "bob (")
	webtest.CheckMarkup(t, "unblock several", p)
	s.SignIn(t, webtest.ReadOnly).Post("/certificates/blocked/unblock", chosen).WantStatus(http.StatusForbidden)
	b.Get(other).WantText("h1", "Blocked")
	b.Post("/certificates/blocked/unblock", chosen).WantStatus(http.StatusUnprocessableEntity).WantText(".alert-success", "2 certificates unblocked.").WantText(".alert-warning", "1 row stayed").WantText("li", "nothing-such")
	b.Get("/certificates/blocked").WantText(".empty", "No certificate is blocked")
	b.Get(other).WantText("main", "Block certificate")
}
