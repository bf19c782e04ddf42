package vpn

import (
	"strings"
	"testing"
	"time"
)

// A certificate needs a use, a common name that can stand in a profile, a key type that OpenVPN
// takes, and a number of days.
func TestCheckCertificateSpec(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		use                     CertificateUse
		name, cn, dns           string
		key                     KeyType
		days                    string
		field, words, wantsName string
	}{
		{UseAuthority, "", "Our CA", "", ECDSAP256, "", "", "", "Our CA"},
		{UseServer, "gateway", "vpn.example.com", "vpn.example.com, *.vpn.example.com\nother.example", RSA2048, "825", "", "", "gateway"},
		{UseClient, "", "alice (laptop) +1 O'Neil/x@y", "", RSA4096, "1", "", "", "alice laptop +1 ONeil/x@y"},
		{UseClient, " ", "kiosk (2nd floor)", "", RSA4096, "1", "", "", "kiosk 2nd floor"},
		{UseClient, "O'Brien", "O'Brien", "", RSA4096, "1", "name", "“'” is not allowed", ""}, // a name that was typed is not changed
		{UseClient, "alice", "alice (laptop) +1 O'Neil/x@y", "", RSA4096, "1", "", "", "alice"},
		{UseClient, "", strings.Repeat("ü", 32), "", ECDSAP384, "7300", "", "", strings.Repeat("ü", 32)},
		{UseClient, "", strings.Repeat("ü", 33), "", ECDSAP384, "7300", "common_name", "has 66 bytes in UTF-8; OpenVPN accepts at most 64 bytes", ""},
		{"", "", "x", "", RSA2048, "", "use", "Choose", ""},
		{"both", "", "x", "", RSA2048, "", "use", "Choose", ""},
		{UseClient, "", "", "", RSA2048, "", "common_name", "Enter a common name", ""},
		{UseClient, "", "  ", "", RSA2048, "", "common_name", "Enter a common name", ""},
		{UseClient, "", strings.Repeat("x", 65), "", RSA2048, "", "common_name", "65 bytes", ""},
		{UseClient, "", strings.Repeat("x", 10000), "", RSA2048, "", "common_name", "10000 bytes", ""},
		{UseClient, "", `a"b`, "", RSA2048, "", "common_name", "“\"”", ""},
		{UseClient, "", "a\nb", "", RSA2048, "", "common_name", "a line break", ""},
		{UseClient, "", "a,O=b", "", RSA2048, "", "", "", "a O=b"},
		{UseClient, "", "Bob <bob@example.com>", "", RSA2048, "", "", "", "Bob bob@example.com"},
		{UseClient, "", "a\xff", "", RSA2048, "", "common_name", "not valid UTF-8", ""},
		{UseClient, "<", "x", "", RSA2048, "", "name", "“<”", ""},
		{UseClient, "", "x", "", "RSA 1024", "", "key_type", "RSA 1024 is not offered", ""},
		{UseClient, "", "x", "", "", "", "key_type", "Choose", ""},
		{UseClient, "", "x", "", RSA2048, "0", "valid_days", "1 to 7300", ""},
		{UseClient, "", "x", "", RSA2048, "-1", "valid_days", "1 to 7300", ""},
		{UseClient, "", "x", "", RSA2048, "7301", "valid_days", "1 to 7300", ""},
		{UseClient, "", "x", "", RSA2048, "1.5", "valid_days", "1 to 7300", ""},
		{UseClient, "", "x", "", RSA2048, "99999999999999999999", "valid_days", "1 to 7300", ""},
		{UseServer, "", "x", "a b <c>", RSA2048, "", "dns_names", "is not a host name", ""},
		{UseServer, "", "x", strings.Repeat("a,", 21), RSA2048, "", "dns_names", "21 names", ""},
		{UseServer, "", "x", "a.*.b", RSA2048, "", "dns_names", "is not a host name", ""},
		{UseClient, "", "x", "<not looked at>", RSA2048, "", "", "", "x"},
	} {
		name, spec, err := CheckCertificateSpec(c.use, c.name, c.cn, c.dns, c.key, c.days)
		wantBad(t, string(c.use)+" "+c.cn, err, c.field, c.words)
		if err == nil && name != c.wantsName {
			t.Errorf("%s: named %q", c.cn, name)
		}
		if err == nil && c.days == "" && spec.ValidFor != time.Duration(DefaultValidDays[c.use])*24*time.Hour {
			t.Errorf("%s: valid for %s", c.cn, spec.ValidFor)
		}
	}
	_, spec, err := CheckCertificateSpec(UseServer, "", "x", "a.example, *.b.example", RSA2048, "10")
	if err != nil || strings.Join(spec.DNSNames, " ") != "a.example *.b.example" || spec.ValidFor != 240*time.Hour {
		t.Errorf("got %+v, %v", spec, err)
	}
}

