package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// check is CheckImport with the boxes as a form sends them.
func check(cert, key, chain string, use vpn.CertificateUse, now time.Time) (vpn.KeyPair, error) {
	return Maker{}.CheckImport(use, vpn.KeyPair{Certificate: cert, Key: vpn.Secret(key), Chain: chain}, "", now)
}

// forge signs whatever the case asks for, also what this package would never issue.
func forge(t *testing.T, key crypto.Signer, parent *vpn.KeyPair, change func(*x509.Certificate)) vpn.KeyPair {
	t.Helper()
	template := templateOf(spec("vpn.example.com"), time.Now())
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if change != nil {
		change(template)
	}
	issuer, signer, chain := template, key, ""
	if parent != nil {
		certs, _ := readCertificates(parent.Certificate)
		issuer, chain = certs[0], parent.Certificate+parent.Chain
		signer, _ = readKey(parent.Key.Reveal())
	}
	p, err := sign(template, issuer, key, signer)
	if err != nil {
		t.Fatal(err)
	}
	p.Chain = chain
	return p
}

func asCA(cn string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: cn}
		c.IsCA, c.KeyUsage, c.ExtKeyUsage = true, x509.KeyUsageCertSign, nil
	}
}

func ecKey(t *testing.T, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func der(t *testing.T, certPEM string) string {
	t.Helper()
	b, _ := pem.Decode([]byte(certPEM))
	return string(b.Bytes)
}

func must(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return out
}

// opensslCertificate makes what Go refuses to make: 1024-bit keys and SHA-1 signatures, as old
// easy-rsa set-ups have them.
func opensslCertificate(t *testing.T, args ...string) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	c, k := filepath.Join(dir, "c"), filepath.Join(dir, "k")
	must(t, "openssl", append([]string{"req", "-x509", "-nodes", "-subj", "/CN=old", "-days", "30", "-out", c, "-keyout", k}, args...)...)
	cb, err := os.ReadFile(c)
	if err != nil {
		t.Fatal(err)
	}
	kb, err := os.ReadFile(k)
	if err != nil {
		t.Fatal(err)
	}
	return string(cb), string(kb)
}

func TestCheckImportAccepts(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca := mustAuthority(t, specOf("Corp CA", vpn.RSA2048))
	server := mustIssue(t, vpn.UseServer, ca, spec("vpn.example.com"))
	unrelated := mustAuthority(t, spec("Unrelated"))

	got, err := check("\ufeffBag Attributes\r\n"+strings.ReplaceAll(server.Certificate, "\n", "\r\n"), server.Key.Reveal(), unrelated.Certificate+server.Certificate+ca.Certificate, vpn.UseServer, now)
	if err != nil {
		t.Fatalf("server: %v", err)
	}
	if got != server {
		t.Error("server: the pair that comes back differs from the one issued, or the unrelated authority stayed in the chain")
	}

	root := forge(t, ecKey(t, elliptic.P384()), nil, asCA("Root"))
	between := forge(t, ecKey(t, elliptic.P256()), &root, asCA("Issuing"))
	leaf := forge(t, ecKey(t, elliptic.P256()), &between, nil)
	got, err = check(leaf.Certificate, leaf.Key.Reveal(), root.Certificate+between.Certificate, vpn.UseServer, now)
	if err != nil {
		t.Fatalf("chain in the wrong order: %v", err)
	}
	if got.Chain != between.Certificate+root.Certificate {
		t.Error("chain: want issuing authority, then root")
	}

	if got, err = check(ca.Certificate, "", "", vpn.UseAuthority, now); err != nil || got.Certificate != ca.Certificate {
		t.Errorf("authority without key: %v", err)
	}
	if got, err = check(ca.Certificate, ca.Key.Reveal(), "", vpn.UseAuthority, now); err != nil || got != ca {
		t.Errorf("authority with key: %v", err)
	}

	client := mustIssue(t, vpn.UseClient, ca, spec("alice"))
	if got, err = check(client.Certificate, "", ca.Certificate, vpn.UseClient, now); err != nil || got.Certificate != client.Certificate || got.Key != "" {
		t.Errorf("client without key: %v", err)
	}
	if got, err = check(client.Certificate, client.Key.Reveal(), ca.Certificate, vpn.UseClient, now); err != nil || got != client {
		t.Errorf("client with key: %v", err)
	}

	// What openssl and easy-rsa write: PKCS #1 and SEC 1 with its parameters.
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	old := forge(t, rsaKey, &ca, nil)
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})
	if _, err := check(old.Certificate, string(pkcs1), ca.Certificate, vpn.UseServer, now); err != nil {
		t.Errorf("PKCS #1 key: %v", err)
	}
	sec1 := string(must(t, "openssl", "ecparam", "-genkey", "-name", "prime256v1"))
	key, fault := readKey(sec1)
	if fault != "" {
		t.Fatalf("SEC 1 key: %s", fault)
	}
	if _, err := check(forge(t, key, &ca, nil).Certificate, sec1, ca.Certificate, vpn.UseServer, now); err != nil {
		t.Errorf("SEC 1 key: %v", err)
	}
}

