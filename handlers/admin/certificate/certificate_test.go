package certificate_test

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
	"sallyport/web/webtest"
)

func TestCertificatesOfOurOwn(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	b.Get("/certificates").WantText(".empty", "Create a certificate authority first")
	b.Get("/certificates/issue").WantText("main", "There is no certificate authority that can issue")
	authority := b.Create("/certificates/authority/new", url.Values{"common_name": {"Example CA"}, "key_type": {"ECDSA P-256"}, "valid_days": {"20"}})
	b.Get(authority).WantText("h1", "Expires soon").WantText("main", "It can be exported, and forgotten here")

	form := b.Get("/certificates/issue?use=client&authority=" + path.Base(authority))
	form.WantValue("authority", path.Base(authority))
	client := b.Create("/certificates/issue", url.Values{
		"use": {"client"}, "authority": {path.Base(authority)}, "common_name": {"alice"}, "key_type": {"RSA 2048"}, "valid_days": {"10"},
	})
	p := b.Get(client).WantText("dl", "RSA 2048").WantText("dl", "SHA-256 fingerprint")
	webtest.CheckMarkup(t, "certificate", p)

	// A common name with accents is accepted; the name that was left empty is made of it.
	brien := b.Create("/certificates/issue", url.Values{
		"use": {"client"}, "authority": {path.Base(authority)}, "common_name": {"O'Brien (2nd floor)"}, "key_type": {"ECDSA P-256"}, "valid_days": {"10"},
	})
	b.Get(brien).WantText("h1", "OBrien 2nd floor").WantText("dl", "O'Brien (2nd floor)")
	b.Create(brien+"/delete", nil)
	b.Post("/certificates/issue", url.Values{
		"use": {"client"}, "authority": {path.Base(authority)}, "common_name": {strings.Repeat("ж", 33)}, "key_type": {"ECDSA P-256"}, "valid_days": {"10"},
	}).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("common_name", "has 66 bytes in UTF-8; OpenVPN accepts at most 64 bytes")

	plain := b.Get(client + "/download").WantStatus(http.StatusOK)
	if got := strings.Count(plain.Body, "BEGIN CERTIFICATE"); got != 2 || strings.Contains(plain.Body, "PRIVATE KEY") {
		t.Errorf("the download has %d certificates, want the certificate and its chain without any key", got)
	}
	key := b.Post(client+"/key", nil).WantStatus(http.StatusOK)
	if !strings.Contains(key.Body, "PRIVATE KEY") || !strings.Contains(key.Body, "BEGIN CERTIFICATE") ||
		key.Header.Get("Content-Disposition") != "attachment; filename=alice.pem" || key.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %q %q, want an attachment alice.pem with certificate and key, not stored", key.Header, key.Body)
	}
	again := b.Post(client+"/key", nil).WantStatus(http.StatusConflict).WantText("[role=alert]", "only once")
	if strings.Contains(again.Body, "PRIVATE KEY--") {
		t.Error("the key was given out twice")
	}
	b.Get(client).WantText("main", "was downloaded")
	b.Post(authority+"/key", nil).WantStatus(http.StatusConflict).WantText("[role=alert]", "Only the private keys of client certificates")

	b.Get("/certificates?use=client").Row("alice").WantText("td", "Client")
	if got := b.Get("/certificates?use=client").Text("tbody"); strings.Contains(got, "Example CA") {
		t.Errorf("the filter for clients shows %q", got)
	}
	b.Get("/certificates").Row("Certificate authority").WantText("td", "Issued 1 certificate")
	p = b.Get(authority+"/delete").WantText(".alert", "while certificates that it issued")
	webtest.WantNoButton(t, p)
	issued, _ := p.Doc.Find("main dl a, main a:contains('1 certificate')").First().Attr("href")
	if got := b.Get(issued).Row("alice").Text("td"); strings.Contains(b.Get(issued).Text("tbody"), "Example CA") {
		t.Errorf("the list of what the authority issued is %q", got)
	}
	webtest.CheckMarkup(t, "issued by an authority", b.Get(issued).WantText("main p", "Only certificates issued by Example CA"))
	b.Get("/certificates?authority=cert-none").WantStatus(http.StatusNotFound)
	webtest.WantButton(t, b.Get(client+"/delete").WantText("main", "its private key, permanently"), "Delete")
	b.Post(authority+"/delete", nil).WantStatus(http.StatusUnprocessableEntity).WantText("[role=alert]", "issued 1 certificate")
	b.Create(client+"/delete", nil)
	b.Create(authority+"/delete", nil)
}

