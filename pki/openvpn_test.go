package pki

import (
	"bufio"
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// runOpenVPN starts OpenVPN without a tunnel device and gives its log, line by line.
func runOpenVPN(t *testing.T, args ...string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "openvpn", append(strings.Fields("--verb 3 --ping 1 --ping-exit 10"), args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("install openvpn: %v", err)
	}
	lines, ended := make(chan string, 1000), make(chan struct{})
	go func() {
		defer close(ended)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
		_ = cmd.Wait()
		close(lines)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return lines
}

// await reads the log up to a line that holds one of the texts and gives that text.
func await(t *testing.T, lines <-chan string, texts ...string) string {
	t.Helper()
	var seen []string
	deadline := time.After(20 * time.Second)
	for {
		select {
		case line, ok := <-lines:
			seen = append(seen, line)
			for _, text := range texts {
				if strings.Contains(line, text) {
					return text
				}
			}
			if !ok {
				t.Fatalf("openvpn ended without %q:\n%s", texts, strings.Join(seen, "\n"))
			}
		case <-deadline:
			t.Fatalf("no %q within 20 s:\n%s", texts, strings.Join(seen, "\n"))
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return fmt.Sprint(l.LocalAddr().(*net.UDPAddr).Port)
}

// connect starts a server and a client of it that trust the same authorities, and gives their logs.
// The client's file has these lines as well.
func connect(t *testing.T, authorities string, server, client vpn.KeyPair, lines ...string) (atServer, atClient <-chan string) {
	t.Helper()
	port, tlsCrypt := freePort(t), write(t, "static.key", Maker{}.StaticKey().Reveal())
	peer := func(p vpn.KeyPair, args string) <-chan string {
		return runOpenVPN(t, append([]string{
			"--proto", "udp4", "--tls-crypt", tlsCrypt, "--ca", write(t, "ca.pem", authorities), "--cert", write(t, "cert.pem", p.Certificate), "--key", write(t, "key.pem", p.Key.Reveal()),
		}, strings.Fields(args)...)...)
	}
	atServer = peer(server, "--dev null --tls-server --dh none --remote-cert-tls client --local 127.0.0.1 --port "+port)
	await(t, atServer, "UDPv4 link local (bound)")
	atClient = peer(client, "--dev null --tls-client --nobind --remote-cert-tls server --remote 127.0.0.1 "+port+" --config "+write(t, "client.conf", strings.Join(lines, "\n")+"\n"))
	return atServer, atClient
}

func TestOpenVPNAcceptsWhatIsIssued(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	server := mustIssue(t, vpn.UseServer, ca, spec("vpn.example.com"))
	client := mustIssue(t, vpn.UseClient, ca, specOf("alice", vpn.RSA2048))
	const connected = "Initialization Sequence Completed"
	for name, c := range map[string]struct {
		server, client     vpn.KeyPair
		atServer, atClient string
	}{
		"server and client":             {server, client, connected, connected},
		"server as client":              {server, server, "unsuitable certificate purpose", ""},
		"client as server":              {client, client, "", "unsuitable certificate purpose"},
		"client of a strange authority": {server, mustIssue(t, vpn.UseClient, mustAuthority(t, spec("Corp CA")), spec("alice")), "VERIFY ERROR", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			atServer, atClient := connect(t, ca.Certificate, c.server, c.client)
			if c.atServer != "" {
				await(t, atServer, c.atServer)
			}
			if c.atClient != "" {
				await(t, atClient, c.atClient)
			}
		})
	}
}

// A common name that is accepted connects and is logged as itself, a server's also where a client's
// file names it. One byte more than the limit, and OpenVPN refuses it.
func TestOpenVPNCarriesCommonNames(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	for _, cn := range []string{
		"O'Brien", "kiosk (2nd floor)", "Smith & Sons, Ltd.", "D`Angelo; #7 100% <a@b.example>", "Conan O’Brien + Zoë", "Александр Константинопольский",
		"東京 علی नमस्ते 🦊", strings.Repeat("x", vpn.MaxCommonName), strings.Repeat("ж", vpn.MaxCommonName/2), "*.{x}[y]|~^$_?!:/=@",
	} {
		t.Run(cn, func(t *testing.T) {
			t.Parallel()
			if fault := vpn.CheckCommonName(cn); fault != "" {
				t.Fatalf("refused: %s", fault)
			}
			server, client := mustIssue(t, vpn.UseServer, ca, spec(cn)), mustIssue(t, vpn.UseClient, ca, spec(cn))
			if _, err := check(client.Certificate, "", ca.Certificate, vpn.UseClient, time.Now()); err != nil {
				t.Errorf("issued here, and not imported: %v", err)
			}
			atServer, atClient := connect(t, ca.Certificate, server, client, `verify-x509-name "`+cn+`" name`)
			await(t, atServer, "["+cn+"] Peer Connection Initiated")
			await(t, atClient, "["+cn+"] Peer Connection Initiated")
		})
	}
	for name, cn := range map[string]string{"65 letters": strings.Repeat("x", 65), "66 bytes": strings.Repeat("ж", 33)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if vpn.CheckCommonName(cn) == "" {
				t.Error("accepted")
			}
			long := forge(t, ecKey(t, elliptic.P256()), &ca, func(c *x509.Certificate) {
				c.Subject, c.DNSNames, c.ExtKeyUsage = pkix.Name{CommonName: cn}, nil, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			})
			atServer, _ := connect(t, ca.Certificate, mustIssue(t, vpn.UseServer, ca, spec("vpn.example.com")), long)
			await(t, atServer, "VERIFY ERROR: could not extract CN from X509 subject string ('CN="+cn+"')")
		})
	}
}

// OpenVPN reads the token key before it opens the device, so a device that cannot exist ends it
// at once, after the key was taken.
func TestOpenVPNAcceptsTheTokenSecret(t *testing.T) {
	t.Parallel()
	ca := mustAuthority(t, spec("Corp CA"))
	server := mustIssue(t, vpn.UseServer, ca, spec("vpn.example.com"))
	const taken, refused = "Cannot open TUN/TAP dev", "Cannot load auth-token secret"
	for name, c := range map[string]struct {
		secret vpn.Secret
		want   string
	}{
		"ours":         {Maker{}.TokenSecret(), taken},
		"another kind": {Maker{}.StaticKey(), refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := runOpenVPN(t, append(strings.Fields("--mode server --tls-server --dh none --dev tun --dev-node /dev/null/x --topology subnet --verify-client-cert none --ifconfig-noexec --management-client-auth --auth-gen-token 0 600 external-auth --proto udp4 --local 127.0.0.1 --port "+freePort(t)),
				"--management", filepath.Join(t.TempDir(), "m"), "unix", "--auth-gen-token-secret", write(t, "token.key", c.secret.Reveal()),
				"--ca", write(t, "ca.pem", ca.Certificate), "--cert", write(t, "cert.pem", server.Certificate), "--key", write(t, "key.pem", server.Key.Reveal()))...)
			if got := await(t, log, taken, refused); got != c.want {
				t.Errorf("openvpn says %q, want %q", got, c.want)
			}
		})
	}
}
