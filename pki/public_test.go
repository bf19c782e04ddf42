package pki

import (
	"crypto/x509"
	"testing"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"sallyport/vpn"
)

// Every authority that browsers trust is known, alone or above others; one of our own is none,
// not even under a famous name.
func TestPubliclyTrusted(t *testing.T) {
	t.Parallel()
	own := mustAuthority(t, spec("ISRG Root X1"))
	n := 0
	for root := range bundle.Roots() {
		n++
		text := encodeCertificate(root.Certificate)
		if !(Maker{}).PubliclyTrusted(text) || !(Maker{}).PubliclyTrusted(own.Certificate+text) {
			c, err := x509.ParseCertificate(root.Certificate)
			t.Errorf("%v (%v) is not known as public", c.Subject, err)
		}
	}
	if n < 50 {
		t.Errorf("the list has %d authorities only", n)
	}
	if (Maker{}).PubliclyTrusted(own.Certificate) || (Maker{}).PubliclyTrusted("") {
		t.Error("an authority made here counts as publicly trusted")
	}
}

// A public authority is refused as soon as it is imported for client certificates. A few have other
// faults, which are told first.
func TestImportRefusesPublicAuthority(t *testing.T) {
	t.Parallel()
	told, all := 0, 0
	for root := range bundle.Roots() {
		c, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		all++
		_, err = check(encodeCertificate(c.Raw), "", "", vpn.UseAuthority, c.NotBefore.Add(time.Hour))
		switch got := vpn.FieldsOf(err)["certificate"]; got {
		case "":
			t.Errorf("%v was imported", c.Subject)
		case place{1, 1}.says(publicFault(c)):
			told++
		}
	}
	if told < all/2 {
		t.Errorf("%d of %d were refused for being public", told, all)
	}
}
