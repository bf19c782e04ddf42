package web_test

import (
	"testing"
	"time"

	"sallyport/pki"
	"sallyport/vpn"
)

// testPair is a server certificate that was made elsewhere, and a key that is not its.
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
