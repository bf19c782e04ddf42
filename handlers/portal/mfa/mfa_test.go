package mfa_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/control/controltest"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

const password vpn.Secret = "right-password"

type site struct {
	*controltest.Site
	base string
	d    vpn.Directory
}

// newSite is an endpoint with the self-service portal, whose directory asks for codes and has alice and bob.
func newSite(t *testing.T, enrolmentCode bool) *site {
	t.Helper()
	s := &site{Site: controltest.NewSite(t)}
	spec := controltest.DirectorySpec()
	spec.MFA, spec.EnrolmentCode = true, enrolmentCode
	s.d = s.AskAnswers(spec, false)
	for _, name := range []string{"alice", "bob"} {
		s.Directory.Put(password, vpn.ProviderUser{Key: "key-" + name, Name: name})
	}
	s.SetPortal(true)
	s.base = webtest.NewPublic(t, s.Kit)
	return s
}

// signIn is a browser after the sign-in of a user with a code, and the page that it is led to.
func (s *site) signIn(name string, form url.Values) (*webtest.Browser, webtest.Page) {
	s.T.Helper()
	b := webtest.NewBrowser(s.T, s.base)
	door := s.Endpoint.ID.PortalPath()
	b.Get(door).WantStatus(http.StatusOK)
	form.Set("username", name)
	form.Set("password", password.Reveal())
	p := b.Follow(b.Post(door+"/sign-in", form).WantStatus(http.StatusSeeOther))
	if p.Status == http.StatusSeeOther {
		p = b.Follow(p)
	}
	return b, p
}

func keyOn(p webtest.Page) vpn.Secret {
	return vpn.Secret(strings.ReplaceAll(strings.TrimSpace(p.Doc.Find("code.whole").Text()), " ", ""))
}

func (s *site) code(key vpn.Secret) url.Values {
	return url.Values{"code": {vpn.TOTP(key, s.Clock.Now())}}
}

// The way of a user without an authenticator: password, QR code, first code, recovery codes, the portal. No page of it may be
// kept by a browser, and no address has a secret.
func TestEnrolment(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	b, p := s.signIn("alice", url.Values{})
	p.WantStatus(http.StatusOK).WantText("h1", "Multi-factor authentication").WantText("main", "good until")
	webtest.CheckMarkup(t, "QR code", p)
	key := keyOn(p)
	if vpn.TOTP(key, s.Clock.Now()) == "" || p.Doc.Find("svg[role=img] path").Length() != 1 || p.Doc.Find("nav").Length() != 0 {
		t.Fatalf("no key, no QR code or a menu: %s", p.Text("body"))
	}
	if again := b.Get("/portal/mfa"); keyOn(again) != key {
		t.Error("the page that is loaded again has another key")
	}
	b.Post("/portal/mfa/confirm", url.Values{"code": {"000000"}}).WantStatus(http.StatusUnprocessableEntity).WantText("#code-error", "not the code")
	done := b.Post("/portal/mfa/confirm", s.code(key)).WantStatus(http.StatusOK).WantText("h1", "Your recovery codes")
	webtest.CheckMarkup(t, "recovery codes", done)
	cookie := done.Header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Host-sallyport-portal=") || !strings.Contains(cookie, "HttpOnly") {
		t.Errorf("the cookie is %q", cookie)
	}
	var codes []string
	for _, n := range done.Doc.Find("ol code").Nodes {
		codes = append(codes, n.FirstChild.Data)
	}
	if len(codes) != vpn.RecoveryCodes {
		t.Fatalf("recovery codes: %v", codes)
	}
	for _, page := range []webtest.Page{p, done} {
		if page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("the page may be cached: %s", page.Header.Get("Cache-Control"))
		}
	}
	file := b.Post("/portal/mfa/recovery-codes/file", done.FormValues(`form[action$="/file"]`)).WantStatus(http.StatusOK)
	for _, code := range codes {
		if !strings.Contains(file.Body, code+"\r\n") {
			t.Errorf("the file lacks %s", code)
		}
	}
	if h := file.Header; h.Get("Content-Type") != "text/plain; charset=utf-8" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("Cache-Control") != "no-store" {
		t.Errorf("the file has %v", h)
	}
	for _, odd := range []url.Values{{}, {"codes": {"<script>"}}, {"codes": {codes[0], "x"}}} {
		b.Post("/portal/mfa/recovery-codes/file", odd).WantStatus(http.StatusSeeOther)
	}
	p = b.Get("/portal/mfa").WantStatus(http.StatusOK).WantText("main", "10 of 10").WantText("main", "by you")
	webtest.CheckMarkup(t, "/portal/mfa", p)
	if strings.Contains(p.Body, codes[0]) || strings.Contains(p.Body, key.Reveal()) {
		t.Error("the page shows a secret again")
	}
	b.Post("/portal/mfa/confirm", s.code(key)).WantStatus(http.StatusConflict).WantText("[role=alert]", "begin again")
	b.Get("/portal").WantStatus(http.StatusOK).WantText("nav", "MFA")
	if log := s.Log.String(); strings.Contains(log, key.Reveal()) || strings.Contains(log, codes[0]) {
		t.Error("the log has a secret")
	}

	// A new set of recovery codes, and another authenticator.
	s.Clock.Pass(time.Minute)
	webtest.CheckMarkup(t, "new codes", b.Get("/portal/mfa/recovery-codes").WantStatus(http.StatusOK))
	b.Post("/portal/mfa/recovery-codes", url.Values{"code": {"1"}}).WantStatus(http.StatusUnprocessableEntity).WantText("#code-error", "not the code")
	b.Post("/portal/mfa/recovery-codes", s.code(key)).WantStatus(http.StatusOK).WantText("h1", "Your recovery codes")
	s.Clock.Pass(time.Minute)
	webtest.CheckMarkup(t, "new authenticator", b.Get("/portal/mfa/new").WantStatus(http.StatusOK))
	b.Post("/portal/mfa/new", url.Values{"recovery": {codes[1]}}).WantStatus(http.StatusUnprocessableEntity).WantText("#code-error", "neither")
	s.Clock.Pass(time.Minute)
	p = b.Follow(b.Post("/portal/mfa/new", s.code(key)).WantStatus(http.StatusSeeOther)).WantText("main", "counts until the new one is confirmed")
	if next := keyOn(p); next == key || next == "" {
		t.Error("the key of the present authenticator is shown, or none")
	}
	p = b.Follow(b.Post("/portal/mfa/cancel", nil)).WantText("[role=status]", "Nothing was changed")
	if keyOn(p) != "" {
		t.Error("the key is shown after it was cancelled")
	}
}

