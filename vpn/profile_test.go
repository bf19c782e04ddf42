package vpn

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func newProfile() Profile {
	return Profile{
		Endpoint: "cvpn-endpoint-0123456789abcdef0", Remote: "vpn.example.com", Port: 443, Transport: UDP,
		CA: block("CERTIFICATE"), ServerName: "server.example.com", TLSCrypt: Secret(block("OpenVPN Static key V1")),
	}
}

// The file as clients get it; -update writes it anew.
func TestProfileGolden(t *testing.T) {
	t.Parallel()
	udp, tcp := newProfile(), newProfile()
	tcp.Transport, tcp.Port, tcp.RandomPrefix = TCP, 1194, true
	tcp.Client = &ProfileClient{Certificate: block("CERTIFICATE"), Key: Secret(block("PRIVATE KEY"))}
	password, code := newProfile(), newProfile()
	password.Password, code.Password, code.Code = true, true, true
	code.Client = tcp.Client
	browser, line := newProfile(), newProfile()
	browser.Browser, line.Browser, line.CommandLine, line.Certificate, line.Client = true, true, true, true, tcp.Client
	for name, p := range map[string]Profile{"udp": udp, "tcp_client": tcp, "password": password, "code_client": code, "browser": browser, "command_line_client": line} {
		got, err := p.Render()
		if err != nil {
			t.Fatal(err)
		}
		path := "testdata/profile_" + name + ".ovpn"
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	if got := udp.FileName(); got != "cvpn-endpoint-0123456789abcdef0.ovpn" {
		t.Errorf("file name %s", got)
	}
	for name, want := range map[string]string{"Office VPN": "Office-VPN-", "Büro/../x": "B-ro-..-x-", "…": "", strings.Repeat("ab ", 20): strings.Repeat("ab-", 13) + "a-"} {
		named := udp
		named.Name = name
		if got := named.FileName(); got != want+"cvpn-endpoint-0123456789abcdef0.ovpn" {
			t.Errorf("file name of %q: %s", name, got)
		}
	}
	line.Client = nil
	if got := line.FileName(); got != "cvpn-endpoint-0123456789abcdef0-command-line.ovpn" {
		t.Errorf("file name for the command line %s", got)
	}
	tcp.Client.Name = "alice"
	if got := tcp.FileName(); got != "cvpn-endpoint-0123456789abcdef0-alice.ovpn" {
		t.Errorf("file name for a client %s", got)
	}
}

// directives is all that a profile may say, in order. No reneg-sec, nothing that runs a program.
var directives = []string{
	"client", "dev", "proto", "explicit-exit-notify", "remote", "remote-random-hostname", "resolv-retry", "connect-retry", "server-poll-timeout", "nobind",
	"remote-cert-tls", "verify-x509-name", "tls-version-min", "ignore-unknown-option", "data-ciphers", "cipher", "auth", "auth-user-pass", "setenv CLIENT_CERT", "<auth-user-pass>", "setenv IV_SSO", "static-challenge", "push-peer-info", "verb", "<ca>", "<cert>", "<key>", "<tls-crypt>",
}

// checkDirectives reads a profile as OpenVPN does: a word that begins a line outside a block is a directive.
func checkDirectives(t *testing.T, text string) {
	t.Helper()
	inside, at := "", -1
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		if word == "setenv" {
			name, _, _ := strings.Cut(rest, " ")
			word += " " + name
		}
		switch {
		case inside == "" && len(line) > 255:
			t.Errorf("line %d has %d bytes; OpenVPN reads 255", n+1, len(line))
		case inside != "":
			if line == inside {
				inside = ""
			}
		case strings.HasPrefix(line, "#") && n == 0:
		default:
			i := slices.Index(directives, word)
			if i <= at {
				t.Errorf("line %d is not allowed there: %q", n+1, line)
			}
			at = i
			if strings.HasPrefix(word, "<") {
				inside = "</" + word[1:]
			}
		}
	}
	if inside != "" {
		t.Errorf("%s is missing", inside)
	}
}

