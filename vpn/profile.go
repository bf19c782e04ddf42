package vpn

import (
	"fmt"
	"net/netip"
	"strings"
)

// Profile is a client configuration file: what a stock OpenVPN client needs to reach an
// endpoint (guide, "Export and configure the client configuration file"). It is rendered from these typed fields by a fixed list of
// directives and never from a user's text.
type Profile struct {
	Endpoint     EndpointID
	Name         string // of the endpoint; empty: it has none
	Remote       string // host name or address, checked by CheckPublicName
	RandomPrefix bool   // the name has a wildcard: put a random label before it
	Port         uint16
	Transport    Transport
	CA           string // what the server's certificate chains to
	ServerName   string // the server certificate's common name, pinned so that no other certificate of the CA passes
	TLSCrypt     Secret
	Password     bool           // the client asks its user for a name and a password
	Code         bool           // and for a code of an authenticator, together with the password
	Browser      bool           // the user signs in in the browser, which the client opens
	CommandLine  bool           // with Browser: for the client's command line, which prints the address to open instead
	Certificate  bool           // the client needs a certificate
	Client       *ProfileClient // nil leaves the certificate to the user, as the guide does
}

// DataCiphers are the ciphers of tunnels that servers and clients may agree on, the best first.
func DataCiphers() []string { return []string{"AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305"} }

// ProfileClient is one issued client's certificate and key.
type ProfileClient struct {
	Name        string // of the file that is for this client alone; see Certificate.FileBase
	Certificate string
	Key         Secret
}

// browserUser is the user name, and the password, that a client sends whose user signs in in the browser.
const browserUser = "browser"

// Render gives the file. It never has "reneg-sec 0", unlike the guide's example:
// in a 2.6 client that caps a browser login at 60 seconds. It has no auth-retry either: a client that is refused would open
// the browser again and again.
func (p Profile) Render() (string, error) {
	if err := p.validate(); err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	block := func(tag, text string) { line("<%s>\n%s\n</%s>", tag, strings.TrimSpace(text), tag) }

	line("# Client VPN endpoint %s", p.Endpoint)
	line("client")
	line("dev tun")
	if p.Transport == TCP {
		line("proto tcp")
	} else {
		line("proto udp")
		// The client announces its end, so that the connection ends at once and not after a timeout.
		line("explicit-exit-notify 1")
	}
	line("remote %s %d", p.Remote, p.Port)
	if p.RandomPrefix {
		line("remote-random-hostname")
	}
	line("resolv-retry infinite")
	// No persist-tun: a client whose resolver lies behind the tunnel could not look the name up after an
	// outage. The back-off of a stock client reaches 300 s, and it waits 60 s or more for each attempt.
	line("connect-retry 1 5")
	line("server-poll-timeout 10")
	line("nobind")
	line("remote-cert-tls server")
	line(`verify-x509-name "%s" name`, p.ServerName)
	line("tls-version-min 1.2")
	// OpenVPN 2.4 does not know data-ciphers, and takes the line "cipher" alone.
	line("ignore-unknown-option data-ciphers")
	line("data-ciphers %s", strings.Join(DataCiphers(), ":"))
	line("cipher AES-256-GCM")
	line("auth SHA256")
	// No auth-nocache: a client that is told to try again, or whose first packets are lost, would ask its user again each
	// time. After the login it has a token, and needs the password for another session only.
	if p.Password {
		line("auth-user-pass")
	}
	if p.Browser && !p.Certificate {
		// OpenVPN demands a certificate, or a user name and a password; nothing reads these. OpenVPN Connect asks for a
		// certificate unless it is told that there is none. The options need OpenVPN 2.6.
		line("setenv CLIENT_CERT 0")
		block("auth-user-pass", browserUser+"\n"+browserUser)
	}
	if p.CommandLine {
		// Programs with a window say by themselves that they open the browser.
		line("setenv IV_SSO %s", SSOWebAuth)
	}
	if p.Code {
		line(`static-challenge "Enter MFA code " 1`)
	}
	// Tells the program and the platform, which the list of connections shows.
	line("push-peer-info")
	line("verb 3")
	block("ca", p.CA)
	if p.Client != nil {
		block("cert", p.Client.Certificate)
		block("key", p.Client.Key.Reveal())
	}
	block("tls-crypt", p.TLSCrypt.Reveal())
	return b.String(), nil
}

