package identity_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// An enrolment code is created where the directory asks for it, by who may change, and shown once.
func TestEnrolmentCodePages(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	without := b.Create(created, form(url.Values{"mfa": {"on"}, "name": {"without"}}))
	at := b.Create(created, form(url.Values{"mfa": {"on"}, "enrolment_code": {"on"}}))
	b.Get(at).WantText("dl", "Asked for before an authenticator is set up")
	if b.Get(at+"/edit").Doc.Find("#enrolment_code[checked]").Length() != 1 {
		t.Error("the form to modify the directory does not keep the enrolment code")
	}
	s.Kit.Directory.Put("right", vpn.ProviderUser{Key: "guid-1", Name: "alice@corp.example.com"})
	path := at + "/mfa/enrolment-code"
	if href := b.Get(at + "/mfa").Href("Create enrolment code"); href != path {
		t.Errorf("the button leads to %q", href)
	}
	if b.Get(without+"/mfa").Doc.Find(`a[href$="/enrolment-code"]`).Length() != 0 {
		t.Error("a directory that asks for no enrolment code has the button")
	}
	webtest.CheckMarkup(t, path, b.Get(path+"?user=alice"))
	b.Post(path, url.Values{"user": {"mallory"}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("user", "no such user")
	b.Post(without+"/mfa/enrolment-code", url.Values{"user": {"alice@corp.example.com"}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("user", "asks for no enrolment code")
	p := b.Post(path, url.Values{"user": {"ALICE@corp.example.com"}}).WantStatus(http.StatusOK).WantText("h1", "Enrolment code of alice@corp.example.com")
	webtest.CheckMarkup(t, path, p)
	code := p.Text("main p code")
	if !vpn.IsRecoveryCode(code) { // they have one form
		t.Errorf("the code is %q", code)
	}
	if p.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page may be cached: %s", p.Header.Get("Cache-Control"))
	}
	if rows := s.Kit.Rows() + s.Kit.Log.String(); strings.Contains(rows, code) || strings.Contains(rows, strings.ReplaceAll(code, "-", "")) {
		t.Error("database or log has the code")
	}
	reader := s.SignIn(t, webtest.ReadOnly)
	reader.Get(path).WantStatus(http.StatusForbidden)
	reader.Post(path, url.Values{"user": {"alice@corp.example.com"}}).WantStatus(http.StatusForbidden)
}
