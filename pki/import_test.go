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
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// forge signs whatever the case asks for, also what this package would never issue.
func forge(t *testing.T, key crypto.Signer, parent *Pair, change func(*x509.Certificate)) Pair {
	t.Helper()
	template := Spec{CommonName: "vpn.example.com", ValidFor: 30 * oneDay}.template()
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.BasicConstraintsValid = true
	if change != nil {
		change(template)
	}
	issuer, signer, chain := template, key, ""
	if parent != nil {
		certs, _ := readCertificates(parent.CertPEM)
		issuer, chain = certs[0], parent.CertPEM+parent.ChainPEM
		signer, _ = readKey(parent.KeyPEM.Reveal())
	}
	p, err := sign(template, issuer, key, signer)
	if err != nil {
		t.Fatal(err)
	}
	p.ChainPEM = chain
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
	ca := mustAuthority(t, Spec{CommonName: "Corp CA", KeyType: RSA2048, ValidFor: 60 * oneDay})
	server := mustIssue(t, IssueServer, ca, spec("vpn.example.com"))
	stranger := mustAuthority(t, spec("Stranger"))

	got, err := CheckImport("\ufeffBag Attributes\r\n"+strings.ReplaceAll(server.CertPEM, "\n", "\r\n"), server.KeyPEM.Reveal(), stranger.CertPEM+server.CertPEM+ca.CertPEM, UseServer, now)
	if err != nil {
		t.Fatalf("server: %v", err)
	}
	if got != server {
		t.Error("server: the pair that comes back differs from the one issued, or the stranger stayed in the chain")
	}

	root := forge(t, ecKey(t, elliptic.P384()), nil, asCA("Root"))
	between := forge(t, ecKey(t, elliptic.P256()), &root, asCA("Issuing"))
	leaf := forge(t, ecKey(t, elliptic.P256()), &between, nil)
	got, err = CheckImport(leaf.CertPEM, leaf.KeyPEM.Reveal(), root.CertPEM+between.CertPEM, UseServer, now)
	if err != nil {
		t.Fatalf("chain in the wrong order: %v", err)
	}
	if got.ChainPEM != between.CertPEM+root.CertPEM || got.Root() != root.CertPEM || got.Presented() != leaf.CertPEM+between.CertPEM {
		t.Error("chain: want issuing authority, then root")
	}

	if got, err = CheckImport(ca.CertPEM, "", "", UseAuthority, now); err != nil || got.CertPEM != ca.CertPEM {
		t.Errorf("authority without key: %v", err)
	}
	if got, err = CheckImport(ca.CertPEM, ca.KeyPEM.Reveal(), "", UseAuthority, now); err != nil || got != ca {
		t.Errorf("authority with key: %v", err)
	}

	// What openssl and easy-rsa write: PKCS #1 and SEC 1 with its parameters.
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	old := forge(t, rsaKey, &ca, nil)
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})
	if _, err := CheckImport(old.CertPEM, string(pkcs1), ca.CertPEM, UseServer, now); err != nil {
		t.Errorf("PKCS #1 key: %v", err)
	}
	sec1 := string(must(t, "openssl", "ecparam", "-genkey", "-name", "prime256v1"))
	key, fault := readKey(sec1)
	if fault != "" {
		t.Fatalf("SEC 1 key: %s", fault)
	}
	if _, err := CheckImport(forge(t, key, &ca, nil).CertPEM, sec1, ca.CertPEM, UseServer, now); err != nil {
		t.Errorf("SEC 1 key: %v", err)
	}
}