// Whatever is put into the fields, a file comes out only with the directives of the list.
func TestProfileTakesNoInjection(t *testing.T) {
	t.Parallel()
	payloads := []string{
		"x\nscript-security 2\nup /bin/sh", "x\r\nup /bin/sh", `x" name` + "\nup /bin/sh", `x\`, `x"`, "x up", "x;up", "x\x00", "x#", "<ca>", "</ca>\nup /bin/sh\n<ca>",
		"[inline]", "\u2028up", strings.Repeat("x", 10000), "", " ", "\xff", "\tup",
	}
	fields := map[string]func(p *Profile, s string){
		"remote":      func(p *Profile, s string) { p.Remote = s },
		"server name": func(p *Profile, s string) { p.ServerName = s },
		"ca":          func(p *Profile, s string) { p.CA = s },
		"tls-crypt":   func(p *Profile, s string) { p.TLSCrypt = Secret(s) },
		"certificate": func(p *Profile, s string) {
			p.Client = &ProfileClient{Certificate: s, Key: Secret(block("PRIVATE KEY"))}
		},
		"key": func(p *Profile, s string) {
			p.Client = &ProfileClient{Certificate: block("CERTIFICATE"), Key: Secret(s)}
		},
		"ca, after a good one": func(p *Profile, s string) {
			p.CA += s
		},
	}
	for field, set := range fields {
		for _, payload := range payloads {
			p := newProfile()
			set(&p, payload)
			text, err := p.Render()
			if err != nil {
				if KindOf(err) != Conflict || text != "" {
					t.Errorf("%s %.30q: got %v and %d bytes", field, payload, err, len(text))
				}
				continue
			}
			checkDirectives(t, text)
		}
	}
	p := newProfile()
	p.RandomPrefix, p.Password, p.Code, p.Client = true, true, true, &ProfileClient{Certificate: block("CERTIFICATE"), Key: Secret(block("PRIVATE KEY"))}
	text, err := p.Render()
	if err != nil {
		t.Fatal(err)
	}
	checkDirectives(t, text)
	p = newProfile()
	p.Browser, p.CommandLine = true, true
	if text, err = p.Render(); err != nil {
		t.Fatal(err)
	}
	checkDirectives(t, text)
}

// What a person can mend is said in a sentence.
func TestProfileRefuses(t *testing.T) {
	t.Parallel()
	for words, spoil := range map[string]func(*Profile){
		"Set the public name":                  func(p *Profile) { p.Remote = "" },
		"asks for a password too":              func(p *Profile) { p.Code = true },
		"with a password or in the browser,":   func(p *Profile) { p.Browser, p.Password = true, true },
		"a file for the command line is":       func(p *Profile) { p.CommandLine = true },
		"is not a host name":                   func(p *Profile) { p.Remote = "vpn example" },
		"common name cannot":                   func(p *Profile) { p.ServerName = `a"b` },
		"without its chain":                    func(p *Profile) { p.CA = "" },
		"certificate of this endpoint":         func(p *Profile) { p.CA = "x" },
		"longer than 240 characters":           func(p *Profile) { p.Remote = strings.Repeat("a.", 120) + "b" },
		"common name cannot be written into a": func(p *Profile) { p.ServerName = strings.Repeat("ü", 120) },
	} {
		p := newProfile()
		spoil(&p)
		_, err := p.Render()
		wantRefused(t, words, err, Conflict, words)
	}
	p := newProfile()
	p.Remote, p.RandomPrefix, p.Port = strings.Repeat("a.", 119)+"bc", true, 65535
	text, err := p.Render()
	if err != nil {
		t.Fatal(err)
	}
	checkDirectives(t, text)
}

// A public name is a host name or an IPv4 address and nothing else.
func TestCheckPublicName(t *testing.T) {
	t.Parallel()
	for name, good := range map[string]bool{
		"vpn.example.com": true, "vpn": true, "VPN-1.example": true, "192.0.2.1": true, "3com.example": true, "1.example": true, "xn--bro-hoa.example": true,
		"": false, ".": false, "vpn.": false, ".vpn": false, "a..b": false, "-a.example": false, "a-.example": false, "a_b.example": false,
		"büro.example": false, "fd00::1": false, "[::1]": false, "a b": false, "a\nb": false, "a/b": false, "vpn.example:443": false, "https://vpn": false,
		"999.1.1.1": false, "10.1": false, "192.0.2": false, "192.0.2.01": false, "0x7f.1": false, "12345": false, "*.example": false, "$(x)": false,
		strings.Repeat("a", 64) + ".example": false, strings.Repeat("a", 63) + ".example": true, strings.Repeat("a.", 120) + "b": false,
	} {
		if got := CheckPublicName(name); (got == "") != good {
			t.Errorf("%.40q: got %q, want good %v", name, got, good)
		}
	}
}
