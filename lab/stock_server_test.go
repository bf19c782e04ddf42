package lab

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/lab/netlab"
	"sallyport/lab/testpki"
	"sallyport/pki"
	"sallyport/vpn"
)

// bareServer is stock OpenVPN with the cipher, timers and kind of certificate of an endpoint. The
// benchmarks compare with it.
type bareServer struct {
	*topology
	profile string
	pid     int
}

const bareRange = "10.129.0.0"

// ourBuffers is the configuration that our workers add to OpenVPN's defaults.
const ourBuffers = "fast-io\nrcvbuf 1048576\nsndbuf 1048576\n"

// startBareServer starts stock OpenVPN; more is added to its configuration.
func startBareServer(t testing.TB, clients int, more string) *bareServer {
	t.Helper()
	w := newTopology(t, clients)
	w.serveEcho(t)
	return w.startBareServer(t, more)
}

// startBareServer starts one on the gateway of a network.
func (w *topology) startBareServer(t testing.TB, more string) *bareServer {
	t.Helper()
	now := time.Now()
	must := func(p vpn.KeyPair, err error) vpn.KeyPair {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	maker := pki.Maker{}
	spec := func(cn string) vpn.CertificateSpec {
		return vpn.CertificateSpec{CommonName: cn, KeyType: vpn.ECDSAP256, ValidFor: 24 * time.Hour}
	}
	authority := must(maker.NewAuthority(spec("Bare CA"), now))
	server := must(maker.Issue(authority, vpn.UseServer, spec("vpn.lab.test"), now))
	client := must(maker.Issue(authority, vpn.UseClient, spec("bare"), now))
	secret := maker.StaticKey()
	config := `mode server
tls-server
server ` + bareRange + ` 255.255.252.0
topology subnet
dev bare
dev-type tun
proto udp4
local ` + gatewayWAN + `
port 1195
duplicate-cn
dh none
tls-version-min 1.2
data-ciphers AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305
keepalive 5 30
mssfix 1360
disable-dco
remote-cert-tls client
connect-freq-initial 1000 10
push "redirect-gateway def1"
verb 1
` + more + testpki.Inline("ca", authority.Certificate) + testpki.Inline("cert", server.Certificate) + testpki.Inline("key", server.Key.Reveal()) + testpki.Inline("tls-crypt", secret.Reveal())
	file := filepath.Join(t.TempDir(), "server.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	log := file + ".log"
	cmd := w.gatewayHost.Exec("openvpn", "--config", file, "--log", log)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	netlab.Eventually(t, 20*time.Second, "bare OpenVPN is up", func() bool {
		b, _ := os.ReadFile(log)
		return strings.Contains(string(b), netlab.UpLine)
	})
	w.gatewayHost.Sysctl(t, "net/ipv4/ip_forward", "1")
	w.gatewayHost.NFT(t, "table ip bare { chain post { type nat hook postrouting priority srcnat; ip saddr "+bareRange+"/22 oifname != \"bare\" masquerade\n }\n}")
	profile := vpn.Profile{
		Endpoint: vpn.NewEndpointID(), Remote: gatewayWAN, Port: 1195, Transport: vpn.UDP,
		CA: authority.Certificate, ServerName: "vpn.lab.test", TLSCrypt: secret,
		Client: &vpn.ProfileClient{Certificate: client.Certificate, Key: client.Key},
	}
	if profile.Password = strings.Contains(more, askPasswords); profile.Password {
		profile.Client = nil
	}
	text, err := profile.Render()
	if err != nil {
		t.Fatal(err)
	}
	return &bareServer{topology: w, profile: text, pid: cmd.Process.Pid}
}

// askPasswords is the configuration of a bare server whose clients have passwords instead of certificates.
const askPasswords = "verify-client-cert none\nmanagement-client-auth\n"

// startBarePasswordServer starts stock OpenVPN whose clients send passwords. Its management socket is answered at once: every
// client may come in.
func startBarePasswordServer(t testing.TB, more string) *bareServer {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "management")
	s := startBareServer(t, 1, more+askPasswords+"management "+socket+" unix\n")
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			if ids, asks := strings.CutPrefix(lines.Text(), ">CLIENT:CONNECT,"); asks {
				ids = strings.Replace(strings.TrimSpace(ids), ",", " ", 1)
				// The second command has OpenVPN look at its client at once, as in ovpn.Conn.Admit, not after a second.
				_, _ = fmt.Fprintf(conn, "client-auth-nt %[1]s\nclient-pending-auth %[1]s \"GRANTED\" 60\n", ids)
			}
		}
	}()
	return s
}
