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

func spec(cn string) Spec { return Spec{CommonName: cn, KeyType: ECDSAP256, ValidFor: 30 * oneDay} }

func mustAuthority(t *testing.T, s Spec) Pair {
	t.Helper()
	ca, err := NewAuthority(s)
	if err != nil {
		t.Fatalf("NewAuthority: %v", err)
	}
	return ca
}

func mustIssue(t *testing.T, issue func(Pair, Spec) (Pair, error), ca Pair, s Spec) Pair {
	t.Helper()
	p, err := issue(ca, s)
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
	for _, caKey := range []KeyType{ECDSAP384, RSA2048} {
		for _, leafKey := range KeyTypes() {
			t.Run(string(caKey)+"/"+string(leafKey), func(t *testing.T) {
				t.Parallel()
				ca := mustAuthority(t, Spec{CommonName: "Corp CA", KeyType: caKey, ValidFor: 60 * oneDay})
				leaf := Spec{CommonName: "vpn.example.com", KeyType: leafKey, ValidFor: 30 * oneDay}
				root := write(t, "ca.pem", ca.CertPEM)
				for _, c := range []struct {
					issue         func(Pair, Spec) (Pair, error)
					good, refused string
				}{
					{IssueServer, "sslserver", "sslclient"},
					{IssueClient, "sslclient", "sslserver"},
				} {
					cert := write(t, "cert.pem", mustIssue(t, c.issue, ca, leaf).CertPEM)
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
	out, err := exec.Command("openssl", "x509", "-noout", "-text", "-in", write(t, "ca.pem", mustAuthority(t, spec("Corp CA")).CertPEM)).CombinedOutput()
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
	ca := mustAuthority(t, Spec{CommonName: "Corp CA", KeyType: ECDSAP256, ValidFor: 60 * oneDay, Now: now})
	server := mustIssue(t, IssueServer, ca, Spec{CommonName: "vpn.example.com", KeyType: RSA2048, ValidFor: 30 * oneDay, Now: now})
	f, err := Inspect(server.CertPEM)
	if err != nil {
		t.Fatal(err)
	}
	serial, ok := new(big.Int).SetString(f.Serial, 10)
	if !ok || serial.Sign() <= 0 || serial.BitLen() != 127 || serial.Text(16) != f.SerialHex {
		t.Errorf("serial %s / %s: want one positive number of 127 bits", f.Serial, f.SerialHex)
	}
	if f.CommonName != "vpn.example.com" || f.Issuer != "Corp CA" || f.KeyType != "RSA 2048" || f.IsCA || !f.ServerAuth || f.ClientAuth || f.SelfSigned {
		t.Errorf("got %+v", f)
	}
	if len(f.DNSNames) != 1 || f.DNSNames[0] != "vpn.example.com" {
		t.Errorf("DNS names: got %v, want the common name", f.DNSNames)
	}
	if !f.NotAfter.Equal(now.Add(30*oneDay)) || !f.NotBefore.Equal(now.Add(-time.Hour)) {
		t.Errorf("valid from %s to %s", f.NotBefore, f.NotAfter)
	}
	if server.ChainPEM != ca.CertPEM || server.Root() != ca.CertPEM || server.Presented() != server.CertPEM {
		t.Error("chain: want the authority alone, presented without it")
	}
	if server.PubliclyTrusted() {
		t.Error("an authority made here counts as publicly trusted")
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
	now := time.Now()
	ca := mustAuthority(t, Spec{CommonName: "Corp CA", KeyType: ECDSAP256, ValidFor: 60 * oneDay})
	client := mustIssue(t, IssueClient, ca, spec("alice"))
	with := func(change func(*Spec)) Spec { s := spec("alice"); change(&s); return s }
	for name, c := range map[string]struct {
		ca    Pair
		spec  Spec
		kind  vpn.Kind
		field string // "" for none
	}{
		"no common name":       {ca, with(func(s *Spec) { s.CommonName = " " }), vpn.Invalid, "common_name"},
		"line break in name":   {ca, with(func(s *Spec) { s.CommonName = "a\nb" }), vpn.Invalid, "common_name"},
		"quote in name":        {ca, with(func(s *Spec) { s.CommonName = `a"b` }), vpn.Invalid, "common_name"},
		"markup in name":       {ca, with(func(s *Spec) { s.CommonName = "<script>" }), vpn.Invalid, "common_name"},
		"name of 65":           {ca, with(func(s *Spec) { s.CommonName = strings.Repeat("é", 65) }), vpn.Invalid, "common_name"},
		"unknown key type":     {ca, with(func(s *Spec) { s.KeyType = "rsa-1024" }), vpn.Invalid, "key_type"},
		"no validity":          {ca, with(func(s *Spec) { s.ValidFor = 0 }), vpn.Invalid, "valid_days"},
		"outlives authority":   {ca, with(func(s *Spec) { s.ValidFor = 61 * oneDay }), vpn.Invalid, "valid_days"},
		"bad DNS name":         {ca, with(func(s *Spec) { s.DNSNames = []string{"a b"} }), vpn.Invalid, "dns_names"},
		"authority, no key":    {Pair{CertPEM: ca.CertPEM}, spec("alice"), vpn.Conflict, ""},
		"not an authority":     {client, spec("alice"), vpn.Conflict, ""},
		"authority is expired": {ca, with(func(s *Spec) { s.Now = now.Add(61 * oneDay) }), vpn.Conflict, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := IssueClient(c.ca, c.spec)
			if err == nil || vpn.KindOf(err) != c.kind {
				t.Fatalf("got %v, want kind %s", err, c.kind)
			}
			if _, ok := vpn.FieldsOf(err)[c.field]; c.field != "" && !ok {
				t.Errorf("got %v, want a sentence for %s", err, c.field)
			}
		})
	}
	if _, err := IssueClient(ca, with(func(s *Spec) { s.CommonName = "Zoë O. (laptop) <x"; s.CommonName = s.CommonName[:len(s.CommonName)-3] })); err != nil {
		t.Errorf("an ordinary name is refused: %v", err)
	}
}

func TestSelfSigned(t *testing.T) {
	t.Parallel()
	p, err := SelfSigned([]string{"console.example.com", "127.0.0.1", "::1"}, 365*oneDay)
	if err != nil {
		t.Fatal(err)
	}
	cert := write(t, "cert.pem", p.CertPEM)
	if out, err := openssl("x509", "-noout", "-ext", "subjectAltName", "-in", cert); err != nil ||
		!strings.Contains(out, "DNS:console.example.com, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1") {
		t.Errorf("names: %v\n%s", err, out)
	}
	got, err := Fingerprint(p.CertPEM)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := openssl("x509", "-noout", "-fingerprint", "-sha256", "-in", cert); err != nil || !strings.Contains(out, got) {
		t.Errorf("fingerprint %s; openssl says %s", got, out)
	}
}