// What is unusual and works is taken: OpenVPN connected with each of these.
func TestCheckImportAcceptsTheUnusual(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	for what, change := range map[string]func(*x509.Certificate){
		"a wildcard":                  func(c *x509.Certificate) { c.Subject.CommonName = "*.example.com" },
		"letters beyond ASCII":        func(c *x509.Certificate) { c.Subject.CommonName = "vpn.bücher.example" },
		"valid until 9999":            func(c *x509.Certificate) { c.NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) },
		"two common names":            func(c *x509.Certificate) { c.Subject.ExtraNames = twoCommonNames("first.example", "second.example") },
		"a serial number of 20 bytes": func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 158) },
	} {
		leaf := forge(t, ecKey(t, elliptic.P256()), &ca, change)
		if _, err := check(leaf.Certificate, leaf.Key.Reveal(), ca.Certificate, vpn.UseServer, time.Now()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func twoCommonNames(names ...string) (out []pkix.AttributeTypeAndValue) {
	for _, n := range names {
		out = append(out, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: n})
	}
	return out
}

func TestCheckImportRefuses(t *testing.T) {
	t.Parallel()
	now := time.Now().Add(time.Minute) // openssl dates its certificates with its own clock
	ca := mustAuthority(t, spec("Corp CA"))
	namesake := mustAuthority(t, spec("Corp CA"))
	good := mustIssue(t, vpn.UseServer, ca, spec("vpn.example.com"))
	client := mustIssue(t, vpn.UseClient, ca, spec("alice"))
	root := forge(t, ecKey(t, elliptic.P256()), nil, asCA("Root"))
	between := forge(t, ecKey(t, elliptic.P256()), &root, asCA("Issuing"))
	deep := forge(t, ecKey(t, elliptic.P256()), &between, nil)
	underPathLen := forge(t, ecKey(t, elliptic.P256()), &ca, asCA("Sub")) // ca has path length 0
	tooDeep := forge(t, ecKey(t, elliptic.P256()), &underPathLen, nil)
	noSign := forge(t, ecKey(t, elliptic.P256()), nil, func(c *x509.Certificate) { asCA("No")(c); c.KeyUsage = x509.KeyUsageCRLSign })
	p521 := forge(t, ecKey(t, elliptic.P521()), &ca, nil)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	ed := forge(t, edKey, &ca, nil)
	forged := func(change func(*x509.Certificate)) vpn.KeyPair {
		return forge(t, ecKey(t, elliptic.P256()), &ca, change)
	}
	noKU := forged(func(c *x509.Certificate) { c.KeyUsage = 0 })
	noCN := forged(func(c *x509.Certificate) { c.Subject = pkix.Name{Organization: []string{"Corp"}} })
	quoted := forged(func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: `a"b`} })
	expired := forged(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) })
	future := forged(func(c *x509.Certificate) { c.NotBefore = now.Add(oneDay) })
	oldRoot := forge(t, ecKey(t, elliptic.P256()), nil, func(c *x509.Certificate) { asCA("Old")(c); c.NotAfter = now.Add(-time.Minute) })
	underOld := forge(t, ecKey(t, elliptic.P256()), &oldRoot, nil)
	alone := forge(t, ecKey(t, elliptic.P256()), nil, nil)
	weak, weakKey := opensslCertificate(t, "-newkey", "rsa:1024")
	sha1, sha1Key := opensslCertificate(t, "-newkey", "rsa:2048", "-sha1")
	dir := t.TempDir()
	kp, cp := filepath.Join(dir, "k"), filepath.Join(dir, "c")
	_ = os.WriteFile(kp, []byte(good.Key.Reveal()), 0o600)
	_ = os.WriteFile(cp, []byte(good.Certificate), 0o600)
	p12 := string(must(t, "openssl", "pkcs12", "-export", "-inkey", kp, "-in", cp, "-passout", "pass:x"))
	encrypted := string(must(t, "openssl", "pkcs8", "-topk8", "-in", kp, "-passout", "pass:x"))
	csr := string(must(t, "openssl", "req", "-new", "-key", kp, "-subj", "/CN=x"))
	key := good.Key.Reveal()

	for name, c := range map[string]struct {
		cert, key, chain string
		use              vpn.CertificateUse
		field, says      string
	}{
		"nothing":               {"", key, ca.Certificate, vpn.UseServer, "certificate", "Paste the certificate"},
		"text":                  {"hello", key, ca.Certificate, vpn.UseServer, "certificate", "This is not PEM"},
		"huge":                  {strings.Repeat("x", 10<<20), key, ca.Certificate, vpn.UseServer, "certificate", "This is 10240 KB"},
		"cut off":               {good.Certificate[:200], key, ca.Certificate, vpn.UseServer, "certificate", "damaged"},
		"second one cut off":    {good.Certificate + ca.Certificate[:200], key, ca.Certificate, vpn.UseServer, "certificate", "Block 2, line 12: The PEM text is damaged"},
		"junk in the armour":    {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key, ca.Certificate, vpn.UseServer, "certificate", "damaged"},
		"DER":                   {der(t, good.Certificate), key, ca.Certificate, vpn.UseServer, "certificate", "binary (DER)"},
		"PKCS 12 and a key":     {p12, key, ca.Certificate, vpn.UseServer, "private_key", "PKCS #12 file of the certificate has a key"},
		"some binary":           {"\x7fELF\x00\x01", key, ca.Certificate, vpn.UseServer, "certificate", "binary file"},
		"a signing request":     {csr, key, ca.Certificate, vpn.UseServer, "certificate", "signing request"},
		"key as certificate":    {key, key, ca.Certificate, vpn.UseServer, "certificate", "private key"},
		"certificate and key":   {good.Certificate + key, key, ca.Certificate, vpn.UseServer, "certificate", "private key"},
		"several certificates":  {good.Certificate + client.Certificate, ca.Key.Reveal(), ca.Certificate, vpn.UseServer, "certificate", "2 certificates"},
		"expired":               {expired.Certificate, expired.Key.Reveal(), ca.Certificate, vpn.UseServer, "certificate", "expired on"},
		"not yet valid":         {future.Certificate, future.Key.Reveal(), ca.Certificate, vpn.UseServer, "certificate", "not valid before"},
		"RSA 1024":              {weak, weakKey, "", vpn.UseAuthority, "certificate", "1024 bits"},
		"SHA-1":                 {sha1, sha1Key, "", vpn.UseAuthority, "certificate", "SHA1-RSA"},
		"P-521":                 {p521.Certificate, p521.Key.Reveal(), ca.Certificate, vpn.UseServer, "certificate", "P-521"},
		"Ed25519":               {ed.Certificate, ed.Key.Reveal(), ca.Certificate, vpn.UseServer, "certificate", "Ed25519"},
		"client as server":      {client.Certificate, client.Key.Reveal(), ca.Certificate, vpn.UseServer, "certificate", "not for servers"},
		"authority as server":   {ca.Certificate, ca.Key.Reveal(), "", vpn.UseServer, "certificate", "is a certificate authority"},
		"no key usage":          {noKU.Certificate, noKU.Key.Reveal(), ca.Certificate, vpn.UseServer, "certificate", "digital signature"},
		"no common name":        {noCN.Certificate, noCN.Key.Reveal(), ca.Certificate, vpn.UseServer, "certificate", "common name"},
		"self-signed server":    {alone.Certificate, alone.Key.Reveal(), "", vpn.UseServer, "certificate", "signed itself"},
		"server as authority":   {good.Certificate, key, "", vpn.UseAuthority, "certificate", "not a certificate authority"},
		"authority cannot sign": {noSign.Certificate, "", "", vpn.UseAuthority, "certificate", "certificate signing"},
		"authority not a root":  {between.Certificate, "", root.Certificate, vpn.UseAuthority, "certificate", "issued by Root"},
		"server as client":      {good.Certificate, "", ca.Certificate, vpn.UseClient, "certificate", "not for clients"},
		"client, no chain":      {client.Certificate, "", "", vpn.UseClient, "chain", "Paste the certificate of Corp CA"},
		"quote in the name":     {quoted.Certificate, quoted.Key.Reveal(), ca.Certificate, vpn.UseServer, "certificate", "“\"”, which ends a value"},
		"no use":                {good.Certificate, key, ca.Certificate, "", "use", "Choose what"},
		"no key":                {good.Certificate, "", ca.Certificate, vpn.UseServer, "private_key", "Paste the private key"},
		"another's key":         {good.Certificate, client.Key.Reveal(), ca.Certificate, vpn.UseServer, "private_key", "not the key of the certificate."},
		"key of another type":   {good.Certificate, weakKey, ca.Certificate, vpn.UseServer, "private_key", "it is RSA 1024 and the certificate's is ECDSA P-256"},
		"encrypted key":         {good.Certificate, encrypted, ca.Certificate, vpn.UseServer, "passphrase", "encrypted with a passphrase. Enter it here"},
		"certificate as key":    {good.Certificate, good.Certificate, ca.Certificate, vpn.UseServer, "private_key", "a certificate, not a private key"},
		"two keys":              {good.Certificate, key + key, ca.Certificate, vpn.UseServer, "private_key", "several private keys"},
		"no chain":              {good.Certificate, key, "", vpn.UseServer, "chain", "Paste the certificate of Corp CA"},
		"another's chain":       {good.Certificate, key, root.Certificate, vpn.UseServer, "chain", "needs the certificate of Corp CA"},
		"namesake":              {good.Certificate, key, namesake.Certificate, vpn.UseServer, "chain", "right name but did not sign"},
		"root is missing":       {deep.Certificate, deep.Key.Reveal(), between.Certificate, vpn.UseServer, "chain", "ends at Issuing"},
		"path length":           {tooDeep.Certificate, tooDeep.Key.Reveal(), tooDeep.Chain, vpn.UseServer, "chain", "does not verify"},
		"expired in the chain":  {underOld.Certificate, underOld.Key.Reveal(), oldRoot.Certificate, vpn.UseServer, "chain", "The chain's Old is valid from"},
		"key in the chain":      {good.Certificate, key, ca.Certificate + ca.Key.Reveal(), vpn.UseServer, "chain", "private key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair, err := check(c.cert, c.key, c.chain, c.use, now)
			if vpn.KindOf(err) != vpn.Invalid || !strings.Contains(vpn.FieldsOf(err)[c.field], c.says) {
				t.Fatalf("got %v, want %q at %s", err, c.says, c.field)
			}
			if pair != (vpn.KeyPair{}) {
				t.Error("a refused import gave a pair")
			}
			if strings.Contains(err.Error(), "-----BEGIN CERT") || (len(c.key) > 100 && strings.Contains(err.Error(), c.key[60:90])) {
				t.Error("the sentence repeats what was pasted")
			}
		})
	}
}