// By a recovery code a user reaches the set-up of another authenticator. Few recovery codes are a warning.
func TestRecovery(t *testing.T) {
	t.Parallel()
	s := newSite(t, false)
	b, p := s.signIn("alice", url.Values{})
	done := b.Post("/portal/mfa/confirm", s.code(keyOn(p)))
	code := done.Doc.Find("ol code").First().Text()
	r, p := s.signIn("alice", url.Values{"recovery": {strings.ToLower(code)}})
	p.WantText("h1", "Multi-factor authentication").WantText("main", "counts until the new one is confirmed")
	r.Get("/portal").WantStatus(http.StatusSeeOther)
	r.Post("/portal/mfa/confirm", s.code(keyOn(p))).WantStatus(http.StatusOK)
	if to := b.Get("/portal").Header.Get("Location"); !strings.HasPrefix(to, "/find") {
		t.Errorf("the session in the other browser goes on: %q", to)
	}
	s.Exec("UPDATE recovery_code SET used_at = created_at WHERE digest IN (SELECT digest FROM recovery_code LIMIT 8)")
	webtest.CheckMarkup(t, "few codes", r.Get("/portal/mfa").WantText(".warn", "few recovery codes").WantText("main", "2 of 10"))
}

// Where the directory asks for it, the QR code comes after an enrolment code.
func TestEnrolmentCode(t *testing.T) {
	t.Parallel()
	s := newSite(t, true)
	_, code, err := s.Identity.CreateEnrolmentCode(t.Context(), s.Admin, s.d.ID, "alice")
	s.Must(err)
	b, p := s.signIn("alice", url.Values{})
	webtest.CheckMarkup(t, "enrolment code", p.WantText("label", "Enrolment code"))
	if p.Doc.Find("svg[role=img]").Length() != 0 {
		t.Error("the QR code is shown")
	}
	b.Post("/portal/mfa/new", url.Values{"code": {"AAAA-AAAA-AAAA"}}).WantStatus(http.StatusUnprocessableEntity).WantText("#code-error", "This enrolment code is wrong")
	p = b.Follow(b.Post("/portal/mfa/new", url.Values{"code": {code.Reveal()}}).WantStatus(http.StatusSeeOther))
	b.Post("/portal/mfa/confirm", s.code(keyOn(p))).WantStatus(http.StatusOK).WantText("h1", "Your recovery codes")
}
