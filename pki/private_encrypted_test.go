package pki

import (
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"sallyport/vpn"
)

// with is CheckImport of a server certificate with a passphrase.
func with(cert, key, chain, passphrase string) (vpn.KeyPair, error) {
	return Maker{}.CheckImport(vpn.UseServer, vpn.KeyPair{Certificate: cert, Key: vpn.Secret(key), Chain: chain}, vpn.Secret(passphrase), time.Now())
}

// Encrypted keys as OpenSSL writes them, of today and of many years ago, open with their passphrase alone.
func TestEncryptedKeys(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	server := mustIssue(t, vpn.UseServer, ca, specOf("vpn.example.com", vpn.RSA2048))
	curve := mustIssue(t, vpn.UseServer, ca, spec("vpn.example.com"))
	const word = "Päß wörd"
	for name, args := range map[string][]string{
		"PBES2, the default":      {"pkcs8", "-topk8"},
		"PBES2, AES-128, SHA-1":   {"pkcs8", "-topk8", "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"},
		"PBES2, AES-192, SHA-512": {"pkcs8", "-topk8", "-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA512"},
		"PBES2, 3DES":             {"pkcs8", "-topk8", "-v2", "des3"},
		"PBES2, many rounds":      {"pkcs8", "-topk8", "-iter", "20000"},
		"Proc-Type, AES-256":      {"pkey", "-traditional", "-aes256"},
		"Proc-Type, 3DES":         {"pkey", "-traditional", "-des3"},
	} {
		for _, pair := range []vpn.KeyPair{server, curve} {
			text := string(must(t, "openssl", slices.Concat(args, []string{"-in", write(t, "key.pem", pair.Key.Reveal()), "-passout", "pass:" + word})...))
			if got, err := with(pair.Certificate, text, ca.Certificate, word); err != nil || got != pair {
				t.Errorf("%s: %v", name, err)
			}
			if got, err := with(pair.Certificate, strings.ReplaceAll("\ufeffMy key:\n"+text, "\n", "\r\n"), ca.Certificate, word); err != nil || got != pair {
				t.Errorf("%s, as Windows has it: %v", name, err)
			}
			for typed, want := range map[string]string{"": "Block 1, line 1: The private key is encrypted", "wrong": "Block 1, line 1: The passphrase does not open"} {
				_, err := with(pair.Certificate, text, ca.Certificate, typed)
				if got := vpn.FieldsOf(err); len(got) != 1 || !strings.HasPrefix(got["passphrase"], want) {
					t.Errorf("%s, passphrase %q: %v", name, typed, got)
				}
			}
			whole := pair.Certificate + ca.Certificate + text // all in one text
			if got, err := with(whole, "", "", word); err != nil || got != pair {
				t.Errorf("%s, in one text with the certificates: %v", name, err)
			}
		}
	}
	old := string(must(t, "openssl", "pkcs8", "-topk8", "-scrypt", "-in", write(t, "key.pem", server.Key.Reveal()), "-passout", "pass:x"))
	if _, err := with(server.Certificate, old, ca.Certificate, "x"); !strings.Contains(vpn.FieldsOf(err)["private_key"], "not supported. Encrypt it again: openssl pkcs8 -topk8") {
		t.Errorf("scrypt: %v", err)
	}
}

