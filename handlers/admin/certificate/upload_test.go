package certificate_test

import (
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// A certificate, its key and its chain are taken from files, the chain from several.
func TestImportOfFiles(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	maker := newTestPair(t)
	p := b.Get("/certificates/import")
	webtest.CheckMarkup(t, "/certificates/import", p)
	if p.Doc.Find("form[enctype='multipart/form-data']").Length() != 1 || p.Doc.Find("#chain_file[multiple]").Length() != 1 || p.Doc.Find("#certificate_file[multiple]").Length() != 0 {
		t.Error("the form does not take files, or not several of a chain")
	}
	use := url.Values{"use": {"server"}, "certificate": {""}, "private_key": {""}, "chain": {""}}
	preamble := "Certificate:\n    Data:\n        Version: 3 (0x2)\n" // as easy-rsa writes it
	imported := b.PostFiles("/certificates/import", use, map[string][]string{
		"certificate_file": {preamble + maker.certificate}, "private_key_file": {maker.key}, "chain_file": {strings.TrimSpace(newTestPair(t).chain), maker.chain},
	}).WantStatus(http.StatusSeeOther).Header.Get("Location")
	b.Get(imported).WantText("h1", "imported.example.test")

	// One text and two files: what a file held stays in the form, a key does not.
	use.Set("certificate", maker.certificate)
	p = b.PostFiles("/certificates/import", use, map[string][]string{"private_key_file": {maker.other}, "chain_file": {maker.chain}}).
		WantStatus(http.StatusUnprocessableEntity).WantRefusedField("private_key", "not the key of the certificate").WantText("#private_key-help", "Choose the file of the private key again")
	if got := p.Value("chain"); strings.TrimSpace(got) != strings.TrimSpace(maker.chain) || strings.Contains(p.Body, "END PRIVATE KEY") {
		t.Errorf("the form holds %.60q", got)
	}
}

// A PKCS #12 file is all that is needed. A passphrase that is missing or wrong is asked for, and none comes back.
func TestImportOfPKCS12(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	maker := newTestPair(t)
	use := url.Values{"use": {"server"}, "name": {"kept"}}
	files := map[string][]string{"certificate_file": {maker.pkcs12(t, "s3cret-word")}}
	p := b.PostFiles("/certificates/import", use, files).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("passphrase", "Enter it here").
		WantText("#certificate-help", "Choose the file of the certificate again").WantValue("name", "kept")
	webtest.CheckMarkup(t, "/certificates/import", p)
	use.Set("passphrase", "wrong-word")
	p = b.PostFiles("/certificates/import", use, files).WantStatus(http.StatusUnprocessableEntity).WantRefusedField("passphrase", "does not open").
		WantText("#passphrase-help", "Enter the passphrase again")
	if strings.Contains(p.Body, "wrong-word") {
		t.Error("the page gives a passphrase back")
	}
	use.Set("passphrase", "s3cret-word")
	imported := b.PostFiles("/certificates/import", use, files).WantStatus(http.StatusSeeOther).Header.Get("Location")
	b.Get(imported).WantText("main", "The private key is stored here, sealed")
	if strings.Contains(s.Digest(t), "-word") {
		t.Error("a passphrase is stored")
	}
}

// What a file holds instead of a certificate is named; nothing is saved.
func TestImportOfWrongFiles(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	maker := newTestPair(t)
	before := s.Digest(t)
	der, _ := pem.Decode([]byte(maker.certificate))
	for name, c := range map[string]struct{ file, typed, want string }{
		"a key":         {maker.key, "", "This holds a private key"},
		"DER":           {string(der.Bytes), "", "binary (DER) form"},
		"a request":     {"-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n", "", "certificate signing request"},
		"a list":        {"-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", "", "certificate revocation list"},
		"a public key":  {"-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n", "", "a public key"},
		"a document":    {"PK\x03\x04\x00\x00", "", "not PEM text"},
		"nothing":       {"", "", "The file is empty."},
		"a large file":  {strings.Repeat("x", 70<<10), "", "This is 70 KB"},
		"text and file": {maker.certificate, maker.certificate, "There is a text and a file."},
	} {
		form := url.Values{"use": {"server"}, "name": {"kept"}, "certificate": {c.typed}}
		p := b.PostFiles("/certificates/import", form, map[string][]string{"certificate_file": {c.file}}).WantStatus(http.StatusUnprocessableEntity).
			WantRefusedField("certificate", c.want).WantValue("name", "kept")
		if strings.Contains(p.Body, "END PRIVATE KEY") || strings.ContainsRune(p.Body, 0) {
			t.Errorf("%s: the page has a key or bytes that are no text", name)
		}
		webtest.CheckMarkup(t, name, p)
	}
	b.PostFiles("/certificates/import", url.Values{"use": {"server"}}, map[string][]string{"certificate_file": {strings.Repeat("x", 2<<20)}}).
		WantStatus(http.StatusRequestEntityTooLarge).WantText("main", "larger than 1024 KiB")
	b.PostFiles("/certificates/import", url.Values{"use": {"server"}}, map[string][]string{"chain_file": make([]string, 30)}).WantStatus(http.StatusBadRequest)
	if after := s.Digest(t); after != before {
		t.Errorf("refused imports changed something: %s", after)
	}
}
