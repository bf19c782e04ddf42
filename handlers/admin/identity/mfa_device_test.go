package identity_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

func TestMFADevicePages(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	at := b.Create(created, form(url.Values{"mfa": {"on"}}))
	b.Get(at).WantText("dl", "Users enter the code of an authenticator")
	if b.Get(at+"/edit").Doc.Find("#mfa[checked]").Length() != 1 {
		t.Error("the form to modify the directory does not keep MFA")
	}
	s.Kit.Directory.Put("right", vpn.ProviderUser{Key: "guid-1", Name: "alice@corp.example.com"})
	devices := at + "/mfa"
	webtest.CheckMarkup(t, devices, b.Get(devices).WantText(".empty", "No MFA devices yet"))
	webtest.CheckMarkup(t, devices+"/new", b.Get(devices+"/new"))
	b.Post(devices+"/new", url.Values{"user": {"mallory"}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("user", "no such user")

	device := b.Create(devices+"/new", url.Values{"user": {"ALICE@corp.example.com"}})
	p := b.Get(device).WantText("h1", "MFA device of alice@corp.example.com")
	webtest.CheckMarkup(t, device, p)
	if p.Doc.Find("svg[role=img] path").Length() != 1 {
		t.Error("there is no QR code")
	}
	key := vpn.Secret(strings.ReplaceAll(strings.TrimSpace(p.Doc.Find("dl dd").First().Text()), " ", ""))
	if vpn.TOTP(key, s.Kit.Clock.Now()) == "" {
		t.Fatalf("%q is no key", key.Reveal())
	}
	b.Post(device, url.Values{"code": {"12"}}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("code", "not the code")
	b.Follow(b.Post(device, url.Values{"code": {vpn.TOTP(key, s.Kit.Clock.Now())}})).WantText("[role=status]", "registered")
	if html := b.Get(devices).WantText("td", "Registered").Doc.Text(); strings.Contains(html, key.Reveal()) {
		t.Error("the key is on the list")
	}
	if p := b.Get(device).WantStatus(http.StatusConflict); strings.Contains(p.Doc.Text(), key.Reveal()[:4]) {
		t.Error("the key of a registered device is shown")
	}
	s.Kit.Clock.Pass(30 * time.Second)
	b.Post(at+"/test", url.Values{"user": {"alice@corp.example.com"}, "password": {"right"}, "code": {vpn.TOTP(key, s.Kit.Clock.Now())}}).
		WantStatus(http.StatusOK).WantText("[role=status]", "signs in").WantText("ol", "Check the MFA code")
	b.Get(devices + "?format=csv").WantStatus(http.StatusOK)
	reader := s.SignIn(t, webtest.ReadOnly)
	reader.Get(devices).WantText("td", "alice@corp.example.com")
	reader.Get(device).WantStatus(http.StatusForbidden)
	reader.Post(device+"/reset", nil).WantStatus(http.StatusForbidden)
	b.Get(device+"/reset").WantText("h1", "Reset the MFA device of alice@corp.example.com?")
	b.Follow(b.Post(device+"/reset", nil)).WantText(".empty", "No MFA devices yet")
	if rows := s.Kit.Rows(); strings.Contains(rows, key.Reveal()) {
		t.Error("the database has the key")
	}
}
