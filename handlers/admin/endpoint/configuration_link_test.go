package endpoint_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// A one-time link is made on the page of the configuration file, shown once with its QR code, listed, and withdrawn.
func TestConfigurationLinkPages(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	at := u.Endpoint + "/configuration"
	p := u.Admin.Get(at).WantText("h2", "Hand over by a one-time link")
	webtest.CheckMarkup(t, at, p)
	if first := p.Doc.Find("main form button[type=submit], main form button.btn").First(); !first.HasClass("btn-primary") || !strings.Contains(first.Text(), "with certificate and key") {
		t.Errorf("the first file is %q, not the complete one", first.Text())
	}
	refused := u.Admin.Post(at+"/links", url.Values{"hours": {"24"}}).WantStatus(http.StatusUnprocessableEntity)
	refused.WantText("main", "Choose the client certificate that the file has.")
	made := u.Admin.Post(at+"/links", url.Values{"client": {path.Base(u.Client)}, "hours": {"24"}}).WantStatus(http.StatusOK).WantText("h1", "One-time link").WantText("dl", "/file/")
	webtest.CheckMarkup(t, "made", made)
	if made.Doc.Find("svg[aria-label='QR code of the one-time link']").Length() != 1 {
		t.Error("no QR code")
	}
	link := made.Doc.Find("dl code").Text()
	p = u.Admin.Get(at).WantText("table", "alice").WantText("table", "Open")
	if link == "" || strings.Contains(p.Body, link) {
		t.Error("the address is shown again")
	}
	withdraw, _ := p.Doc.Find("form[action$='/withdraw']").Attr("action")
	if u.SignIn(t, webtest.ReadOnly).Get(at).Doc.Find("form[action$='/withdraw'], #link").Length() != 0 {
		t.Error("a read-only account is offered what it may not do")
	}
	u.Admin.Follow(u.Admin.Post(withdraw, nil)).WantText("main", "The one-time link opens nothing any more.").WantText("table", "Withdrawn")
}
