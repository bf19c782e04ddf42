package certificate_test

import (
	"net/url"
	"strings"
	"testing"

	"sallyport/vpn"
	"sallyport/web/webtest"
)

// The pages of revocation: a certificate is revoked on its page, is on the list, and is released; a list is imported, exported and removed; the
// key of an authority is exported and forgotten, and asked for then.
func TestRevocationPages(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	authority := b.Create("/certificates/authority/new", url.Values{"common_name": {"Example CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"200"}})
	client := b.Create("/certificates/issue", url.Values{"use": {"client"}, "authority": {strings.TrimPrefix(authority, "/certificates/")}, "common_name": {"alice"}, "key_type": {"ECDSA P-256"}, "valid_days": {"10"}})
	b.Get(authority+"/revocation-list").WantText("main", "None yet. It is made when the first certificate is revoked.")
	p := b.Get(client+"/revoke").WantText("main", "No client is connected with it").WantText("form", "certificateHold")
	webtest.CheckMarkup(t, "revoke", p)
	b.Post(client+"/revoke", url.Values{"reason": {string(vpn.ReasonHold)}})
	b.Get(client).WantText("h1", "On hold").WantText("main", "Remove from hold")
	list := authority + "/revocation-list"
	p = b.Get(list).WantText("main", "alice").WantText("main", "certificateHold").WantText("main", "89 days to expiry")
	if strings.Contains(p.Text("main"), "Import client certificate CRL") {
		t.Error("a list that is made here and has entries offers an import, which is refused")
	}
	webtest.CheckMarkup(t, "revocation list", p)
	if body := b.Get(list + "/export").Body; !strings.Contains(body, "BEGIN X509 CRL") {
		t.Errorf("exported: %.60q", body)
	}
	b.Get("/certificates?state=revoked").WantText("main", "alice")
	p = b.Get(list+"/import").WantText("main", "Import client certificate CRL")
	webtest.CheckMarkup(t, "import list", p)
	b.Post(list+"/import", url.Values{"crl": {"words"}}).WantText("main", "This is no certificate revocation list")
	key := b.Post(authority+"/export-key", nil).Body
	if p := b.Post(list+"/import", url.Values{"crl": {key}}).WantText("main", "a private key, not a certificate revocation list"); strings.Contains(p.Body, strings.Split(key, "\n")[1]) {
		t.Error("the page gives a private key back")
	}
	long := "-----BEGIN X509 CRL-----\n" + strings.Repeat("MMMM\n", 20000)
	if p := b.Post(list+"/import", url.Values{"crl": {long}}); !strings.Contains(p.Doc.Find("textarea[name=crl]").Text(), "MMMM") {
		t.Error("a long list has to be pasted again")
	}
	b.Post(authority+"/forget-key", url.Values{"private_key": {"words"}}).WantText("main", "PEM")
	b.Post(authority+"/forget-key", url.Values{"private_key": {key}})
	b.Get(authority).WantText("main", "The private key is not stored here")
	b.Get(client+"/revoke").WantText("form", "Private key of Example CA")
	b.Post(client+"/revoke", url.Values{"reason": {string(vpn.ReasonKeyCompromise)}}).WantText("main", "private key")
	b.Post(client+"/revoke", url.Values{"reason": {string(vpn.ReasonKeyCompromise)}, "private_key": {key}})
	b.Get(client).WantText("h1", "Revoked")
	p = b.Get(list+"/sign").WantText("main", "Sign the list")
	webtest.CheckMarkup(t, "sign list", p)
}