// An authority signs while it has its key, has not expired, and outlives what it signs.
func TestCheckSigner(t *testing.T) {
	t.Parallel()
	ca := Certificate{Use: UseAuthority, HasKey: true, NotAfter: now.Add(10 * 24 * time.Hour)}
	spec := func(days int) CertificateSpec {
		return CertificateSpec{ValidFor: time.Duration(days) * 24 * time.Hour}
	}
	with := func(f func(*Certificate)) Certificate { c := ca; f(&c); return c }
	for name, c := range map[string]struct {
		signer       Certificate
		days         int
		field, words string
	}{
		"fine":       {ca, 9, "", ""},
		"same end":   {ca, 10, "", ""},
		"outlives":   {ca, 11, "valid_days", "ends in 10 days"},
		"server":     {with(func(c *Certificate) { c.Use = UseServer }), 1, "authority", "not a certificate authority"},
		"no key":     {with(func(c *Certificate) { c.HasKey = false }), 1, "authority", "not kept here"},
		"expired":    {with(func(c *Certificate) { c.NotAfter = now.Add(-time.Second) }), 1, "authority", "has expired"},
		"no such CA": {Certificate{}, 1, "authority", "not a certificate authority"},
	} {
		wantBad(t, name, c.signer.CheckSigner(spec(c.days), now), c.field, c.words)
	}
}

// A download's name is made of the common name's harmless characters.
func TestFileBase(t *testing.T) {
	t.Parallel()
	for cn, want := range map[string]string{
		"alice": "alice", "Alice Smith": "Alice-Smith", "a/../../etc/passwd": "a-..-..-etc-passwd", "../x": "x", "..": "cert-1", "": "cert-1", "東京": "cert-1",
		"a\r\nSet-Cookie: x": "a--Set-Cookie--x", `a"b`: "a-b", "a@example.com": "a-example.com", ".hidden": "hidden",
	} {
		if got := (Certificate{ID: "cert-1", CommonName: cn}).FileBase(); got != want {
			t.Errorf("%q: got %q, want %q", cn, got, want)
		}
	}
}

// Thirty days before its end a certificate is called "expiring soon", then "expired".
func TestExpiry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		left          time.Duration
		soon, expired bool
	}{
		{31 * 24 * time.Hour, false, false}, {30 * 24 * time.Hour, false, false}, {30*24*time.Hour - time.Second, true, false},
		{0, true, false}, {-time.Second, false, true},
	} {
		cert := Certificate{NotAfter: now.Add(c.left)}
		if cert.ExpiresSoon(now) != c.soon || cert.Expired(now) != c.expired {
			t.Errorf("%s left: soon %v, expired %v", c.left, cert.ExpiresSoon(now), cert.Expired(now))
		}
	}
}

// Clients must chain to an authority itself, or to what stands above a server certificate.
func TestTrustAnchor(t *testing.T) {
	t.Parallel()
	for use, want := range map[CertificateUse]string{UseAuthority: "pem", UseServer: "chain", UseClient: "chain"} {
		if got := (Certificate{Use: use, PEM: "pem", Chain: "chain"}).TrustAnchor(); got != want {
			t.Errorf("%s: got %s", use, got)
		}
	}
}

func TestCheckImportName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		use          CertificateUse
		field, words string
	}{
		{"imported", UseServer, "", ""}, {"", UseAuthority, "", ""}, {"x", "", "use", "Choose"}, {"a\nb", UseServer, "name", "a line break"},
	} {
		_, err := CheckImportName(c.name, c.use)
		wantBad(t, c.name, err, c.field, c.words)
	}
	c := NewCertificate("", UseClient, "cert-ca", KeyPair{Certificate: "pem", Chain: "chain", Key: "key"}, CertificateFacts{CommonName: "alice"}, now)
	if c.Name != "alice" || !c.HasKey || c.PEM != "pem" || c.Authority != "cert-ca" || c.Label() != "alice ("+string(c.ID)+")" {
		t.Errorf("got %+v", c)
	}
}

func TestCanIssue(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	valid := Certificate{Use: UseAuthority, HasKey: true, NotAfter: now.Add(time.Hour)}
	server, expired, keyless := valid, valid, valid
	server.Use, expired.NotAfter, keyless.HasKey = UseServer, now.Add(-time.Hour), false
	if !valid.CanIssue(now) {
		t.Error("a valid authority with its key cannot issue")
	}
	for name, c := range map[string]Certificate{"a server": server, "an expired authority": expired, "an authority without its key": keyless} {
		if c.CanIssue(now) {
			t.Errorf("%s can issue", name)
		}
	}
}
