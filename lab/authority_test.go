package lab

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
)

// An endpoint whose clients have certificates of the server certificate's own authority refuses those
// of another authority below the same root, although OpenVPN accepts them.
func TestServerCertificatesOwnAuthority(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	const hour, year = time.Hour, 300 * 24 * time.Hour
	root := testpki.Authority(t, "Corp Root")
	servers, mail := root.Authority(t, "Corp VPN Servers"), root.Authority(t, "Corp Mail Users")
	server := servers.Issue(t, "vpn.lab.test", x509.ExtKeyUsageServerAuth, -hour, year)
	client := func(issuer testpki.Credential, cn string) testpki.Credential {
		return issuer.Issue(t, cn, x509.ExtKeyUsageClientAuth, -hour, year)
	}
	s.CreateNetwork()
	s.MustSubmit("/certificates/import", "Import certificate", gateway.Fields{
		"Server certificate": "", "Certificate": server.Certificate, "Private key": server.Key, "Certificate chain": root.Certificate + servers.Certificate,
	})
	s.CreateEndpoint(gateway.Fields{"Client certificate": "The server certificate's own authority"})
	s.Associate("subnet-a")
	s.WaitText("", "available")
	plain := s.Profile("")

	netlab.StartClient(t, s.clients[0], client(mail, "mallory").AppendTo(plain)+testpki.Inline("extra-certs", mail.Certificate))
	netlab.StartClient(t, s.clients[1], client(root, "oscar").AppendTo(plain))
	alice := netlab.ConnectClient(t, s.clients[2], client(servers, "alice").AppendTo(plain))
	s.WaitText("/connections", "alice", "active")
	for _, name := range []string{"mallory", "oscar"} {
		netlab.Eventually(t, 15*time.Second, "Refused attempts lists "+name, func() bool {
			for _, line := range s.refused() {
				if strings.Contains(line, name) && strings.Contains(line, "was not issued by the authority Corp VPN Servers itself") {
					return true
				}
			}
			return false
		})
	}
	if got := s.connections(); len(got) != 1 {
		t.Errorf("connections: got %v, want alice's alone", got)
	}

	// The root's list revokes the authority in between: its clients end, and do not return.
	importList(s, root.RevocationList(t, 1, time.Hour, servers))
	netlab.Eventually(t, 10*time.Second, "the client below the revoked authority ends", func() bool { return !alice.Running() })
	s.killAndWait(t, "web")
	s.killAndWait(t, "dataplane")
	again := netlab.StartClient(t, s.clients[2], client(servers, "anna").AppendTo(plain))
	netlab.Eventually(t, 15*time.Second, "another client below it is refused", func() bool { return !again.Running() })
	for _, c := range []*netlab.Client{alice, again} {
		if !strings.Contains(c.Log(), "The authority that issued your certificate was revoked") {
			t.Errorf("a client was not told why: %s", netlab.Tail(c.Log(), 500))
		}
	}
}

// importList imports a revocation list by the link on the endpoint's page.
func importList(s *site, list string) {
	s.MustSubmit(s.crlForm(), "Import client certificate CRL", gateway.Fields{"Certificate revocation list": list})
}
