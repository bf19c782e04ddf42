package pki

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// signedParts is a certificate of which the signed part can be changed.
type signedParts struct {
	Signed    asn1.RawValue
	Algorithm asn1.RawValue
	Signature asn1.BitString
}

// alter replaces bytes of the signed part of a certificate, in the same number of bytes, and has it
// signed again.
func alter(t *testing.T, certPEM string, signer vpn.Secret, old, changed string) string {
	t.Helper()
	var parts signedParts
	if _, err := asn1.Unmarshal([]byte(der(t, certPEM)), &parts); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(parts.Signed.FullBytes, []byte(old)) || len(old) != len(changed) {
		t.Fatalf("%q cannot be replaced by %q", old, changed)
	}
	parts.Signed.FullBytes = bytes.ReplaceAll(parts.Signed.FullBytes, []byte(old), []byte(changed))
	key, fault := readKey(signer.Reveal())
	if fault != "" {
		t.Fatal(fault)
	}
	sum := sha256.Sum256(parts.Signed.FullBytes)
	signature, err := key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	parts.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	out, err := asn1.Marshal(parts)
	if err != nil {
		t.Fatal(err)
	}
	return encodeCertificate(out)
}

// asPrintable has a name encoded as a PrintableString, whatever characters it has.
func asPrintable(t *testing.T, certPEM string, signer vpn.Secret, name string) string {
	t.Helper()
	tagged := func(tag byte) string { return string([]byte{tag, byte(len(name))}) + name }
	return alter(t, certPEM, signer, tagged(asn1.TagUTF8String), tagged(asn1.TagPrintableString))
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Certificates with characters in a PrintableString that do not belong there work with OpenVPN.
// They are imported as they are, byte for byte.
func TestImportTakesUnderscoreInPrintableString(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	ca, client := testdata(t, "ca-underscore-in-printablestring.crt"), testdata(t, "client-cn-underscore-in-printablestring.crt")
	if got, err := check(ca, "", "", vpn.UseAuthority, now); err != nil || got.Certificate != ca {
		t.Errorf("authority: %v", err)
	}
	if f, err := (Maker{}).Facts(ca); err != nil || f.CommonName != "My_Company_CA" || f.Issuer != "My_Company_CA" || !f.IsAuthority {
		t.Errorf("authority: %+v, %v", f, err)
	}
	got, err := check(client, "", testdata(t, "good-ca.crt"), vpn.UseClient, now)
	if err != nil || got.Certificate != client || got.Chain != testdata(t, "good-ca.crt") {
		t.Errorf("client: %v", err)
	}
	if f, err := (Maker{}).Facts(client); err != nil || f.CommonName != "vpn_client_7" {
		t.Errorf("client: %+v, %v", f, err)
	}
	_, err = check(testdata(t, "server-cn-underscore-in-printablestring.crt"), "", testdata(t, "good-ca.crt"), vpn.UseServer, now)
	if f := vpn.FieldsOf(err); len(f) != 1 || f["private_key"] == "" {
		t.Errorf("server: want its key alone missing, got %v", err)
	}
}

// What is read in a copy is judged by its own bytes: OpenSSL and OpenVPN accept what is accepted,
// and a signature over other bytes does not count.
func TestImportOfUnusualCertificates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca := mustAuthority(t, spec("Corp_CA"))
	ca.Certificate = asPrintable(t, ca.Certificate, ca.Key, "Corp_CA")
	server := mustIssue(t, vpn.UseServer, ca, spec("vpn_server"))
	if !strings.Contains(der(t, server.Certificate), "\x13\x07Corp_CA") {
		t.Error("the issuer's name is not encoded as the authority has it")
	}
	server.Certificate = asPrintable(t, server.Certificate, ca.Key, "vpn_server")
	client := mustIssue(t, vpn.UseClient, ca, spec("anna@example.com"))
	client.Certificate = asPrintable(t, client.Certificate, ca.Key, "anna@example.com")
	serial := newSerialBytes(t, client.Certificate)
	negative := alter(t, client.Certificate, ca.Key, serial, "\xff\x7e"+serial[2:])
	latin := alter(t, client.Certificate, ca.Key, "anna@", "a\xf1na@")

	for name, c := range map[string]struct {
		cert, key string
		use       vpn.CertificateUse
		cn        string
	}{
		"authority":         {ca.Certificate, ca.Key.Reveal(), vpn.UseAuthority, "Corp_CA"},
		"server":            {server.Certificate, server.Key.Reveal(), vpn.UseServer, "vpn_server"},
		"client":            {client.Certificate, client.Key.Reveal(), vpn.UseClient, "anna@example.com"},
		"negative serial":   {negative, client.Key.Reveal(), vpn.UseClient, "anna@example.com"},
		"Latin-1 character": {latin, client.Key.Reveal(), vpn.UseClient, "añna@example.com"},
	} {
		chain := ca.Certificate
		if c.use == vpn.UseAuthority {
			chain = ""
		}
		got, err := check(c.cert, c.key, chain, c.use, now)
		if err != nil || got.Certificate != c.cert || got.Chain != chain {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f, err := Maker{}.Facts(got.Certificate)
		if err != nil || f.CommonName != c.cn {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
		if out, err := openssl("verify", "-CAfile", write(t, "ca.pem", ca.Certificate), write(t, "cert.pem", c.cert)); err != nil {
			t.Errorf("%s: openssl refuses it: %s", name, out)
		}
		if out, err := openssl("x509", "-noout", "-serial", "-in", write(t, "cert.pem", c.cert)); name == "negative serial" && (err != nil || !strings.HasPrefix(out, "serial=-") || !strings.HasPrefix(f.Serial, "-")) {
			t.Errorf("%s: got %s, openssl says %s", name, f.Serial, out)
		}
	}

	atServer, atClient := connect(t, ca.Certificate, server, client, `verify-x509-name "vpn_server" name`)
	await(t, atServer, "[anna@example.com] Peer Connection Initiated")
	await(t, atClient, "[vpn_server] Peer Connection Initiated")
	atServer, _ = connect(t, ca.Certificate, server, vpn.KeyPair{Certificate: latin, Key: client.Key})
	await(t, atServer, "[añna@example.com] Peer Connection Initiated")

	var parts signedParts
	if _, err := asn1.Unmarshal([]byte(der(t, client.Certificate)), &parts); err != nil {
		t.Fatal(err)
	}
	copied := bytes.Replace([]byte(der(t, client.Certificate)), []byte("\x13\x10anna@"), []byte("\x14\x10anna@"), 1)
	if _, err := check(encodeCertificate(copied), "", ca.Certificate, vpn.UseClient, now); !strings.Contains(vpn.FieldsOf(err)["chain"], "did not sign") {
		t.Errorf("the certificate as it is read was accepted under the signature over another: %v", err)
	}
}

func newSerialBytes(t *testing.T, certPEM string) string {
	t.Helper()
	certs, fault := readCertificates(certPEM)
	if fault != "" {
		t.Fatal(fault)
	}
	return string(certs[0].SerialNumber.Bytes())
}

// A certificate whose encoding is sound is never called damaged: what is unusual about it is said.
// One that is damaged is.
func TestUnusualIsNotDamaged(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	client := mustIssue(t, vpn.UseClient, ca, spec("anna_bella"))
	critical := forge(t, ecKey(t, elliptic.P256()), &ca, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 14}, Critical: true, Value: []byte{4, 1, 1}}}
	}).Certificate
	badName := forge(t, ecKey(t, elliptic.P256()), &ca, func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: append([]byte{0x30, 5, 0x82, 3}, "b\xc3\xbc"...)}}
	}).Certificate
	explicit, explicitKey := opensslCertificate(t, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit")
	brainpool, brainpoolKey := opensslCertificate(t, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP256r1")
	compressedKey := write(t, "key.pem", string(must(t, "openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout")))
	compressedKey = write(t, "key.pem", string(must(t, "openssl", "ec", "-conv_form", "compressed", "-in", compressedKey)))
	compressed := string(must(t, "openssl", "req", "-x509", "-new", "-key", compressedKey, "-subj", "/CN=compressed"))
	ed448, _ := opensslCertificate(t, "-newkey", "ed448")
	pss, _ := opensslCertificate(t, "-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048")
	exponent, _ := opensslCertificate(t, "-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:4294967297")
	sha224, _ := opensslCertificate(t, "-newkey", "rsa:2048", "-sha224")
	whole := der(t, client.Certificate)
	for name, c := range map[string]struct{ cert, says string }{
		"explicit curve":         {explicit, "explicit parameters instead of its name"},
		"compressed point":       {compressed, "in compressed form"},
		"Ed448":                  {ed448, "Its key is Ed448"},
		"RSA-PSS key":            {pss, "Its key is RSA-PSS"},
		"RSA exponent":           {exponent, "exponent above 2147483647"},
		"SHA-224":                {sha224, "signed with the algorithm SHA224-RSA"},
		"brainpool curve":        {brainpool, "brainpoolP256r1"},
		"critical identifier":    {critical, "marked critical that must not be"},
		"DNS name not in ASCII":  {badName, "subject alternative name in it is malformed"},
		"text that is not UTF-8": {alter(t, client.Certificate, ca.Key, "anna_bella", "anna_bell\xff"), "encoding that does not fit its text (invalid UTF-8 string)"},
		"unknown kind of text":   {alter(t, client.Certificate, ca.Key, "\x0c\x0aanna_bella", "\x1c\x0aanna_bella"), "encoding that does not fit its text"},
		"version 7":              {alter(t, client.Certificate, ca.Key, "\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x06"), "its version is not one of X.509"},
		"another algorithm":      {encodeCertificate([]byte(strings.Replace(whole, "\xce\x3d\x04\x03\x02", "\xce\x3d\x04\x03\x03", 1))), "two different signature algorithms"},
		"no time zone":           {alter(t, client.Certificate, ca.Key, "Z\x17\x0d", "X\x17\x0d"), "its validity is not written as RFC 5280 demands"},
	} {
		_, err := check(c.cert, "", ca.Certificate, vpn.UseClient, time.Now())
		if got := vpn.FieldsOf(err)["certificate"]; !strings.Contains(got, c.says) || strings.Contains(got, "damaged") {
			t.Errorf("%s: got %q, want %q", name, got, c.says)
		}
	}
	for name, b := range map[string]string{
		"cut off":     whole[:len(whole)-20],
		"a bit":       strings.Replace(whole, "\x06\x03\x55\x04\x03", "\x06\x23\x55\x04\x03", 1),
		"random":      strings.Repeat("\x30\x82\x01\x00\xff", 50),
		"not DER":     "\x30\x80" + whole[4:] + "\x00\x00",
		"no contents": "\x30\x00",
	} {
		_, err := check(encodeCertificate([]byte(b)), "", ca.Certificate, vpn.UseClient, time.Now())
		got := vpn.FieldsOf(err)["certificate"]
		if want := map[string]string{"not DER": "BER"}[name]; want != "" && strings.Contains(got, want) {
			continue
		}
		if !strings.Contains(got, "damaged") {
			t.Errorf("%s: got %q, want damaged", name, got)
		}
	}

	// Keys alike: that of a curve that is written out is read where it is a curve we know.
	key, fault := readKey(explicitKey)
	if fault != "" {
		t.Fatalf("key with explicit parameters: %s", fault)
	}
	if _, err := check(forge(t, key, &ca, nil).Certificate, explicitKey, ca.Certificate, vpn.UseServer, time.Now()); err != nil {
		t.Errorf("key with explicit parameters: %v", err)
	}
	for name, c := range map[string]struct{ key, says string }{
		"brainpool":          {brainpoolKey, "brainpoolP256r1"},
		"brainpool explicit": {string(must(t, "openssl", "ecparam", "-name", "brainpoolP256r1", "-param_enc", "explicit", "-genkey", "-noout")), "neither P-256 nor P-384"},
		"DSA-like PKCS #8":   {string(must(t, "openssl", "genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048")), "RSA-PSS alone"},
		"X448":               {string(must(t, "openssl", "genpkey", "-algorithm", "ED448")), "a type that is not supported"},
		"broken":             {string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{0x30, 3, 2, 1}})), "damaged"},
	} {
		_, fault := readKey(c.key)
		if !strings.Contains(fault, c.says) || c.says != "damaged" && strings.Contains(fault, "damaged") {
			t.Errorf("%s: got %q, want %q", name, fault, c.says)
		}
	}
	for _, args := range [][]string{{"ecparam", "-name", "secp384r1", "-param_enc", "explicit", "-genkey", "-noout"}, {"ecparam", "-name", "prime256v1", "-conv_form", "compressed", "-param_enc", "explicit", "-genkey"}} {
		text := string(must(t, "openssl", args...))
		got, fault := readKey(text)
		if fault != "" {
			t.Errorf("%v: %s", args, fault)
			continue
		}
		public := must(t, "openssl", "pkey", "-in", write(t, "key.pem", text), "-pubout", "-outform", "DER", "-ec_conv_form", "uncompressed", "-ec_param_enc", "named_curve")
		if own, err := x509.MarshalPKIXPublicKey(got.Public()); err != nil || !bytes.Equal(own, public) {
			t.Errorf("%v: the key that was read is another", args)
		}
	}
}

