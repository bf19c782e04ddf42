package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"sallyport/vpn"
)

var listNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// listMaker is an authority that signs lists with crypto/x509.
type listMaker struct {
	cert *x509.Certificate
	key  crypto.Signer
	PEM  string
}

func newListMaker(t testing.TB, name string, usage x509.KeyUsage) listMaker {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: listNow.AddDate(-1, 0, 0), NotAfter: listNow.AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: usage}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return listMaker{cert, key, encodeCertificate(der)}
}

// list signs a list. change may alter it before.
func (m listMaker) list(t testing.TB, change func(l *x509.RevocationList)) string {
	t.Helper()
	l := &x509.RevocationList{
		Number: big.NewInt(7), ThisUpdate: listNow.Add(-time.Hour), NextUpdate: listNow.AddDate(0, 0, 30),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(0x1234), RevocationTime: listNow.Add(-2 * time.Hour), ReasonCode: 1}},
	}
	if change != nil {
		change(l)
	}
	as := *m.cert
	as.KeyUsage |= x509.KeyUsageCRLSign
	der, err := x509.CreateRevocationList(rand.Reader, l, &as, m.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: labelList, Bytes: der}))
}

func extensionOf(id asn1.ObjectIdentifier, critical bool, value any) pkix.Extension {
	der, err := asn1.Marshal(value)
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: id, Critical: critical, Value: der}
}

// withIDP adds an issuing distribution point.
func withIDP(value string) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte(value)}}
	}
}

func both() x509.KeyUsage { return x509.KeyUsageCertSign | x509.KeyUsageCRLSign }

func derOf(text string) []byte {
	b, _ := pem.Decode([]byte(text))
	return b.Bytes
}

