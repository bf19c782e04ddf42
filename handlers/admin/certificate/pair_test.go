package certificate_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"sallyport/pki"
	"sallyport/vpn"
)

// testPair is a server certificate of another authority, and a key that does not match it.
type testPair struct{ certificate, key, chain, other string }

func newTestPair(t testing.TB) testPair {
	t.Helper()
	spec := vpn.CertificateSpec{CommonName: "Elsewhere CA", KeyType: vpn.ECDSAP256, ValidFor: 365 * 24 * time.Hour}
	authority, err := pki.Maker{}.NewAuthority(spec, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	spec.CommonName, spec.ValidFor = "imported.example.test", 30*24*time.Hour
	pair, err := pki.Maker{}.Issue(authority, vpn.UseServer, spec, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return testPair{pair.Certificate, pair.Key.Reveal(), authority.Certificate, authority.Key.Reveal()}
}

// twin is another certificate of the same authority with the same serial number, and its key.
func (p testPair) twin(t testing.TB) (certificate, key string) {
	t.Helper()
	parse := func(text string) *x509.Certificate {
		b, _ := pem.Decode([]byte(text))
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	b, _ := pem.Decode([]byte(p.other))
	signer, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := parse(p.certificate)
	template.Subject.CommonName, template.RawSubject = "twin.example.test", nil
	cert, err := x509.CreateCertificate(rand.Reader, template, parse(p.chain), own.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	block := func(label string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
	}
	return block("CERTIFICATE", cert), block("PRIVATE KEY", pkcs8)
}

// pkcs12 is the certificate with its key and its chain as one file.
func (p testPair) pkcs12(t testing.TB, passphrase string) string {
	t.Helper()
	der := func(text string) []byte {
		b, _ := pem.Decode([]byte(text))
		return b.Bytes
	}
	key, err := x509.ParsePKCS8PrivateKey(der(p.key))
	if err != nil {
		t.Fatal(err)
	}
	certs, err := x509.ParseCertificates(append(der(p.certificate), der(p.chain)...))
	if err != nil {
		t.Fatal(err)
	}
	file, err := pkcs12.Modern.Encode(key, certs[0], certs[1:], passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}