func TestCheckImportRefuses(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca := mustAuthority(t, Spec{CommonName: "Corp CA", KeyType: ECDSAP256, ValidFor: 60 * oneDay})
	namesake := mustAuthority(t, Spec{CommonName: "Corp CA", KeyType: ECDSAP256, ValidFor: 60 * oneDay})
	good := mustIssue(t, IssueServer, ca, spec("vpn.example.com"))
	client := mustIssue(t, IssueClient, ca, spec("alice"))
	root := forge(t, ecKey(t, elliptic.P256()), nil, asCA("Root"))
	between := forge(t, ecKey(t, elliptic.P256()), &root, asCA("Issuing"))
	deep := forge(t, ecKey(t, elliptic.P256()), &between, nil)
	underPathLen := forge(t, ecKey(t, elliptic.P256()), &ca, asCA("Sub")) // ca has path length 0
	tooDeep := forge(t, ecKey(t, elliptic.P256()), &underPathLen, nil)
	noSign := forge(t, ecKey(t, elliptic.P256()), nil, func(c *x509.Certificate) { asCA("No")(c); c.KeyUsage = x509.KeyUsageCRLSign })
	p521 := forge(t, ecKey(t, elliptic.P521()), &ca, nil)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	ed := forge(t, edKey, &ca, nil)
	forged := func(change func(*x509.Certificate)) Pair { return forge(t, ecKey(t, elliptic.P256()), &ca, change) }
	noKU := forged(func(c *x509.Certificate) { c.KeyUsage = 0 })
	noCN := forged(func(c *x509.Certificate) { c.Subject = pkix.Name{Organization: []string{"Corp"}} })
	expired := forged(func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) })
	future := forged(func(c *x509.Certificate) { c.NotBefore = now.Add(oneDay) })
	oldRoot := forge(t, ecKey(t, elliptic.P256()), nil, func(c *x509.Certificate) { asCA("Old")(c); c.NotAfter = now.Add(-time.Minute) })
	underOld := forge(t, ecKey(t, elliptic.P256()), &oldRoot, nil)
	alone := forge(t, ecKey(t, elliptic.P256()), nil, nil)
	weak, weakKey := opensslCertificate(t, "-newkey", "rsa:1024")
	sha1, sha1Key := opensslCertificate(t, "-newkey", "rsa:2048", "-sha1")
	dir := t.TempDir()
	kp, cp := filepath.Join(dir, "k"), filepath.Join(dir, "c")
	_ = os.WriteFile(kp, []byte(good.KeyPEM.Reveal()), 0o600)
	_ = os.WriteFile(cp, []byte(good.CertPEM), 0o600)
	p12 := string(must(t, "openssl", "pkcs12", "-export", "-inkey", kp, "-in", cp, "-passout", "pass:x"))
	encrypted := string(must(t, "openssl", "pkcs8", "-topk8", "-in", kp, "-passout", "pass:x"))
	csr := string(must(t, "openssl", "req", "-new", "-key", kp, "-subj", "/CN=x"))
	key := good.KeyPEM.Reveal()

	for name, c := range map[string]struct {
		cert, key, chain string
		use              Use
		field, says      string
	}{
		"nothing":               {"", key, ca.CertPEM, UseServer, "certificate", "Paste the certificate"},
		"text":                  {"hello", key, ca.CertPEM, UseServer, "certificate", "This is not PEM"},
		"huge":                  {strings.Repeat("x", 10<<20), key, ca.CertPEM, UseServer, "certificate", "This is 10240 KB"},
		"cut off":               {good.CertPEM[:200], key, ca.CertPEM, UseServer, "certificate", "damaged"},
		"second one cut off":    {good.CertPEM + ca.CertPEM[:200], key, ca.CertPEM, UseServer, "certificate", "last PEM block is damaged"},
		"junk in the armour":    {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key, ca.CertPEM, UseServer, "certificate", "damaged"},
		"DER":                   {der(t, good.CertPEM), key, ca.CertPEM, UseServer, "certificate", "binary (DER)"},
		"PKCS 12":               {p12, key, ca.CertPEM, UseServer, "certificate", "PKCS #12"},
		"some binary":           {"\x7fELF\x00\x01", key, ca.CertPEM, UseServer, "certificate", "binary file"},
		"a signing request":     {csr, key, ca.CertPEM, UseServer, "certificate", "signing request"},
		"key as certificate":    {key, key, ca.CertPEM, UseServer, "certificate", "private key"},
		"certificate and key":   {good.CertPEM + key, key, ca.CertPEM, UseServer, "certificate", "private key"},
		"several certificates":  {good.CertPEM + ca.CertPEM, key, ca.CertPEM, UseServer, "certificate", "2 certificates"},
		"expired":               {expired.CertPEM, expired.KeyPEM.Reveal(), ca.CertPEM, UseServer, "certificate", "expired on"},
		"not yet valid":         {future.CertPEM, future.KeyPEM.Reveal(), ca.CertPEM, UseServer, "certificate", "not valid before"},
		"RSA 1024":              {weak, weakKey, "", UseAuthority, "certificate", "1024 bits"},
		"SHA-1":                 {sha1, sha1Key, "", UseAuthority, "certificate", "SHA1-RSA"},
		"P-521":                 {p521.CertPEM, p521.KeyPEM.Reveal(), ca.CertPEM, UseServer, "certificate", "P-521"},
		"Ed25519":               {ed.CertPEM, ed.KeyPEM.Reveal(), ca.CertPEM, UseServer, "certificate", "Ed25519"},
		"client as server":      {client.CertPEM, client.KeyPEM.Reveal(), ca.CertPEM, UseServer, "certificate", "not for servers"},
		"authority as server":   {ca.CertPEM, ca.KeyPEM.Reveal(), "", UseServer, "certificate", "is a certificate authority"},
		"no key usage":          {noKU.CertPEM, noKU.KeyPEM.Reveal(), ca.CertPEM, UseServer, "certificate", "digital signature"},
		"no common name":        {noCN.CertPEM, noCN.KeyPEM.Reveal(), ca.CertPEM, UseServer, "certificate", "common name"},
		"self-signed server":    {alone.CertPEM, alone.KeyPEM.Reveal(), "", UseServer, "certificate", "signed itself"},
		"server as authority":   {good.CertPEM, key, "", UseAuthority, "certificate", "not a certificate authority"},
		"authority cannot sign": {noSign.CertPEM, "", "", UseAuthority, "certificate", "certificate signing"},
		"authority not a root":  {between.CertPEM, "", root.CertPEM, UseAuthority, "certificate", "issued by Root"},
		"no use":                {good.CertPEM, key, ca.CertPEM, "", "certificate", "Choose what"},
		"no key":                {good.CertPEM, "", ca.CertPEM, UseServer, "private_key", "Paste the private key"},
		"another's key":         {good.CertPEM, client.KeyPEM.Reveal(), ca.CertPEM, UseServer, "private_key", "not the key of the certificate."},
		"key of another type":   {good.CertPEM, weakKey, ca.CertPEM, UseServer, "private_key", "it is RSA 1024 and the certificate's is ECDSA P-256"},
		"encrypted key":         {good.CertPEM, encrypted, ca.CertPEM, UseServer, "private_key", "encrypted with a passphrase"},
		"certificate as key":    {good.CertPEM, good.CertPEM, ca.CertPEM, UseServer, "private_key", "a certificate, not a private key"},
		"two keys":              {good.CertPEM, key + key, ca.CertPEM, UseServer, "private_key", "several private keys"},
		"no chain":              {good.CertPEM, key, "", UseServer, "chain", "Paste the certificate of Corp CA"},
		"another's chain":       {good.CertPEM, key, root.CertPEM, UseServer, "chain", "needs the certificate of Corp CA"},
		"namesake":              {good.CertPEM, key, namesake.CertPEM, UseServer, "chain", "right name but did not sign"},
		"root is missing":       {deep.CertPEM, deep.KeyPEM.Reveal(), between.CertPEM, UseServer, "chain", "ends at Issuing"},
		"path length":           {tooDeep.CertPEM, tooDeep.KeyPEM.Reveal(), tooDeep.ChainPEM, UseServer, "chain", "does not verify"},
		"expired in the chain":  {underOld.CertPEM, underOld.KeyPEM.Reveal(), oldRoot.CertPEM, UseServer, "chain", "The chain's Old is valid from"},
		"key in the chain":      {good.CertPEM, key, ca.CertPEM + ca.KeyPEM.Reveal(), UseServer, "chain", "private key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pair, err := CheckImport(c.cert, c.key, c.chain, c.use, now)
			if vpn.KindOf(err) != vpn.Invalid || !strings.Contains(vpn.FieldsOf(err)[c.field], c.says) {
				t.Fatalf("got %v, want %q at %s", err, c.says, c.field)
			}
			if pair != (Pair{}) {
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
	_, err := CheckImport("a", "b", "c", UseServer, time.Now())
	if f := vpn.FieldsOf(err); len(f) != 2 || f["certificate"] == "" || f["private_key"] == "" {
		t.Errorf("got %v, want sentences for certificate and private_key", f)
	}
}

func FuzzCheckImport(f *testing.F) {
	f.Add("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "x", "\x30\x03\x02\x01\x03")
	f.Fuzz(func(t *testing.T, cert, key, chain string) {
		for _, use := range []Use{UseServer, UseAuthority} {
			if p, err := CheckImport(cert, key, chain, use, time.Unix(0, 0)); err == nil && p.CertPEM == "" {
				t.Error("accepted without a certificate")
			}
		}
	})
}
