package lab

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"
)

var sharedKey = regexp.MustCompile(`(?s)<tls-crypt>.*</tls-crypt>`)

// strangersKey is a profile with the tls-crypt key of another endpoint, or of former times.
func strangersKey(profile string) string {
	raw := make([]byte, 256)
	_, _ = rand.Read(raw)
	var b strings.Builder
	for len(raw) > 0 {
		b.WriteString(hex.EncodeToString(raw[:16]) + "\n")
		raw = raw[16:]
	}
	return sharedKey.ReplaceAllString(profile, "<tls-crypt>\n-----BEGIN OpenVPN Static key V1-----\n"+b.String()+"-----END OpenVPN Static key V1-----\n</tls-crypt>")
}

// Who does not belong is refused, with the reason in the console and in the log, and gets no
// tunnel. The file that the console gives out is used as it is; what a user adds to it is a
// certificate and its key.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t, 9)
	now := time.Now()
	year := now.AddDate(1, 0, 0)
	ca := newCredential(t, "Imported CA", nil, 0, now.Add(-48*time.Hour), year)
	foreign := newCredential(t, "Foreign CA", nil, 0, now.Add(-48*time.Hour), year)
	server := newCredential(t, "vpn.lab.test", ca, x509.ExtKeyUsageServerAuth, now.Add(-time.Hour), year)
	client := func(cn string, issuer *credential, to time.Time) *credential {
		return newCredential(t, cn, issuer, x509.ExtKeyUsageClientAuth, now.Add(-24*time.Hour), to)
	}

	s.createNetwork()
	s.mustSubmit("/certificates/import", "Import certificate", fields{"Use": "Certificate authority", "Certificate": ca.pem})
	s.mustSubmit("/certificates/import", "Import certificate", fields{
		"Use": "Server certificate", "Certificate": server.pem, "Private key": server.pkey, "Certificate chain": ca.pem,
	})
	s.createEndpoint(fields{"Client certificate": "Imported CA"})
	s.associate("subnet-a")
	s.shows("", "available")
	plain := s.profile("")

	// The file without a certificate: a stock client does not even try, and one that is talked
	// into it by a user name and password is refused.
	bare := dial(t, s.clients[8], plain)
	eventually(t, 10*time.Second, "a client without certificate gives up", func() bool { return !bare.running() })

	refusals := []struct{ profile, says string }{
		{client("stranger", foreign, year).with(plain), "issued by a CA that this endpoint does not trust"},
		{client("late", ca, now.Add(-time.Minute)).with(plain), "has expired"},
		{server.with(plain), "not meant for clients"},
		{plain + "<auth-user-pass>\nalice\nsecret\n</auth-user-pass>\n", "presented no certificate"},
		{strangersKey(client("alice", ca, year).with(plain)), "not made with this endpoint's shared key"},
		{client("", ca, year).with(plain), "has no common name (CN)"},
		{client(strings.Repeat("ж", 32)+"x", ca, year).with(plain), "has a common name (CN) that is too long: OpenVPN accepts at most 64 bytes"},
		{client("al\u0085ice", ca, year).with(plain), "common name contains the control character U+0085"},
	}
	for i, r := range refusals {
		dial(t, s.clients[i], r.profile)
	}
	for i, r := range refusals {
		device := "192.0.2." + itoa(101+i) + ":"
		eventually(t, 15*time.Second, "Refused attempts lists "+device+" because it "+r.says+", and has "+strings.Join(s.refused(), " | "), func() bool {
			for _, line := range s.refused() {
				if strings.Contains(line, device) && strings.Contains(line, r.says) {
					return true
				}
			}
			return false
		})
		// The log comes by a pipe, so maybe a moment later than the page.
		eventually(t, 5*time.Second, "the log says that "+device+" was refused because it "+r.says, func() bool {
			for line := range strings.Lines(s.out.String()) {
				told := strings.Contains(line, "connection attempt refused") || strings.Contains(line, "login denied")
				if told && strings.Contains(line, device) && strings.Contains(line, r.says) {
					return true
				}
			}
			return false
		})
	}

	// The right one gets in meanwhile, from the host whose bare file was of no use.
	c := connectVPN(t, s.clients[8], client("O'Brien & Жук (2nd floor)", ca, year).with(plain))
	s.shows("/connections", "O'Brien & Жук (2nd floor)", c.address(t).String(), "active")
	if got := s.connections(); len(got) != 1 {
		t.Errorf("connections: got %v, want one", got)
	}
	for i, r := range refusals {
		if strings.Contains(s.clients[i].ip(t, "link", "show"), "tun0") {
			t.Errorf("a client that %s has a tunnel", r.says)
		}
	}
}
