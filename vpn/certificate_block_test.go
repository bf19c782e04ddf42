package vpn_test

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"testing"

	"sallyport/vpn"
)

// A block finds its certificate by fingerprint, and by serial number and issuer; a serial number alone is no match.
func TestBlockIsOf(t *testing.T) {
	t.Parallel()
	b := vpn.CertificateBlock{Fingerprint: "aabb", Serial: "17", Issuer: "ccdd", CommonName: "alice"}
	for what, c := range map[string]struct {
		fingerprint, serial, issuer string
		want                        bool
	}{
		"the certificate":                      {"AA:BB", "17", "CC:DD", true},
		"its issuer was renewed":               {"aabb", "17", "eeff", true},
		"with another encoding of a signature": {"1234", "17", "ccdd", true},
		"same number of another issuer":        {"1234", "17", "eeff", false},
		"another of the issuer":                {"1234", "18", "ccdd", false},
		"nothing known":                        {"", "", "", false},
	} {
		r := vpn.LoginRequest{Fingerprint: c.fingerprint, Serial: c.serial, Issuer: c.issuer}
		if got := (vpn.CertificateBlocks{b}).Refuse(r); got != c.want {
			t.Errorf("%s: refused %t, want %t", what, got, c.want)
		}
		if c.fingerprint == "" {
			continue
		}
		if got := b.IsOfConnection(vpn.Connection{Fingerprint: c.fingerprint, Serial: c.serial, Issuer: c.issuer}); got != c.want {
			t.Errorf("%s: connection %t, want %t", what, got, c.want)
		}
	}
	b.Issuer = ""
	if b.IsOf(vpn.LoginRequest{Fingerprint: "1234", Serial: "17"}) {
		t.Error("a block without an issuer is of every certificate with its number")
	}
	// Connections from before fingerprints were recorded: by number and name.
	if !b.IsOfConnection(vpn.Connection{Serial: "17", CommonName: "alice"}) || b.IsOfConnection(vpn.Connection{Serial: "17", CommonName: "bob"}) {
		t.Error("old connections are not found by serial number and common name")
	}
}

// The block of a certificate that is kept here has its issuer from the chain.
func TestBlockOf(t *testing.T) {
	t.Parallel()
	chain := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("the issuer")}))
	got := vpn.BlockOf(vpn.Certificate{Fingerprint: "AA:BB", Serial: "17", CommonName: "alice", Chain: chain})
	want := vpn.CertificateBlock{Fingerprint: "aabb", Serial: "17", CommonName: "alice", Issuer: fmt.Sprintf("%x", sha256.Sum256([]byte("the issuer")))}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := vpn.BlockOf(vpn.Certificate{Fingerprint: "AA:BB"}); got.Issuer != "" {
		t.Errorf("without a chain the issuer is %q", got.Issuer)
	}
}