func utf16Of(text string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// Whatever editors make of a good list is read. Those that are refused are in testdata/malformed.
func TestCheckRevocationList(t *testing.T) {
	t.Parallel()
	m := newListMaker(t, "Example CA", both())
	other := newListMaker(t, "Other CA", both())
	good := m.list(t, nil)
	der := derOf(good)
	for name, c := range map[string]struct{ text, authority string }{
		"good":               {good, m.PEM},
		"DER":                {string(der), m.PEM},
		"with CRLF":          {strings.ReplaceAll(good, "\n", "\r\n"), m.PEM},
		"with a BOM":         {"\ufeff" + good, m.PEM},
		"UTF-16":             {utf16Of(good), m.PEM},
		"text before":        {"Certificate Revocation List (CRL):\n    Version 2\n" + good, m.PEM},
		"one of two":         {good, other.PEM + m.PEM},
		"with a certificate": {m.PEM + good, m.PEM},
		"published where":    {m.list(t, withIDP("\x30\x17\xa0\x15\xa0\x13\x86\x11http://crl.test/1")), m.PEM},
		"a little ahead":     {m.list(t, func(l *x509.RevocationList) { l.ThisUpdate = listNow.Add(time.Minute) }), m.PEM},
		"unknown": {m.list(t, func(l *x509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{extensionOf(asn1.ObjectIdentifier{1, 2, 3, 4}, false, 5)}
		}), m.PEM},
		"the same twice": {m.list(t, func(l *x509.RevocationList) {
			for range 9 {
				l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, l.RevokedCertificateEntries[0])
			}
		}), m.PEM},
	} {
		got, err := Maker{}.CheckRevocationList(c.text, c.authority, 4, listNow)
		if err != nil {
			t.Errorf("%s: %s", name, vpn.FieldsOf(err)["crl"])
			continue
		}
		l := got.List
		if l.Number != "7" || l.Entries != 1 || got.Entries[0].Serial != "4660" || got.Entries[0].Reason != vpn.ReasonKeyCompromise ||
			l.IssuerKey != vpn.KeyDigest(m.cert.Raw) || got.Entries[0].IssuerKey != l.IssuerKey || !l.SelfSigned || l.Authority != "Example CA" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// What an independent maker signs is read: openssl ca with and without a list extension, which makes version 1 without a number, and
// what is signed here is read by openssl.
func TestRevocationListsOfOpenSSL(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("openssl", args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("openssl %v: %v: %s", args, err, out)
		}
		return string(out)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func(name string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	write("index.txt", "V\t300101000000Z\t\t00\tunknown\t/CN=zero\nR\t300101000000Z\t260101000000Z,keyCompromise\t0A\tunknown\t/CN=ten\nR\t300101000000Z\t260102000000Z,certificateHold\tFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF01\tunknown\t/CN=long\n")
	write("crlnumber", "0100\n")
	const common = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncertificate=ca.crt\nprivate_key=ca.key\ndefault_md=sha256\ndefault_crl_days=30\n"
	write("one.cnf", common)
	write("two.cnf", common+"crlnumber=crlnumber\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid:always\n")
	run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=OpenSSL CA")
	for config, number := range map[string]string{"one": "", "two": "256"} {
		run("ca", "-config", config+".cnf", "-gencrl", "-out", config+".pem")
		got, err := Maker{}.CheckRevocationList(read(config+".pem"), read("ca.crt"), 10, time.Now())
		if err != nil || got.List.Number != number || len(got.Entries) != 2 || got.Entries[0].Serial != "10" || got.Entries[0].Reason != vpn.ReasonKeyCompromise ||
			!got.Entries[1].Hold() || got.Entries[1].Serial != "340282366920938463463374607431768211201" {
			t.Errorf("%s: %+v, %v", config, got, err)
		}
	}
	l := vpn.RevocationList{Number: "41"}.Next(time.Now(), time.Now().AddDate(1, 0, 0), false)
	signed, err := Maker{}.SignRevocationList(vpn.KeyPair{Certificate: read("ca.crt"), Key: vpn.Secret(read("ca.key"))}, l,
		[]vpn.Revocation{{CertificateNumber: vpn.CertificateNumber{Serial: "10"}, Reason: vpn.ReasonHold, At: time.Now()}})
	if err != nil {
		t.Fatal(err)
	}
	write("ours.pem", Maker{}.EncodeRevocationList(signed.DER))
	text := run("crl", "-in", "ours.pem", "-noout", "-text", "-CAfile", "ca.crt", "-verify")
	for _, want := range []string{"verify OK", "Serial Number: 0A", "Certificate Hold", "X509v3 CRL Number"} {
		if !strings.Contains(text, want) {
			t.Errorf("openssl does not say %q: %s", want, text)
		}
	}
	if again, err := (Maker{}).CheckRevocationList(string(signed.DER), read("ca.crt"), 1, time.Now()); err != nil || again.List.Number != "42" || !again.Entries[0].Hold() {
		t.Errorf("what was signed here is read as %+v, %v", again, err)
	}
}

// A list that was read says the same as crypto/x509 reads, whatever is given.
func FuzzRevocationList(f *testing.F) {
	m := newListMaker(f, "Example CA", both())
	for _, c := range malformedTable(f) {
		if text := readMalformed(f, c.file); strings.HasPrefix(c.file, "list-") && len(text) < 1000 {
			f.Add([]byte(text))
		}
	}
	f.Add([]byte(m.list(f, nil)))
	f.Add(derOf(m.list(f, nil)))
	f.Add(derOf(m.list(f, withIDP("\x30\x03\x84\x01\xff"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = Maker{}.CheckRevocationList(string(b), m.PEM, 10, listNow)
		l, fault := readList(b, 10)
		if fault != "" {
			return
		}
		_, _ = l.algorithm()
		_ = nameIn(l.issuer)
		theirs, err := x509.ParseRevocationList(b)
		if err != nil {
			return
		}
		if !theirs.ThisUpdate.Equal(l.thisUpdate) || !theirs.NextUpdate.Equal(l.nextUpdate) || len(theirs.RevokedCertificateEntries) < len(l.entries) {
			t.Errorf("read %+v, crypto/x509 reads %+v", l, theirs)
		}
		if theirs.Number != nil && l.number != nil && theirs.Number.Cmp(l.number) != 0 {
			t.Error(fmt.Sprint("number ", l.number, ", crypto/x509 reads ", theirs.Number))
		}
	})
}
