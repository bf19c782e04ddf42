package pki

import (
	"bufio"
	"context"
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
			port, tlsCrypt := freePort(t), write(t, "static.key", Maker{}.StaticKey().Reveal())
			peer := func(p vpn.KeyPair, args string) <-chan string {
				return runOpenVPN(t, append([]string{
					"--proto", "udp4", "--tls-crypt", tlsCrypt, "--ca", write(t, "ca.pem", ca.Certificate), "--cert", write(t, "cert.pem", p.Certificate), "--key", write(t, "key.pem", p.Key.Reveal()),
				}, strings.Fields(args)...)...)
			}
			atServer := peer(c.server, "--dev null --tls-server --dh none --remote-cert-tls client --local 127.0.0.1 --port "+port)
			await(t, atServer, "UDPv4 link local (bound)")
			atClient := peer(c.client, "--dev null --tls-client --nobind --remote-cert-tls server --remote 127.0.0.1 "+port)
			if c.atServer != "" {
				await(t, atServer, c.atServer)
			}
			if c.atClient != "" {
				await(t, atClient, c.atClient)
			}
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