// No certificate of which a byte was changed is imported, wherever it is read in a copy.
func TestChangedCertificatesAreRefused(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp_CA"))
	ca.Certificate = asPrintable(t, ca.Certificate, ca.Key, "Corp_CA")
	client := mustIssue(t, vpn.UseClient, ca, spec("anna_bella"))
	serial := newSerialBytes(t, client.Certificate)
	client.Certificate = alter(t, asPrintable(t, client.Certificate, ca.Key, "anna_bella"), ca.Key, serial, "\xff\x7e"+serial[2:])
	if _, err := check(client.Certificate, "", ca.Certificate, vpn.UseClient, time.Now()); err != nil {
		t.Fatal(err)
	}
	whole := []byte(der(t, client.Certificate))
	for i := range whole {
		for _, flip := range []byte{0x01, 0x07, 0x20, 0x80, 0xff} {
			changed := bytes.Clone(whole)
			changed[i] ^= flip
			if _, err := check(encodeCertificate(changed), "", ca.Certificate, vpn.UseClient, time.Now()); err == nil {
				t.Errorf("byte %d of %d may be %#x instead of %#x", i, len(whole), changed[i], whole[i])
			}
			if _, err := check(encodeCertificate(whole), "", encodeCertificate(changed)+ca.Certificate, vpn.UseClient, time.Now()); err != nil && !strings.Contains(err.Error(), "chain") {
				t.Errorf("byte %d changed in the chain: %v", i, err)
			}
		}
	}
}

// Readers of parts of a certificate come to an end whatever the parts are.
func FuzzParts(f *testing.F) {
	f.Add([]byte("\x30\x13\x31\x11\x30\x0f\x06\x03\x55\x04\x03\x0c\x08anna_bel"))
	f.Add([]byte("\x30\x0c\xa0\x0a\x30\x08\xa4\x06\x30\x04\x31\x02\x30\x00"))
	f.Add([]byte("\x30\x80\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = directorySubtrees(b)
		_, _ = labelOf(b), soundDER(b)
		_, _ = outlineOf(b)
		usual, _ := usualCopy(b)
		if len(usual) != len(b) {
			t.Error("the copy has another length")
		}
		if comparable(b) != comparable(bytes.Clone(b)) {
			t.Error("a name differs from itself")
		}
		_, _ = readCertificate(b)
		_, _ = unusualKey("PRIVATE KEY", b)
		if got := (Maker{}).WithoutPrivateKeys(string(b)); strings.Contains(strings.ToUpper(got), "PRIVATE KEY") {
			t.Errorf("a private key's line is left: %q", got)
		}
	})
}
