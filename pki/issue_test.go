package pki

import (
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

const oneDay = 24 * time.Hour

func spec(cn string) vpn.CertificateSpec { return specOf(cn, vpn.ECDSAP256) }

func specOf(cn string, key vpn.KeyType) vpn.CertificateSpec {
	return vpn.CertificateSpec{CommonName: cn, KeyType: key, ValidFor: 30 * oneDay}
}

func mustAuthority(t *testing.T, s vpn.CertificateSpec) vpn.KeyPair {
	t.Helper()
	ca, err := Maker{}.NewAuthority(s, time.Now())
	if err != nil {
		t.Fatalf("authority %q: %v", s.CommonName, err)
	}
	return ca
}

func mustIssue(t *testing.T, use vpn.CertificateUse, ca vpn.KeyPair, s vpn.CertificateSpec) vpn.KeyPair {
	t.Helper()
	p, err := Maker{}.Issue(ca, use, s, time.Now())
	if err != nil {
		t.Fatalf("issue %q: %v", s.CommonName, err)
	}
	return p
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestIssuedCertificatesPassOpenSSLsStrictRules(t *testing.T) {
	t.Parallel()
	for _, caKey := range []vpn.KeyType{vpn.ECDSAP384, vpn.RSA2048} {
		for _, leafKey := range vpn.KeyTypes {
			t.Run(string(caKey+" over "+leafKey), func(t *testing.T) {
				t.Parallel()
				ca := mustAuthority(t, specOf("Corp CA", caKey))
				root := write(t, "ca.pem", ca.Certificate)
				for _, c := range []struct {
					use           vpn.CertificateUse
					good, refused string
				}{
					{vpn.UseServer, "sslserver", "sslclient"},
					{vpn.UseClient, "sslclient", "sslserver"},
				} {
					cert := write(t, "cert.pem", mustIssue(t, c.use, ca, specOf("vpn.example.com", leafKey)).Certificate)
					if out, err := openssl("verify", "-x509_strict", "-CAfile", root, "-purpose", c.good, cert); err != nil {
						t.Errorf("openssl refuses purpose %s: %s", c.good, out)
					}
					if out, err := openssl("verify", "-CAfile", root, "-purpose", c.refused, cert); err == nil {
						t.Errorf("openssl accepts purpose %s: %s", c.refused, out)
					}
				}
			})
		}
	}
}

func openssl(args ...string) (string, error) {
	out, err := exec.Command("openssl", args...).CombinedOutput()
	return string(out), err
}

func TestAuthorityMayNotHaveAnAuthorityBelow(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("openssl", "x509", "-noout", "-text", "-in", write(t, "ca.pem", mustAuthority(t, spec("Corp CA")).Certificate)).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl x509: %v\n%s", err, out)
	}
	for _, want := range []string{"CA:TRUE, pathlen:0", "Certificate Sign, CRL Sign"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("authority lacks %q in\n%s", want, out)
		}
	}
}

func TestIssuedFacts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	ca := mustAuthority(t, spec("Corp CA"))
	server, err := Maker{}.Issue(ca, vpn.UseServer, specOf("vpn.example.com", vpn.RSA2048), now)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Maker{}.Facts(server.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if serial, ok := new(big.Int).SetString(f.Serial, 10); !ok || serial.Sign() <= 0 || serial.BitLen() != 127 {
		t.Errorf("serial %s: want a positive number of 127 bits", f.Serial)
	}
	if f.CommonName != "vpn.example.com" || f.Issuer != "Corp CA" || f.KeyType != "RSA 2048" || f.IsAuthority || !f.ServerAuth || f.ClientAuth {
		t.Errorf("got %+v", f)
	}
	if len(f.DNSNames) != 1 || f.DNSNames[0] != "vpn.example.com" {
		t.Errorf("DNS names: got %v, want the common name", f.DNSNames)
	}
	if !f.NotAfter.Equal(now.Add(30*oneDay)) || !f.NotBefore.Equal(now.Add(-time.Hour)) {
		t.Errorf("valid from %s to %s", f.NotBefore, f.NotAfter)
	}
	if server.Chain != ca.Certificate {
		t.Error("the chain is not the authority")
	}
	for _, k := range vpn.KeyTypes {
		if f, err := (Maker{}).Facts(mustIssue(t, vpn.UseClient, ca, specOf("alice", k)).Certificate); err != nil || f.KeyType != string(k) {
			t.Errorf("key type: got %q, want %q (%v)", f.KeyType, k, err)
		}
	}
}

func TestSerialsDoNotRepeat(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 1000 {
		s := newSerial().String()
		if seen[s] {
			t.Fatalf("serial %s came twice", s)
		}
		seen[s] = true
	}
}

func TestIssueRefusals(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	client := mustIssue(t, vpn.UseClient, ca, spec("alice"))
	for name, c := range map[string]struct {
		ca   vpn.KeyPair
		use  vpn.CertificateUse
		spec vpn.CertificateSpec
		says string
	}{
		"unknown key type":   {ca, vpn.UseClient, specOf("alice", "RSA 1024"), "unknown key type"},
		"authority, no key":  {vpn.KeyPair{Certificate: ca.Certificate}, vpn.UseClient, spec("alice"), "read key of authority"},
		"another's key":      {vpn.KeyPair{Certificate: ca.Certificate, Key: client.Key}, vpn.UseClient, spec("alice"), "does not match"},
		"not an authority":   {client, vpn.UseClient, spec("alice"), "not a certificate authority"},
		"below an authority": {ca, vpn.UseAuthority, spec("Sub CA"), "not issued"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := (Maker{}).Issue(c.ca, c.use, c.spec, time.Now()); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

func TestSelfSigned(t *testing.T) {
	t.Parallel()
	p, err := SelfSigned([]string{"console.example.com", "127.0.0.1", "::1"}, 365*oneDay)
	if err != nil {
		t.Fatal(err)
	}
	cert := write(t, "cert.pem", p.Certificate)
	if out, err := openssl("x509", "-noout", "-ext", "subjectAltName", "-in", cert); err != nil ||
		!strings.Contains(out, "DNS:console.example.com, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1") {
		t.Errorf("names: %v\n%s", err, out)
	}
	got, err := Fingerprint(p.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", cert); err != nil || !strings.Contains(out, got) {
		t.Errorf("fingerprint %s; openssl says %s", got, out)
	}
}