func TestCheckImportReportsEveryBoxAtOnce(t *testing.T) {
	t.Parallel()
	_, err := check("a", "b", "c", vpn.UseServer, time.Now())
	if f := vpn.FieldsOf(err); len(f) != 3 || f["certificate"] == "" || f["private_key"] == "" || f["chain"] == "" {
		t.Errorf("got %v, want sentences for certificate, private_key and chain", f)
	}
}

func FuzzCheckImport(f *testing.F) {
	for _, name := range []string{"client-cn-underscore-in-printablestring.crt", "renewed-ca-server.crt", "trusted-certificate-label.pem"} {
		cert, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		chain, err := os.ReadFile("testdata/renewed-ca-chain-old-first.pem")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(cert), string(cert), string(chain))
	}
	for _, c := range malformedTable(f) {
		text := readMalformed(f, c.file)
		f.Add(text, "", "")
		f.Add(readMalformed(f, "good-server.crt"), text, readMalformed(f, "good-authority.crt"))
	}
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x", "\x30\x03\x02\x01\x03")
	f.Fuzz(func(t *testing.T, cert, key, chain string) {
		for _, use := range []vpn.CertificateUse{vpn.UseServer, vpn.UseAuthority} {
			if p, err := check(cert, key, chain, use, time.Unix(0, 0)); err == nil && p.Certificate == "" {
				t.Error("accepted without a certificate")
			}
		}
	})
}
