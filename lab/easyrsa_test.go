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
	c := netlab.ConnectClient(t, s.clients[0], profile("client1.domain.tld"))
	netlab.ConnectClient(t, s.clients[1], profile("client2.domain.tld"))
	s.WaitText("/connections", "client1.domain.tld", "client2.domain.tld")
	netlab.Eventually(t, 5*time.Second, "a host of the network answers", func() bool { return c.On.Reaches(addrHostA, netlab.EchoPort) })
}