func TestReadOnlyAccountsGetNoKeys(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	r := u.SignIn(t, webtest.ReadOnly)
	if p := r.Get(u.Client).WantText("main", "An administrator can download it"); p.Doc.Find("main form").Length() != 0 {
		t.Error("a read-only account is offered a form")
	}
	r.Post(u.Client+"/key", nil).WantStatus(http.StatusForbidden)
	r.Post(u.Endpoint+"/configuration", url.Values{"client": {path.Base(u.Client)}}).WantStatus(http.StatusForbidden)
	r.Post(u.Endpoint+"/configuration/download", nil).WantStatus(http.StatusForbidden).WantText("main", "read-only")
	r.Get(u.Endpoint+"/configuration").WantStatus(http.StatusOK).WantText("main", "Ask an administrator")
	for _, tab := range []string{"", "/associations", "/rules", "/routes", "/connections", "/tags"} {
		p := r.Get(u.Endpoint + tab).WantStatus(http.StatusOK)
		if got := p.Text("main button, main a.btn"); strings.Contains(got, "Delete") || strings.Contains(got, "Add") || strings.Contains(got, "Save") {
			t.Errorf("%s offers a read-only account %q", tab, got)
		}
		webtest.CheckMarkup(t, tab, p)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	maker := newTestPair(t)
	before := s.Digest(t)
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
		p := b.Post("/certificates/import", v).WantStatus(http.StatusUnprocessableEntity).WantRefusedField(c.field, c.want)
		want := map[string]string{"use": v.Get("use"), "name": v.Get("name"), "certificate": v.Get("certificate"), "private_key": "", "chain": v.Get("chain")}
		for field, value := range want {
			if got := strings.TrimSpace(strings.ReplaceAll(p.Value(field), "\r", "")); got != strings.TrimSpace(value) {
				t.Errorf("%s refused: %s holds %.60q, want %.60q", c.field, field, got, value)
			}
		}
		if strings.Contains(p.Body, "END PRIVATE KEY") {
			t.Errorf("%s refused: the private key is given back", c.field)
		}
		p.WantText("#private_key-help", "Paste the private key again")
	}
	// A key in another text box is not sent back either.
	p := b.Post("/certificates/import", url.Values{
		"use": {"server"}, "name": {maker.key}, "certificate": {maker.certificate + maker.key}, "private_key": {""}, "chain": {maker.key},
	}).WantStatus(http.StatusUnprocessableEntity)
	if got := p.Value("certificate"); strings.Contains(p.Body, "END PRIVATE KEY") || !strings.Contains(got, "END CERTIFICATE") {
		t.Errorf("a private key in another box: the form holds %.60q", got)
	}
	if after := s.Digest(t); after != before {
		t.Errorf("refused imports changed something: %s", after)
	}
	imported := b.Create("/certificates/import", url.Values{
		"use": {"server"}, "certificate": {maker.certificate}, "private_key": {maker.key}, "chain": {maker.chain},
	})
	b.Get(imported).WantText("h1", "imported.example.test").WantText("main", "cannot be downloaded")
	b.Create("/certificates/import", url.Values{ // once more, as with a renewed chain
		"use": {"server"}, "certificate": {maker.certificate}, "private_key": {maker.key}, "chain": {maker.chain},
	})
	twin, key := maker.twin(t)
	b.Post("/certificates/import", url.Values{"use": {"server"}, "certificate": {twin}, "private_key": {key}, "chain": {maker.chain}}).
		WantStatus(http.StatusUnprocessableEntity).WantRefusedField("certificate", "twice: imported.example.test")
	if strings.Contains(s.Kit.Log.String(), "PRIVATE KEY") {
		t.Error("a private key is in the log")
	}
}