// One text may hold the certificate, its chain in any order and its key; the refusal says which block is wrong.
func TestAllInOneText(t *testing.T) {
	t.Parallel()
	root := forge(t, ecKey(t, elliptic.P256()), nil, asCA("Root"))
	between := forge(t, ecKey(t, elliptic.P256()), &root, asCA("Issuing"))
	leaf := forge(t, ecKey(t, elliptic.P256()), &between, nil)
	want := vpn.KeyPair{Certificate: leaf.Certificate, Key: leaf.Key, Chain: between.Certificate + root.Certificate}
	key := leaf.Key.Reveal()
	for name, text := range map[string]string{
		"key last":  root.Certificate + leaf.Certificate + between.Certificate + key,
		"key first": key + leaf.Certificate + between.Certificate + root.Certificate,
	} {
		if got, err := with(text, "", "", ""); err != nil || got != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := with(leaf.Certificate+between.Certificate, key, root.Certificate, ""); err != nil || got != want {
		t.Errorf("the chain in two boxes: %v", err)
	}
	if got, err := check(root.Certificate+between.Certificate, "", "", vpn.UseAuthority, time.Now()); err != nil || got.Certificate != root.Certificate {
		t.Errorf("the root of a bundle as authority: %v", err)
	}
	expired := forge(t, ecKey(t, elliptic.P256()), &root, func(c *x509.Certificate) { asCA("Issuing")(c); c.NotAfter = time.Now().Add(-time.Minute) })
	late := forge(t, ecKey(t, elliptic.P256()), &expired, nil)
	broken := strings.Replace(between.Certificate, "\nM", "\nM*", 1)
	for name, c := range map[string]struct{ cert, key, chain, field, says string }{
		"expired issuer":  {late.Certificate, late.Key.Reveal(), root.Certificate + "text\n" + expired.Certificate, "chain", "Block 2, line %: The chain's Issuing is valid from"},
		"wrong character": {leaf.Certificate, key, root.Certificate + broken, "chain", "Block 2, line %: The PEM text is damaged: the block BEGIN CERTIFICATE contains characters"},
		"second key":      {leaf.Certificate, key + "\n" + root.Key.Reveal(), root.Certificate, "private_key", "Block 2, line %: This holds several private keys"},
		"which one":       {leaf.Certificate + late.Certificate, root.Key.Reveal(), root.Certificate, "certificate", "Block 2, line %: This holds 2 certificates, and which one"},
		"key is no key":   {leaf.Certificate, "Here:\n" + between.Certificate, root.Certificate, "private_key", "Block 1, line 2: This is a certificate, not a private key."},
	} {
		_, err := with(c.cert, c.key, c.chain, "")
		text := map[string]string{"chain": c.chain, "private_key": c.key, "certificate": c.cert}[c.field]
		begin := strings.LastIndex(text, "-----BEGIN")
		line := strings.Count(text[:begin], "\n") + 1
		if strings.Contains(c.says, "contains characters") {
			line++
		}
		says := strings.Replace(c.says, "%", big.NewInt(int64(line)).String(), 1)
		if got := vpn.FieldsOf(err)[c.field]; !strings.HasPrefix(got, says) {
			t.Errorf("%s: got %q, want %q", name, got, says)
		}
	}
}

// PKCS #12 files of OpenSSL, and in the two forms that Windows writes, give certificate, key and chain.
func TestPKCS12(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	server := mustIssue(t, vpn.UseServer, ca, specOf("vpn.example.com", vpn.RSA2048))
	k, c, above := write(t, "key.pem", server.Key.Reveal()), write(t, "cert.pem", server.Certificate), write(t, "ca.pem", ca.Certificate)
	const word = "Päß wörd"
	openssl := func(args ...string) string {
		return string(must(t, "openssl", slices.Concat([]string{"pkcs12", "-export", "-inkey", k, "-in", c, "-certfile", above, "-passout"}, args)...))
	}
	key, _ := readKey(server.Key.Reveal())
	certs, _ := readCertificates(server.Certificate + ca.Certificate)
	encoded := func(e *pkcs12.Encoder) string {
		b, err := e.Encode(key, certs[0], certs[1:], word)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for name, file := range map[string]string{
		"OpenSSL":          openssl("pass:" + word),
		"OpenSSL, 100,000": openssl("pass:"+word, "-iter", "100000"),
		"Windows, AES":     encoded(pkcs12.Modern2023),
		"Windows, 3DES":    encoded(pkcs12.LegacyDES),
		"Windows, RC2":     encoded(pkcs12.LegacyRC2),
		"no encryption":    openssl("pass:"+word, "-keypbe", "NONE", "-certpbe", "NONE"),
	} {
		if got, err := with(file, "", "", word); err != nil || got != server {
			t.Errorf("%s: %v", name, err)
		}
		for typed, want := range map[string]string{"": "encrypted with a passphrase", "wrong": "does not open the PKCS #12 file"} {
			_, err := with(file, "", "", typed)
			if got := vpn.FieldsOf(err); len(got) != 1 || !strings.Contains(got["passphrase"], want) {
				t.Errorf("%s, passphrase %q: %v", name, typed, got)
			}
		}
	}
	if got, err := with(openssl("pass:"), "", "", ""); err != nil || got != server {
		t.Errorf("empty passphrase: %v", err)
	}
	alone := string(must(t, "openssl", "pkcs12", "-export", "-inkey", k, "-in", c, "-passout", "pass:"+word))
	if got, err := with(alone, "", ca.Certificate, word); err != nil || got != server {
		t.Errorf("chain beside the file: %v", err)
	}
	for name, c := range map[string]struct{ cert, key, chain, field, says string }{
		"no chain":       {alone, "", "", "chain", "Paste the certificate of Corp CA"},
		"no key":         {string(must(t, "openssl", "pkcs12", "-export", "-nokeys", "-in", c, "-passout", "pass:"+word)), "", "", "certificate", "has no private key"},
		"cut off":        {alone[:len(alone)-100], "", "", "certificate", "a binary file of an unknown kind"},
		"changed":        {strings.Replace(alone, alone[200:210], strings.Repeat("x", 10), 1), "", "", "", ""},
		"as key":         {server.Certificate, alone, ca.Certificate, "private_key", "Choose it as the file of the certificate"},
		"as chain":       {server.Certificate, server.Key.Reveal(), alone, "chain", "Choose it as the file of the certificate"},
		"with a key":     {alone, server.Key.Reveal(), ca.Certificate, "private_key", "Leave this box empty"},
		"too many turns": {openssl("pass:"+word, "-iter", "2000001"), "", "", "certificate", "more than 3000000 rounds"},
		"too large":      {alone + strings.Repeat("\x00", maxText), "", "", "certificate", "KB"},
	} {
		_, err := with(c.cert, c.key, c.chain, word)
		if got := vpn.FieldsOf(err)[c.field]; err == nil || !strings.Contains(got, c.says) || strings.Contains(err.Error(), "asn1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file that asks for endless work is refused before the work begins, whatever derives its key.
func TestEncryptionThatTakesTooLong(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	server := mustIssue(t, vpn.UseServer, ca, spec("vpn.example.com"))
	text := string(must(t, "openssl", "pkcs8", "-topk8", "-in", write(t, "key.pem", server.Key.Reveal()), "-passout", "pass:x"))
	b, _ := pem.Decode([]byte(text))
	for _, n := range []*big.Int{big.NewInt(maxIterations + 1), new(big.Int).Lsh(big.NewInt(1), 62), new(big.Int).Lsh(big.NewInt(1), 100)} {
		bomb := withIterations(t, b.Bytes, n)
		_, err := with(server.Certificate, string(pem.EncodeToMemory(&pem.Block{Type: b.Type, Bytes: bomb})), ca.Certificate, "x")
		if !strings.Contains(vpn.FieldsOf(err)["private_key"], "Encrypt it again with the default of OpenSSL") {
			t.Errorf("%v rounds: %v", n, err)
		}
	}
}

// withIterations is an encrypted PKCS #8 key that asks for another number of iterations.
func withIterations(t *testing.T, der []byte, n *big.Int) []byte {
	t.Helper()
	type algorithm struct {
		ID         asn1.ObjectIdentifier
		Parameters asn1.RawValue `asn1:"optional"`
	}
	var sealed struct {
		Algorithm algorithm
		Content   []byte
	}
	var scheme struct{ Derivation, Encryption algorithm }
	var derivation struct {
		Salt       []byte
		Iterations *big.Int
		Hash       algorithm `asn1:"optional"`
	}
	read := func(b []byte, v any) {
		if _, err := asn1.Unmarshal(b, v); err != nil {
			t.Fatal(err)
		}
	}
	raw := func(v any) asn1.RawValue {
		b, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return asn1.RawValue{FullBytes: b}
	}
	read(der, &sealed)
	read(sealed.Algorithm.Parameters.FullBytes, &scheme)
	read(scheme.Derivation.Parameters.FullBytes, &derivation)
	derivation.Iterations = n
	scheme.Derivation.Parameters = raw(derivation)
	sealed.Algorithm.Parameters = raw(scheme)
	return raw(sealed).FullBytes
}

// Whatever a file and a passphrase are, opening them ends with a result or a sentence.
func FuzzEncrypted(f *testing.F) {
	signer, err := generate(vpn.ECDSAP256)
	if err != nil {
		f.Fatal(err)
	}
	authority, err := Maker{}.NewAuthority(vpn.CertificateSpec{CommonName: "x", KeyType: vpn.ECDSAP256, ValidFor: time.Hour}, time.Now())
	if err != nil {
		f.Fatal(err)
	}
	certs, _ := readCertificates(authority.Certificate)
	file, err := pkcs12.Modern.WithIterations(1).WithRand(rand.Reader).Encode(signer, certs[0], nil, "x")
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range malformedTable(f) {
		if strings.HasPrefix(c.file, "pkcs12-") || strings.HasPrefix(c.file, "key-") {
			f.Add([]byte(readMalformed(f, c.file)), c.passphrase)
		}
	}
	f.Add(file, "x")
	f.Add(file[:len(file)/2], "")
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"), "x")
	f.Add([]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"), "\x00")
	f.Fuzz(func(t *testing.T, b []byte, passphrase string) {
		if iterationsIn(b, 0) > 1000 { // the work is bounded, and too much for many runs
			return
		}
		_, field, fault := readPKCS12(b, vpn.Secret(passphrase))
		if fault != "" && field == "" {
			t.Errorf("no box for %q", fault)
		}
		if key, field, fault := readKeyWith(string(b), vpn.Secret(passphrase)); (key == nil) != (fault != "") || fault != "" && field == "" {
			t.Errorf("key %v, fault %q in %q", key != nil, fault, field)
		}
		blocks, _ := readBlocks(string(b), "it")
		for _, p := range blocks {
			if p.place != (place{}) && (p.line < 1 || p.line > strings.Count(string(b), "\n")+strings.Count(string(b), `\n`)+strings.Count(string(b), "\r")+strings.Count(string(b), `\r`)+1) {
				t.Errorf("block %d is said to be in line %d", p.place.block, p.line)
			}
		}
	})
}
