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

// Where an endpoint asks for a certificate and a password, a client needs both. Each alone, another authority's certificate
// and another user's password are refused, with the code in the list. The user is the one of the directory.
func TestCertificateAndPassword(t *testing.T) {
	t.Parallel()
	s := newPasswordSite(t, 5)
	s.CreateEndpoint(gateway.Fields{
		"Name tag": "both", "Client IPv4 CIDR": "10.132.0.0/22", "VPN port": "1194", "Use user-based authentication": "", "Directory ID": "People",
	})
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitText("", "available", "mutual authentication")
	s.WaitRow("/rules", "10.0.1.0/24", "active")
	plain, whole := s.Profile(""), s.Profile("alice")
	foreign := testpki.Authority(t, "Foreign CA").Issue(t, "alice", x509.ExtKeyUsageClientAuth, -time.Hour, time.Hour)

	password := people["spaces"]
	netlab.StartClient(t, s.clients[1], as(t, plain, "spaces", password))
	netlab.StartClient(t, s.clients[2], as(t, foreign.AppendTo(plain), "spaces", password))
	another := netlab.StartClient(t, s.clients[3], as(t, whole, "spaces", people["long"]))
	netlab.StartClient(t, s.clients[4], strings.Replace(whole, "\nauth-user-pass\n", "\n", 1))
	c := netlab.ConnectClient(t, s.clients[0], as(t, whole, "spaces", password))
	if !c.On.Reaches(addrHostA, netlab.EchoPort) {
		t.Error("the client with both reaches nothing")
	}
	s.WaitRow("/connections", "spaces", "active")
	for device, code := range map[string]string{
		"192.0.2.102:": "ClientCertificateMissing", "192.0.2.103:": "ClientCertificateUntrusted", "192.0.2.104:": "UserCredentialsRefused", "192.0.2.105:": "ClientPasswordMissing",
	} {
		s.WaitRow("/connections?view=refused", device, code)
	}
	netlab.Eventually(t, 20*time.Second, "the client with another user's password is told", func() bool {
		return strings.Contains(another.Log(), "AUTH_FAILED,UserCredentialsRefused")
	})
	if n := len(s.connections()); n != 1 {
		t.Errorf("there are %d connections, want that of the client with both", n)
	}
}
