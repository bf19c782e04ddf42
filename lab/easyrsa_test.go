package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/lab/gateway"
	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
)

// easyRSA runs Debian's easy-rsa in a directory, and answers its questions with the defaults.
func easyRSA(t testing.TB, dir string, commands ...string) {
	t.Helper()
	for _, line := range commands {
		cmd := exec.Command("/usr/share/easy-rsa/easyrsa", strings.Fields(line)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "EASYRSA_BATCH=1", "EASYRSA_PKI="+filepath.Join(dir, "pki"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("easyrsa %s: %v\n%s", line, err, out)
		}
	}
}

// The commands of the guide, "Mutual authentication", make certificates that are imported as the guide
// uploads them. A client certificate stands for the authority that issued it: another one of that
// authority connects.
func TestCertificatesOfEasyRSA(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	easyRSA(t, dir, "init-pki", "build-ca nopass", "build-server-full server nopass", "build-client-full client1.domain.tld nopass", "build-client-full client2.domain.tld nopass")
	pki := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, "pki", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	s := newSite(t, 2)
	s.CreateNetwork()
	for name, use := range map[string]string{"server": "Server certificate", "client1.domain.tld": "Client certificate"} {
		s.MustSubmit("/certificates/import", "Import certificate", gateway.Fields{use: "",
			"Certificate": pki("issued/" + name + ".crt"), "Private key": pki("private/" + name + ".key"), "Certificate chain": pki("ca.crt")})
	}
	s.CreateEndpoint(gateway.Fields{"Server certificate": "server, valid", "Client certificate": "The authority of client certificate client1.domain.tld"})
	s.Associate("subnet-a")
	s.Authorize("10.0.1.0/24")
	s.WaitText("", "available", "Clients need a certificate of the authority that issued it")
	s.WaitRow("/rules", "10.0.1.0/24", "active")

	profile := func(name string) string {
		return testpki.Credential{Certificate: pki("issued/" + name + ".crt"), Key: pki("private/" + name + ".key")}.AppendTo(s.Profile(""))
	}
	profiles := map[string]string{} // easy-rsa moves what it revokes
	for _, name := range []string{"client1.domain.tld", "client2.domain.tld"} {
		profiles[name] = profile(name)
	}
	c := netlab.ConnectClient(t, s.clients[0], profiles["client1.domain.tld"])
	other := netlab.ConnectClient(t, s.clients[1], profiles["client2.domain.tld"])
	s.WaitText("/connections", "client1.domain.tld", "client2.domain.tld")
	netlab.Eventually(t, 20*time.Second, "a host of the network answers", func() bool { return c.On.Reaches(addrHostA, netlab.EchoPort) })

	// The guide, "Client certificate revocation lists": revoke and gen-crl. A list of another authority is refused.
	if body := s.Submit(s.crlForm(), "Import client certificate CRL", gateway.Fields{"Certificate revocation list": testpki.Authority(t, "Other CA").RevocationList(t, 1, time.Hour)}).Body; !strings.Contains(body, "The list is of another authority") {
		t.Error("the list of another authority is not refused by its name")
	}
	easyRSA(t, dir, "revoke client1.domain.tld", "gen-crl")
	flowing := stream(c.On.MustDial(t, "tcp4", addrHostA, netlab.EchoPort))
	netlab.Eventually(t, 20*time.Second, "a transfer runs", func() bool { return flowing() > 1<<20 })
	importList(s, pki("crl.pem"))
	began := time.Now()
	last, moved := began, flowing()
	netlab.Eventually(t, 15*time.Second, "the revoked client's program ends", func() bool {
		if now := flowing(); now != moved {
			last, moved = time.Now(), now
		}
		return !c.Running()
	})
	t.Logf("the last byte passed %d ms after the import, and the client ended after %d ms", last.Sub(began).Milliseconds(), time.Since(began).Milliseconds())
	if bound := 2 * time.Second; last.Sub(began) > bound || flowing() != moved {
		t.Errorf("a transfer went on for more than %v, or after the client's end", bound)
	}
	if c.On.ReachesTCP(addrHostA, netlab.EchoPort) {
		t.Error("the revoked client still reaches the network")
	}
	refused := func(name, sentence string) {
		t.Helper()
		again := netlab.StartClient(t, s.clients[0], profiles[name])
		netlab.Eventually(t, 20*time.Second, name+" is refused", func() bool { return !again.Running() })
		if !strings.Contains(again.Log(), sentence) {
			t.Errorf("%s was not told why: %s", name, netlab.Tail(again.Log(), 500))
		}
	}
	refused("client1.domain.tld", "ClientCertificateRevoked: Your certificate was revoked")
	// A killed dataplane and a killed web process know it as well.
	for _, process := range []string{"dataplane", "web"} {
		s.killAndWait(t, process)
		refused("client1.domain.tld", "ClientCertificateRevoked")
	}
	// An expired list, made by openssl ca from the same authority, lets no other login in.
	config := "[ca]\ndefault_ca=d\n[d]\ndatabase=pki/index.txt\ncertificate=pki/ca.crt\nprivate_key=pki/private/ca.key\ndefault_md=sha256\n"
	if err := os.WriteFile(filepath.Join(dir, "ca.cnf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("openssl", "ca", "-config", "ca.cnf", "-gencrl", "-crlsec", "10", "-out", "pki/short.pem")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl ca: %v: %s", err, out)
	}
	importList(s, pki("short.pem"))
	s.WaitText("", "expired on")
	refused("client2.domain.tld", "ClientCertificateRevocationListExpired")
	for _, process := range []string{"web", "dataplane"} {
		s.killAndWait(t, process)
		refused("client2.domain.tld", "ClientCertificateRevocationListExpired")
	}
	if !other.Running() {
		t.Error("the live connection ended with the list")
	}
	easyRSA(t, dir, "gen-crl")
	importList(s, pki("crl.pem"))
	netlab.ConnectClient(t, s.clients[0], profiles["client2.domain.tld"])
}

func (s *site) crlForm() string {
	form, _ := s.Get(s.Endpoint).Doc.Find("a:contains('Import client certificate CRL')").Attr("href")
	return form
}
