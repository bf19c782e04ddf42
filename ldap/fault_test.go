package ldap_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"

	"sallyport/lab/directory"
	"sallyport/lab/testpki"
	"sallyport/vpn"
)

// serve answers each connection at an address of this host by TLS with a certificate of the authority.
func serve(t *testing.T, cert testpki.Credential, answer func(net.Conn)) vpn.DirectoryOptions {
	t.Helper()
	pair, err := tls.X509KeyPair([]byte(cert.Certificate), []byte(cert.Key))
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.10.20:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer conn.Close(); answer(conn) }()
		}
	}()
	return vpn.DirectoryOptions{Type: vpn.OpenLDAP, URLs: []string{"ldaps://" + l.Addr().String()}, CA: authority().Certificate,
		BaseDN: "dc=example,dc=test", BindDN: "cn=admin", SignIn: []vpn.SignInName{vpn.SignInUID}}
}

// A server that accepts and says nothing, one that answers a byte a second and one that sends no LDAP end with the time
// limit of the step, as a directory that is not available.
func TestServersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	cert := authority().IssueFor(t, "127.0.10.20")
	for name, answer := range map[string]func(net.Conn){
		"silent": func(c net.Conn) { _, _ = c.Read(make([]byte, 1)); <-t.Context().Done() },
		"slow": func(c net.Conn) {
			for _, b := range []byte{0x30, 0x84, 0, 0, 0x10, 0, 2, 1, 1, 0x61, 7, 10, 1, 0, 4, 0, 4, 0} {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				select {
				case <-time.After(time.Second):
				case <-t.Context().Done():
				}
			}
		},
		"other protocol": func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) },
		"huge":           func(c net.Conn) { _, _ = c.Write([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff}); <-t.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, serve(t, cert, answer))
			start := time.Now()
			_, err := signIn(t, d, "alice", directory.Password)
			wantCode(t, name, err, vpn.CodeDirectoryUnavailable)
			if took := time.Since(start); took > quick.Dial+quick.Operation+2*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// A certificate that is valid itself, of an authority that is not any more.
func TestExpiredAuthorityOfTheDirectory(t *testing.T) {
	t.Parallel()
	old := testpki.ExpiredAuthority(t, "Old CA")
	o := serve(t, old.IssueFor(t, "127.0.10.20"), func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	o.CA = old.Certificate
	_, err := signIn(t, open(t, o), "alice", directory.Password)
	wantCode(t, "expired authority", err, vpn.CodeDirectoryUnavailable)
	if err == nil || !strings.Contains(err.Error(), "has expired or is not valid yet: CN=Old CA is valid from") {
		t.Errorf("%v", err)
	}
}

func TestCertificateOfTheDirectory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cert  testpki.Credential
		code  vpn.Code
		words string
	}{
		"expired": {authority().Issue(t, "x", x509.ExtKeyUsageServerAuth, -48*time.Hour, -time.Hour), vpn.CodeDirectoryUnavailable, "has expired"},
		"other":   {testpki.Authority(t, "Other CA").IssueFor(t, "127.0.10.20"), vpn.CodeDirectoryMisconfigured, "was issued by CN=Other CA, which is not trusted"},
	} {
		_, err := signIn(t, open(t, serve(t, c.cert, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })), "alice", directory.Password)
		wantCode(t, name, err, c.code)
		if err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
