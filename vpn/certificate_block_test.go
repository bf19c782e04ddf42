package vpn_test

import (
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"testing"

	"sallyport/vpn"
)

// A block finds its certificate by fingerprint, by serial number and issuer, and by serial number and common
// name where the issuer is not certain or the number is one of those that no two certificates have.
func TestBlockIsOf(t *testing.T) {
	t.Parallel()
	const long = "1234567890123456789012345678901"
	block := func(serial, issuer, key string) vpn.CertificateBlock {
		return vpn.CertificateBlock{Fingerprint: "aabb", Serial: serial, Issuer: issuer, IssuerKey: key, CommonName: "alice"}
	}
	login := func(fingerprint, serial, issuer, key, commonName string) vpn.LoginRequest {
		return vpn.LoginRequest{Fingerprint: fingerprint, Serial: serial, Issuer: issuer, IssuerKey: key, CommonName: commonName}
	}
	for what, c := range map[string]struct {
		block vpn.CertificateBlock
		login vpn.LoginRequest
		want  bool
	}{
		"the certificate":        {block("17", "ccdd", "k"), login("AA:BB", "17", "CC:DD", "k", "alice"), true},
		"its issuer was renewed": {block("17", "ccdd", "k"), login("aabb", "17", "eeff", "k", "alice"), true},
		"renewed, and with another encoding of a signature":   {block("17", "ccdd", "k"), login("1234", "17", "eeff", "k", "alice"), true},
		"with another encoding of a signature":                {block("17", "ccdd", "k"), login("1234", "17", "ccdd", "k", "alice"), true},
		"of two signatures":                                   {block("17", "ccdd", "k"), login("1234", "17", "", "", "alice"), true},
		"of two signatures, and the issuer is kept":           {block(long, "ccdd", "k"), login("1234", long, "eeff", "l", "alice"), true},
		"the block has no issuer":                             {block("17", "", ""), login("1234", "17", "eeff", "k", "alice"), true},
		"the block has no key":                                {block("17", "ccdd", ""), login("1234", "17", "eeff", "k", "alice"), true},
		"same number of another issuer":                       {block("17", "ccdd", "k"), login("1234", "17", "eeff", "l", "alice"), false},
		"same number of an uncertain issuer, of another name": {block("17", "ccdd", "k"), login("1234", "17", "", "", "bob"), false},
		"same long number, of another name":                   {block(long, "ccdd", "k"), login("1234", long, "eeff", "l", "bob"), false},
		"another of the issuer":                               {block("17", "ccdd", "k"), login("1234", "18", "ccdd", "k", "alice"), false},
		"nothing known":                                       {block("", "", ""), login("", "", "", "", "alice"), false},
	} {
		r := c.login
		if got := (vpn.CertificateBlocks{c.block}).Refuse(r); got != c.want {
			t.Errorf("%s: refused %t, want %t", what, got, c.want)
		}
		of := vpn.Connection{Fingerprint: r.Fingerprint, Serial: r.Serial, Issuer: r.Issuer, IssuerKey: r.IssuerKey, CommonName: r.CommonName}
		if got := c.block.IsOfConnection(of); got != c.want && r.Fingerprint != "" {
			t.Errorf("%s: connection %t, want %t", what, got, c.want)
		}
		under := vpn.Session{Fingerprint: r.Fingerprint, Serial: r.Serial, Issuer: r.Issuer, IssuerKey: r.IssuerKey, CommonName: r.CommonName}
		if got := c.block.IsOfSession(under); got != c.want {
			t.Errorf("%s: session %t, want %t", what, got, c.want)
		}
	}
	// Connections from before fingerprints were recorded: by number and name.
	b := block("17", "ccdd", "k")
	if !b.IsOfConnection(vpn.Connection{Serial: "17", CommonName: "alice"}) || b.IsOfConnection(vpn.Connection{Serial: "17", CommonName: "bob"}) {
		t.Error("old connections are not found by serial number and common name")
	}
}

// The issuer of a login counts where OpenVPN was given its certificate, and the same certificate has one key
// whatever the client sends.
func TestAuthorities(t *testing.T) {
	t.Parallel()
	text := func(of string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(of)}))
	}
	digest := func(of string) string { return fmt.Sprintf("%X", sha256.Sum256([]byte(of))) }
	trusted := vpn.AuthoritiesIn(text("root")+text("second"), "", text("third"))
	for of, known := range map[string]bool{"root": true, "second": true, "third": true, "sent": false} {
		r := trusted.Verify(vpn.LoginRequest{Issuer: digest(of), Serial: "17", CommonName: "alice", Fingerprint: of})
		if (r.Issuer != "") != known {
			t.Errorf("the issuer %s is known: %t, want %t", of, r.Issuer != "", known)
		}
	}
	key := func(serial, issuer, fingerprint string) string {
		return trusted.Verify(vpn.LoginRequest{Issuer: digest(issuer), Serial: serial, CommonName: "alice", Fingerprint: fingerprint}).CertificateKey()
	}
	if key("17", "sent", "1") != key("17", "sent again", "2") || key("17", "root", "1") != key("17", "root", "2") {
		t.Error("another encoding of a signature makes another certificate")
	}
	if key("17", "root", "1") == key("17", "second", "1") || key("17", "sent", "1") == key("18", "sent", "1") {
		t.Error("two certificates have one key")
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
