package pki

import (
	"crypto/elliptic"
	"crypto/x509"
	"net"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"sallyport/vpn"
)

// A renewed certificate has the names and usages of the one before, and OpenSSL verifies what each authority issued with the
// other one's renewal: also certificates that name their issuer by its serial number, as easy-rsa's do.
func TestRenew(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ca := mustAuthority(t, specOf("Corp CA", vpn.RSA2048))
	server := forge(t, ecKey(t, elliptic.P256()), &ca, func(c *x509.Certificate) {
		c.DNSNames, c.IPAddresses = []string{"vpn.example.com", "*.example.com"}, []net.IP{net.IPv4(192, 0, 2, 1).To4()}
	})
	root, err := Maker{}.Renew(vpn.KeyPair{}, ca, "", 100*oneDay, now)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := Maker{}.Renew(root, server, "", 50*oneDay, now)
	if err != nil {
		t.Fatal(err)
	}
	rekeyed, err := Maker{}.Renew(root, server, vpn.RSA2048, 50*oneDay, now)
	if err != nil {
		t.Fatal(err)
	}
	parse := func(text string) *x509.Certificate { c, _ := readCertificates(text); return c[0] }
	was, is, old, next := parse(server.Certificate), parse(kept.Certificate), parse(ca.Certificate), parse(root.Certificate)
	switch {
	case kept.Key != server.Key || rekeyed.Key == server.Key || root.Key != ca.Key:
		t.Error("the keys are not those that were asked for")
	case is.SerialNumber.Cmp(was.SerialNumber) == 0 || next.SerialNumber.Cmp(old.SerialNumber) != 0:
		t.Error("a certificate has the serial number of the one before, or an authority another one")
	case !slices.Equal(is.DNSNames, was.DNSNames) || !is.IPAddresses[0].Equal(was.IPAddresses[0]) || is.KeyUsage != was.KeyUsage || !slices.Equal(is.ExtKeyUsage, was.ExtKeyUsage):
		t.Error("names or usages differ")
	case string(is.RawSubject) != string(was.RawSubject) || string(next.SubjectKeyId) != string(old.SubjectKeyId) || !next.IsCA || !next.MaxPathLenZero:
		t.Error("the subject, the key's identifier or the constraints differ")
	case is.NotAfter.Sub(now) < 49*oneDay || kept.Chain != root.Certificate:
		t.Errorf("ends on %v, chain %.30q", is.NotAfter, kept.Chain)
	}
	for name, c := range map[string]struct{ cert, root string }{
		"old leaf, new root": {server.Certificate, root.Certificate}, "new leaf, old root": {kept.Certificate, ca.Certificate},
		"new key, old root": {rekeyed.Certificate, ca.Certificate}, "root itself": {root.Certificate, root.Certificate},
	} {
		verify(t, name, c.cert, c.root)
	}
	// An authority that does not say who it is by its key alone.
	dir := t.TempDir()
	config := write(t, "x.conf", "[req]\ndistinguished_name=d\nx509_extensions=ca\n[d]\n[ca]\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always,issuer:always\n[leaf]\nauthorityKeyIdentifier=keyid:always,issuer:always\nextendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\n")
	must(t, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Easy", "-days", "20", "-config", config, "-keyout", dir+"/ca.key", "-out", dir+"/ca.crt")
	must(t, "openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=alice", "-config", config, "-keyout", dir+"/a.key", "-out", dir+"/a.csr")
	must(t, "openssl", "x509", "-req", "-in", dir+"/a.csr", "-CA", dir+"/ca.crt", "-CAkey", dir+"/ca.key", "-CAcreateserial", "-days", "9", "-extfile", config, "-extensions", "leaf", "-out", dir+"/a.crt")
	read := func(name string) string {
		b, err := os.ReadFile(dir + "/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	renewed, err := Maker{}.Renew(vpn.KeyPair{}, vpn.KeyPair{Certificate: read("ca.crt"), Key: vpn.Secret(read("ca.key"))}, "", 100*oneDay, now)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, "a certificate that names the serial number of its issuer", read("a.crt"), renewed.Certificate)
}

func verify(t *testing.T, what, cert, root string) {
	t.Helper()
	out, err := exec.Command("openssl", "verify", "-x509_strict", "-CAfile", write(t, "root.pem", root), write(t, "cert.pem", cert)).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %s", what, out)
	}
}