// A server certificate from a public authority cannot be the authority of the clients as well; the
// refusal is beside the field of the server certificate.
func TestPublicAuthorityBesideItsField(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	var public string
	for root := range bundle.Roots() {
		public = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		break
	}
	cert := vpn.Certificate{ID: vpn.NewCertificateID(), Name: "web", Use: vpn.UseServer, CommonName: "web", PEM: public, Chain: public, HasKey: true, NotAfter: time.Now().Add(time.Hour)}
	v := u.EndpointForm("own", "10.40.0.0/22", "1300")
	v.Set("client_ca", "")
	own := u.Admin.Create("/endpoints/new", v)
	u.Admin.Get("/endpoints/new").WantValue("certificate", v.Get("certificate")) // the only one there is
	u.Update(t, func(tx *store.Tx) error { return tx.CreateCertificate(t.Context(), cert, "key") })
	p := u.Admin.Get("/endpoints/new")
	if p.Doc.Find("#certificate option[selected][value]").Length() != 0 && p.Value("certificate") != "" {
		t.Error("one of two server certificates is chosen already")
	}
	v = u.EndpointForm("new", "10.44.0.0/22", "1301")
	v.Set("certificate", string(cert.ID))
	v.Set("client_ca", "")
	u.Admin.Post("/endpoints/new", v).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("client_ca", "anyone with one could connect")
	edit := u.Admin.Get(own + "/edit")
	u.Admin.Post(own+"/edit", url.Values{"version": {edit.Value("version")}, "name": {"own"}, "certificate": {string(cert.ID)}, "port": {"1300"}}).
		WantStatus(http.StatusUnprocessableEntity).WantRefusedField("certificate", "anyone with one could connect")
	u.Admin.Post("/certificates/import", url.Values{"use": {"authority"}, "certificate": {public}}).
		WantStatus(http.StatusUnprocessableEntity).WantRefusedField("certificate", "is a public authority")
}

// An authority is used by an endpoint that takes its clients through the server certificate.
func TestAuthorityIsUsedThroughTheServerCertificate(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	for _, path := range []string{u.Authority, u.Server} {
		if got := u.Admin.Get(path).Text("dl a[href='" + u.Endpoint + "']"); got != "main" {
			t.Errorf("%s is used by %q, want main", path, got)
		}
	}
}

// What can be done with a certificate is behind one button; what is done first stands out.
func TestActionsOfACertificate(t *testing.T) {
	t.Parallel()
	u := webtest.NewEndpoint(t)
	p := u.Admin.Get(u.Client)
	for _, label := range []string{"Revoke certificate", "Block certificate", "Revocation list", "Renew", "Download certificate", "Rename", "Delete certificate"} {
		p.WantText("details.dropdown .dropdown-item", label)
	}
	if n := p.Doc.Find(".page-head .btn-list > a").Length(); n != 0 {
		t.Errorf("%d buttons stand beside the menu", n)
	}
	p.WantText("main a.btn-primary", "Get configuration file").WantText("dl", "Dated back by one hour")
	u.Admin.Get(u.Authority).WantText(".page-head a.btn-primary", "Issue certificate")
	reader := u.Site.SignIn(t, webtest.ReadOnly).Get(u.Client)
	if got := reader.Text("details.dropdown .dropdown-menu.dropdown-menu-md-end"); !strings.Contains(got, "Download certificate") || strings.Contains(got, "Delete") {
		t.Errorf("a read-only account is offered %q", got)
	}
}
