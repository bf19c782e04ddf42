package web_test

import (
	"encoding/pem"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"sallyport/store"
	"sallyport/vpn"
)

func TestCertificatesOfOurOwn(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	b.get("/certificates").wantText(".empty", "Create a certificate authority first")
	b.get("/certificates/issue").wantText("main", "There is no certificate authority yet")
	authority := b.make("/certificates/authority/new", url.Values{"common_name": {"Example CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"20"}})
	b.get(authority).wantText("h1", "Expires soon").wantText("main", "cannot be downloaded")

	form := b.get("/certificates/issue?use=client&authority=" + path.Base(authority))
	form.wantValue("authority", path.Base(authority))
	client := b.make("/certificates/issue", url.Values{
		"use": {"client"}, "authority": {path.Base(authority)}, "common_name": {"alice"}, "key_type": {"RSA 2048"}, "valid_days": {"10"},
	})
	p := b.get(client).wantText("dl", "RSA 2048").wantText("dl", "SHA-256 fingerprint")
	checkMarkup(t, "certificate", p)

	// A common name that people have is taken; the name that was left empty is made of it.
	brien := b.make("/certificates/issue", url.Values{
		"use": {"client"}, "authority": {path.Base(authority)}, "common_name": {"O'Brien (2nd floor)"}, "key_type": {"ECDSA P-256"}, "valid_days": {"10"},
	})
	b.get(brien).wantText("h1", "OBrien 2nd floor").wantText("dl", "O'Brien (2nd floor)")
	b.make(brien+"/delete", nil)
	b.post("/certificates/issue", url.Values{
		"use": {"client"}, "authority": {path.Base(authority)}, "common_name": {strings.Repeat("ж", 33)}, "key_type": {"ECDSA P-256"}, "valid_days": {"10"},
	}).wantStatus(http.StatusUnprocessableEntity).wantRefusedField("common_name", "has 66 bytes in UTF-8; OpenVPN accepts at most 64 bytes")

	plain := b.get(client + "/download").wantStatus(http.StatusOK)
	if got := strings.Count(plain.body, "BEGIN CERTIFICATE"); got != 2 || strings.Contains(plain.body, "PRIVATE KEY") {
		t.Errorf("the download has %d certificates, want the certificate and its chain without any key", got)
	}
	key := b.post(client+"/key", nil).wantStatus(http.StatusOK)
	if !strings.Contains(key.body, "PRIVATE KEY") || !strings.Contains(key.body, "BEGIN CERTIFICATE") ||
		key.header.Get("Content-Disposition") != "attachment; filename=alice.pem" || key.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %q %q, want an attachment alice.pem with certificate and key, not stored", key.header, key.body)
	}
	again := b.post(client+"/key", nil).wantStatus(http.StatusConflict).wantText("[role=alert]", "only once")
	if strings.Contains(again.body, "PRIVATE KEY--") {
		t.Error("the key was given out twice")
	}
	b.get(client).wantText("main", "was downloaded")
	b.post(authority+"/key", nil).wantStatus(http.StatusConflict).wantText("[role=alert]", "Only the keys of client certificates")

	b.get("/certificates?use=client").row("alice").wantText("td", "Client")
	if got := b.get("/certificates?use=client").text("tbody"); strings.Contains(got, "Example CA") {
		t.Errorf("the filter for clients shows %q", got)
	}
	b.get("/certificates").row("Certificate authority").wantText("td", "issued 1 certificate")
	p = b.get(authority+"/delete").wantText(".alert", "while certificates that it issued")
	wantNoButton(t, p)
	issued, _ := p.doc.Find("main dl a, main a:contains('1 certificate')").First().Attr("href")
	if got := b.get(issued).row("alice").text("td"); strings.Contains(b.get(issued).text("tbody"), "Example CA") {
		t.Errorf("the list of what the authority issued is %q", got)
	}
	checkMarkup(t, "issued by an authority", b.get(issued).wantText("main p", "Only certificates issued by Example CA"))
	b.get("/certificates?authority=cert-none").wantStatus(http.StatusNotFound)
	wantButton(t, b.get(client+"/delete").wantText("main", "its private key, permanently"), "Delete")
	b.post(authority+"/delete", nil).wantStatus(http.StatusUnprocessableEntity).wantText("[role=alert]", "issued 1 certificate")
	b.make(client+"/delete", nil)
	b.make(authority+"/delete", nil)
}

func TestReadOnlyAccountsGetNoKeys(t *testing.T) {
	t.Parallel()
	u := began(t)
	r := u.as(t, reader)
	if p := r.get(u.client).wantText("main", "An administrator can download it"); p.doc.Find("main form").Length() != 0 {
		t.Error("a read-only account is offered a form")
	}
	r.post(u.client+"/key", nil).wantStatus(http.StatusForbidden)
	r.post(u.endpoint+"/configuration", url.Values{"client": {path.Base(u.client)}}).wantStatus(http.StatusForbidden)
	r.get(u.endpoint + "/configuration/download").wantStatus(http.StatusOK)
	for _, tab := range []string{"", "/associations", "/rules", "/routes", "/connections", "/tags"} {
		p := r.get(u.endpoint + tab).wantStatus(http.StatusOK)
		if got := p.text("main button, main a.btn"); strings.Contains(got, "Delete") || strings.Contains(got, "Add") || strings.Contains(got, "Save") {
			t.Errorf("%s offers a read-only account %q", tab, got)
		}
		checkMarkup(t, tab, p)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	s := staffed(t)
	b := s.as(t, boss)
	maker := newTestPair(t)
	before := s.digest(t)
	for _, c := range []struct{ field, value, want string }{
		{"use", "", "Choose what the certificate is for"},
		{"certificate", "this is no PEM", "PEM"},
		{"certificate", "", ""},
		{"private_key", "<script>alert(1)</script>", ""},
		{"private_key", maker.other, ""},
		{"chain", "neither is this", "PEM"},
		{"name", "two\nlines", "a line break"},
	} {
		v := url.Values{"use": {"server"}, "name": {"imported"}, "certificate": {maker.certificate}, "private_key": {maker.key}, "chain": {maker.chain}}
		v.Set(c.field, c.value)
		p := b.post("/certificates/import", v).wantStatus(http.StatusUnprocessableEntity).wantRefusedField(c.field, c.want)
		want := map[string]string{"use": v.Get("use"), "name": v.Get("name"), "certificate": v.Get("certificate"), "private_key": "", "chain": v.Get("chain")}
		for field, value := range want {
			if got := strings.TrimSpace(strings.ReplaceAll(p.value(field), "\r", "")); got != strings.TrimSpace(value) {
				t.Errorf("%s refused: %s holds %.60q, want %.60q", c.field, field, got, value)
			}
		}
		if strings.Contains(p.body, "END PRIVATE KEY") {
			t.Errorf("%s refused: the private key is given back", c.field)
		}
		p.wantText("#private_key-help", "Paste the private key again")
	}
	// A key in another box is not given back either.
	p := b.post("/certificates/import", url.Values{
		"use": {"server"}, "name": {maker.key}, "certificate": {maker.certificate + maker.key}, "private_key": {""}, "chain": {maker.key},
	}).wantStatus(http.StatusUnprocessableEntity)
	if got := p.value("certificate"); strings.Contains(p.body, "END PRIVATE KEY") || !strings.Contains(got, "END CERTIFICATE") {
		t.Errorf("a private key in another box: the form holds %.60q", got)
	}
	if after := s.digest(t); after != before {
		t.Errorf("refused imports changed something: %s", after)
	}
	imported := b.make("/certificates/import", url.Values{
		"use": {"server"}, "certificate": {maker.certificate}, "private_key": {maker.key}, "chain": {maker.chain},
	})
	b.get(imported).wantText("h1", "imported.example.test").wantText("main", "cannot be downloaded")
	b.make("/certificates/import", url.Values{ // once more, as with a renewed chain
		"use": {"server"}, "certificate": {maker.certificate}, "private_key": {maker.key}, "chain": {maker.chain},
	})
	twin, key := maker.twin(t)
	b.post("/certificates/import", url.Values{"use": {"server"}, "certificate": {twin}, "private_key": {key}, "chain": {maker.chain}}).
		wantStatus(http.StatusUnprocessableEntity).wantRefusedField("certificate", "twice: imported.example.test")
	if strings.Contains(s.kit.Log.String(), "PRIVATE KEY") {
		t.Error("a private key is in the log")
	}
}

// A server certificate from a public authority that would vouch for the clients as well is
// refused beside the field that brings it along.
func TestPublicAuthorityBesideItsField(t *testing.T) {
	t.Parallel()
	u := began(t)
	var public string
	for root := range bundle.Roots() {
		public = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		break
	}
	cert := vpn.Certificate{ID: vpn.NewCertificateID(), Name: "web", Use: vpn.UseServer, CommonName: "web", PEM: public, Chain: public, HasKey: true, NotAfter: time.Now().Add(time.Hour)}
	v := u.endpointForm("own", "10.40.0.0/22", "1300")
	v.Set("client_ca", "")
	own := u.b.make("/endpoints/new", v)
	u.b.get("/endpoints/new").wantValue("certificate", v.Get("certificate")) // the only one there is
	u.update(t, func(tx *store.Tx) error { return tx.CreateCertificate(t.Context(), cert, "key") })
	p := u.b.get("/endpoints/new")
	if p.doc.Find("#certificate option[selected][value]").Length() != 0 && p.value("certificate") != "" {
		t.Error("one of two server certificates is chosen already")
	}
	v = u.endpointForm("new", "10.44.0.0/22", "1301")
	v.Set("certificate", string(cert.ID))
	v.Set("client_ca", "")
	u.b.post("/endpoints/new", v).wantStatus(http.StatusUnprocessableEntity).wantRefusedField("client_ca", "everybody with one could connect")
	edit := u.b.get(own + "/edit")
	u.b.post(own+"/edit", url.Values{"version": {edit.value("version")}, "name": {"own"}, "certificate": {string(cert.ID)}, "port": {"1300"}}).
		wantStatus(http.StatusUnprocessableEntity).wantRefusedField("certificate", "everybody with one could connect")
	u.b.post("/certificates/import", url.Values{"use": {"authority"}, "certificate": {public}}).
		wantStatus(http.StatusUnprocessableEntity).wantRefusedField("certificate", "is a public authority")
}
