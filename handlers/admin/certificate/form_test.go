package certificate_test

import (
	"net/http"
	"net/url"
	"path"
	"testing"
	"time"

	"sallyport/store"
	"sallyport/vpn"
	"sallyport/web/webtest"
)

// The forms about certificates have sections, and their defaults are filled in.
func TestSectionsOfTheCertificateForms(t *testing.T) {
	t.Parallel()
	b := webtest.NewWithAccounts(t).SignIn(t, webtest.Administrator)
	for form, want := range map[string]struct{ sections, days string }{
		"/certificates/authority/new":    {"NameKey and validity", "3650"},
		"/certificates/issue":            {"DetailsNameKey and validity", "825"},
		"/certificates/issue?use=client": {"DetailsNameKey and validity", "365"},
		"/certificates/import":           {"DetailsPEMName", ""},
	} {
		p := b.Get(form).WantText(".form-section-title", want.sections)
		webtest.CheckMarkup(t, form, p)
		if want.days != "" {
			p.WantValue("valid_days", want.days)
		}
	}
}

// A proposed validity follows the use, also without scripts; a typed one is kept, also when the form is refused.
func TestValidityFollowsTheUse(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	authority := b.Create("/certificates/authority/new", url.Values{"common_name": {"Example CA"}, "key_type": {"ECDSA P-256"}})
	for _, c := range []struct {
		use, typed string
		want       int
	}{{"client", "825", 365}, {"server", "825", 825}, {"client", "10", 10}, {"client", "", 365}} {
		form := b.Get("/certificates/issue").FormValues("form.form-card")
		form.Set("use", c.use)
		form.Set("valid_days", c.typed)
		form.Set("common_name", "")
		refused := b.Post("/certificates/issue", form).WantStatus(http.StatusUnprocessableEntity).WantValue("use", c.use)
		form = refused.FormValues("form.form-card")
		form.Set("common_name", "holder")
		made := path.Base(b.Create("/certificates/issue", form))
		var stored vpn.Certificate
		s.Update(t, func(tx *store.Tx) (err error) {
			stored, err = tx.Certificate(t.Context(), vpn.CertificateID(made))
			return err
		})
		if days := int(time.Until(stored.NotAfter).Hours()/24 + 0.5); days != c.want || string(stored.Authority) != path.Base(authority) {
			t.Errorf("%s with %q: valid for %d days of %s, want %d", c.use, c.typed, days, stored.Authority, c.want)
		}
	}
}

// The private key is needed for a server certificate and optional for the others; the form says so, and that an
// authority needs no chain.
func TestImportFollowsTheUse(t *testing.T) {
	t.Parallel()
	b := webtest.NewWithAccounts(t).SignIn(t, webtest.Administrator)
	optional := func(p webtest.Page, field string) bool {
		return p.Doc.Find("label[for="+field+"] .optional:not([hidden])").Length() == 1
	}
	p := b.Get("/certificates/import").WantText("#private_key-help", "A server certificate needs it, the others do not")
	if optional(p, "private_key") || optional(p, "certificate") || !optional(p, "name") {
		t.Error("before a use is chosen, the private key is called optional")
	}
	if shown := p.Doc.Find("[data-follows=use][data-shown='server client'] #chain").Length(); shown != 1 {
		t.Error("the chain does not follow the use")
	}
	for use, want := range map[string]bool{"server": false, "authority": true, "client": true} {
		p := b.Post("/certificates/import", url.Values{"use": {use}, "name": {"kept"}}).WantStatus(http.StatusUnprocessableEntity).
			WantValue("use", use).WantValue("name", "kept")
		if got := optional(p, "private_key"); got != want || p.Doc.Find("#private_key[required]").Length() == 1 == want {
			t.Errorf("%s: the private key is optional: %v, want %v", use, got, want)
		}
	}
}