func (p Profile) validate() error {
	if reason := CheckPublicName(p.Remote); reason != "" {
		return Refuse(Conflict, CodeInvalidParameterValue, reason)
	}
	if fault := CheckCommonName(p.ServerName); fault != "" {
		return Refuse(Conflict, CodeInvalidParameterValue, "The server certificate's common name cannot be written into a configuration file. "+fault)
	}
	if p.Code && !p.Password {
		return Refuse(Conflict, CodeInvalidParameterValue, "A configuration file that asks for a code asks for a password too.")
	}
	if p.Browser && p.Password || p.CommandLine && !p.Browser {
		return Refuse(Conflict, CodeInvalidParameterValue, "Users sign in with a password or in the browser, and a file for the command line is for the browser.")
	}
	if p.CA == "" {
		return Refuse(Conflict, CodeInvalidParameterValue, "The server certificate was imported without its chain, so clients could not verify it. Import it again with its chain.")
	}
	blocks := []string{p.CA, p.TLSCrypt.Reveal()}
	if p.Client != nil {
		blocks = append(blocks, p.Client.Certificate, p.Client.Key.Reveal())
	}
	for _, text := range blocks {
		if !strings.Contains(text, "-----BEGIN ") || strings.ContainsAny(text, "<>\x00") {
			return Refuse(Conflict, CodeInvalidParameterValue, "A key or certificate of this endpoint is malformed.")
		}
	}
	return nil
}

// maxPublicName keeps the line "remote ", name, " 65535" within the 255 bytes of a line that OpenVPN
// reads (OPTION_LINE_SIZE in options.h of 2.6); random labels before the name count as well.
const maxPublicName = 240

// mostOfName is how much of the endpoint's name is in the name of a file.
const mostOfName = 40

// FileName is the name under which a browser saves the file, and by which many clients list it: the endpoint's name, so that a
// user tells several apart, its ID, and the client's name, so that files with private keys of different clients are not
// confused.
func (p Profile) FileName() string {
	name := string(p.Endpoint)
	if called := fileBase(p.Name); called != "" {
		name = strings.TrimRight(called[:min(len(called), mostOfName)], "-.") + "-" + name
	}
	if p.Client != nil && p.Client.Name != "" {
		name += "-" + p.Client.Name
	}
	if p.CommandLine {
		name += "-command-line"
	}
	return name + ".ovpn"
}

// CheckPublicName returns why a host name or IPv4 address cannot stand in a profile, or "".
func CheckPublicName(name string) string {
	switch {
	case name == "":
		return "No public name is set, so clients would not know where to connect. Set the public name on the Settings page."
	case len(name) > maxPublicName:
		return fmt.Sprintf("The public name is longer than %d characters, which is what OpenVPN clients can read.", maxPublicName)
	}
	if _, after, found := strings.Cut(name, "://"); found {
		host, _, _ := strings.Cut(after, "/")
		return fmt.Sprintf("%q is an address of web pages. Enter its host name alone: leave out https:// and what follows the name (%s).", name, host)
	}
	labels := strings.Split(name, ".")
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		// No top-level domain is a number (RFC 3696 section 2), and clients take 10.1 for 10.0.0.1.
		if a, err := netip.ParseAddr(name); err != nil || !a.Is4() {
			return fmt.Sprintf("%q is not a host name or IPv4 address.", name)
		}
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-") ||
			strings.Trim(l, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
			return fmt.Sprintf("%q is not a host name or IPv4 address.", name)
		}
	}
	return ""
}
