package lab

import (
	"crypto/x509"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
)

var dataCiphers = regexp.MustCompile(`(?m)^data-ciphers .*\ncipher .*$`)

var sharedKey = regexp.MustCompile(`(?s)<tls-crypt>.*</tls-crypt>`)

// withOtherSharedKey replaces the tls-crypt key of a profile by that of another endpoint.
func withOtherSharedKey(profile string) string {
	return sharedKey.ReplaceAllString(profile, testpki.Inline("tls-crypt", testpki.StaticKey()))
}

// oldCiphers makes a profile that of a program which knows ciphers of the past only.
func oldCiphers(profile string) string {
	return dataCiphers.ReplaceAllString(profile, "data-ciphers AES-256-CBC:AES-128-CBC\ncipher AES-256-CBC")
}

// A client without a valid certificate is refused, with the reason in the console and in the log, and
// gets no tunnel. The configuration file of the console is used unchanged; a user adds a certificate
// and its key.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newSite(t, 12)
	const hour, year = time.Hour, 365 * 24 * time.Hour
	ca, foreign := testpki.Authority(t, "Imported CA"), testpki.Authority(t, "Foreign CA")
	server := ca.Issue(t, "vpn.lab.test", x509.ExtKeyUsageServerAuth, -hour, year)
	client := func(cn string, issuer testpki.Credential, to time.Duration) testpki.Credential {
		return issuer.Issue(t, cn, x509.ExtKeyUsageClientAuth, -24*hour, to)
	}

	s.CreateNetwork()
	s.MustSubmit("/certificates/import", "Import certificate", gateway.Fields{"Certificate authority": "", "Certificate": ca.Certificate})
	s.MustSubmit("/certificates/import", "Import certificate", gateway.Fields{
		"Server certificate": "", "Certificate": server.Certificate, "Private key": server.Key, "Certificate chain": ca.Certificate,
	})
	s.CreateEndpoint(gateway.Fields{"Client certificate": "Imported CA"})
	s.Associate("subnet-a")
	s.WaitText("", "available")
	plain := s.Profile("")

	// With the file that has no certificate a stock client does not connect. One that has a user name
	// and password does, and is refused.
	bare := netlab.StartClient(t, s.clients[11], plain)
	netlab.Eventually(t, 10*time.Second, "a client without certificate gives up", func() bool { return !bare.Running() })

	refusals := []struct{ profile, code, says string }{
		{client("mallory", foreign, year).AppendTo(plain), "ClientCertificateUntrusted", "issued by a CA that this endpoint does not trust"},
		{client("late", ca, -time.Minute).AppendTo(plain), "ClientCertificateExpired", "has expired"},
		{server.AppendTo(plain), "ClientCertificateUsageMismatch", "not meant for clients"},
		{plain + "<auth-user-pass>\nalice\nsecret\n</auth-user-pass>\n", "ClientCertificateMissing", "presented no certificate"},
		{withOtherSharedKey(client("alice", ca, year).AppendTo(plain)), "ClientSharedKeyMismatch", "not made with this endpoint's shared key"},
		{client("", ca, year).AppendTo(plain), "ClientCommonNameMissing", "has no common name (CN)"},
		{client(strings.Repeat("ж", 32)+"x", ca, year).AppendTo(plain), "ClientCommonNameTooLong", "has a common name (CN) that is too long: OpenVPN accepts at most 64 bytes"},
		{oldCiphers(client("alice", ca, year).AppendTo(plain)), "ClientCipherMismatch", "has no data cipher in common with this server"},
		{client("admin\x00.mallory", ca, year).AppendTo(plain), "ClientCommonNameInvalid", "common name contains control characters"},
		{client("ad\amin", ca, year).AppendTo(plain), "ClientCommonNameInvalid", "common name contains control characters"},
		{client("al\u0085ice", ca, year).AppendTo(plain), "ClientCommonNameInvalid", "common name contains the control character U+0085"},
	}
	var old *netlab.Client
	for i, r := range refusals {
		c := netlab.StartClient(t, s.clients[i], r.profile)
		if strings.Contains(r.says, "data cipher") {
			old = c
		}
	}
	for i, r := range refusals {
		device := "192.0.2." + strconv.Itoa(101+i) + ":"
		netlab.Eventually(t, 15*time.Second, "Refused attempts lists "+device+" because it "+r.says+", and has "+strings.Join(s.refused(), " | "), func() bool {
			for _, line := range s.refused() {
				if strings.Contains(line, device) && strings.Contains(line, r.says) && strings.Contains(line, r.code) {
					return true
				}
			}
			return false
		})
		// The log comes through a pipe, perhaps later than the page.
		netlab.Eventually(t, 20*time.Second, "the log says that "+device+" was refused because it "+r.says, func() bool {
			for line := range strings.Lines(s.Log.String()) {
				refused := strings.Contains(line, "connection attempt refused") || strings.Contains(line, "login denied")
				if refused && strings.Contains(line, device) && strings.Contains(line, r.says) {
					return true
				}
			}
			return false
		})
	}

	// The client says why, and a refused client was never a connection.
	netlab.Eventually(t, 10*time.Second, "the client with old ciphers is told", func() bool {
		return strings.Contains(old.Log(), "AUTH_FAILED,ClientCipherMismatch: Your program and this server have no data cipher in common.")
	})
	if got := s.connections(); len(got) != 0 {
		t.Errorf("connections: got %v, want none", got)
	}

	// A client with a valid certificate connects meanwhile.
	c := netlab.ConnectClient(t, s.clients[11], client("O'Brien & Жук (2nd floor)", ca, year).AppendTo(plain))
	s.WaitText("/connections", "O'Brien & Жук (2nd floor)", c.Address(t).String(), "active")
	if got := s.connections(); len(got) != 1 {
		t.Errorf("connections: got %v, want one", got)
	}
	for i, r := range refusals {
		if strings.Contains(s.clients[i].IP(t, "link", "show"), "tun0") {
			t.Errorf("a client that %s has a tunnel", r.says)
		}
	}
}
