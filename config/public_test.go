package config

import (
	"strings"
	"testing"
)

// Each refusal names the keys in the form that was used.
func TestPublicRefusals(t *testing.T) {
	t.Parallel()
	const beyond = "--public-listen=0.0.0.0:8444"
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"port of the console":        {[]string{"--public-listen=127.0.0.1:8443"}, "--public-listen: the console has this address and port (console_listen is 127.0.0.1:8443)"},
		"port of the console, wide":  {[]string{"--public-listen=:443", "--console-listen=192.0.2.1:443"}, "--public-listen: the console has this address and port (--console-listen is 192.0.2.1:443)"},
		"port of the console, v4":    {[]string{"--public-listen=192.0.2.1:443", "--console-listen=0.0.0.0:443"}, "--public-listen: the console has"},
		"name of the console":        {[]string{beyond, "--public-url=https://VPN.example.com.", "--console-names=gw, vpn.example.com"}, `--console-names: "vpn.example.com" is the host of --public-url, and the console never answers to the name of the public pages`},
		"address of the console":     {[]string{beyond, "--public-url=https://192.0.2.1:8444", "--console-listen=192.0.2.1:8443"}, "--public-url: the console is at 192.0.2.1 too (--console-listen is 192.0.2.1:8443)"},
		"address of every console":   {[]string{beyond, "--public-url=https://192.0.2.1:8444", "--console-listen=:8443"}, "--public-url: the console is at 192.0.2.1 too (--console-listen is [::]:8443)"},
		"URL of this host only":      {[]string{beyond, "--public-url=https://localhost:8444"}, "--public-url: https://localhost:8444 can be opened on this host only, but --public-listen is 0.0.0.0:8444"},
		"URL with another port":      {[]string{"--public-listen=127.0.0.1:9000", "--public-url=https://localhost:8444"}, "--public-url: https://localhost:8444 has port 8444, but the public pages are served on port 9000 (--public-listen)"},
		"URL without the port":       {[]string{"--public-url=https://localhost"}, "--public-url: https://localhost has port 443, but the public pages are served on port 8444 (public_listen)"},
		"http, but TLS is served":    {[]string{"--public-url=http://127.0.0.1:8444"}, "--public-url: http://127.0.0.1:8444 begins with http, but the public pages are served with TLS; write https, or set public_plain_http"},
		"https, but none is served":  {[]string{"--public-listen=127.0.0.1:8444", "--public-url=https://vpn.example.com", "--public-plain-http=true"}, "--public-url: https://vpn.example.com begins with https, but the public pages are served without TLS (--public-plain-http); set trusted_proxies"},
		"plain beyond loopback":      {[]string{beyond, "--public-url=https://vpn.example.com", "--public-plain-http=true"}, "--public-plain-http: sign-ins would cross the network in the clear: --public-listen is 0.0.0.0:8444"},
		"http beyond loopback":       {[]string{"--public-url=http://vpn.example.com"}, "--public-url: sign-ins need https"},
		"path":                       {[]string{"--public-url=https://vpn.example.com/portal"}, "--public-url: give the scheme, the host and the port only"},
		"user":                       {[]string{"--public-url=https://me@vpn.example.com"}, "--public-url: give the scheme, the host and the port only"},
		"no host name":               {[]string{"--public-url=https://vpn_1.example.com"}, `--public-url: "vpn_1.example.com" is not a host name`},
		"no host":                    {[]string{"--public-url=https://:8444"}, `--public-url: "https://:8444" is not an address`},
		"no port that is one":        {[]string{"--public-url=https://vpn.example.com:99999"}, `--public-url: "https://vpn.example.com:99999" is not an address`},
		"certificate without a key":  {[]string{"--public-tls-certificate=/c"}, "--public-tls-certificate: set public_tls_key"},
		"key without a certificate":  {[]string{"--public-tls-key=/k"}, "--public-tls-key: set public_tls_certificate"},
		"plain with a certificate":   {[]string{"--public-tls-key=/k", "--public-tls-certificate=/c", "--public-plain-http=true"}, "--public-plain-http: --public-tls-key is set too"},
		"listener that is no place":  {[]string{"--public-listen=8444"}, "--public-listen: "},
		"plain HTTP that is unclear": {[]string{"--public-plain-http=maybe"}, "--public-plain-http: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := Load(c.args, nil); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// Where the public pages are served, under which address, and which host is theirs alone.
func TestPublicPages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args         string
		url, off     string
		ownHost      string
		mayBeMissing bool // where the port is taken
	}{
		{"", "https://localhost:8444", "", "", true},
		{"--public-listen=:8444 --public-url=HTTPS://VPN.Example.com.:8444/", "https://vpn.example.com:8444", "", "vpn.example.com", false},
		{"--public-plain-http=true", "http://localhost:8444", "", "", true},
		{"--public-listen=127.0.0.1:9000", "https://localhost:9000", "", "", false},
		{"--public-listen=[::1]:9000", "https://localhost:9000", "", "", false},
		{"--public-url=https://127.0.0.1:8444/", "https://127.0.0.1:8444", "", "", true},
		{"--public-url=http://localhost:8444 --public-plain-http=true", "http://localhost:8444", "", "", true},
		{"--public-listen=:8444 --public-url=https://vpn.example.com", "https://vpn.example.com", "", "vpn.example.com", false},
		{"--public-listen=:8444 --public-url=https://vpn.example.com --public-name=vpn.example.com", "https://vpn.example.com", "", "vpn.example.com", false},
		{"--public-listen=127.0.0.1:8444 --public-url=https://vpn.example.com", "https://vpn.example.com", "", "vpn.example.com", false},
		{"--public-listen=127.0.0.1:8444 --public-url=https://vpn.example.com --public-plain-http=true --trusted-proxies=127.0.0.1", "https://vpn.example.com", "", "vpn.example.com", false},
		{"--public-listen=0.0.0.0:80 --public-url=https://vpn.example.com --public-plain-http=true --trusted-proxies=10.0.0.1", "https://vpn.example.com", "", "vpn.example.com", false},
		{"--public-listen=192.0.2.2:443 --public-url=https://192.0.2.2 --console-listen=192.0.2.1:443", "https://192.0.2.2", "", "192.0.2.2", false},
		{"--public-listen=192.0.2.2:443 --public-url=https://[2001:db8::7]", "https://[2001:db8::7]", "", "2001:db8::7", false},
		{"--public-listen=127.0.0.2:8443", "https://localhost:8443", "", "", false},
		{"--public-listen=0.0.0.0:8444", "", "public_listen is set and public_url is not", "", false},
		{"--public-url=https://vpn.example.com", "https://vpn.example.com", "public_url is set and public_listen is not", "vpn.example.com", true},
		{"--console-listen=0.0.0.0:8444", "https://localhost:8444", "The console has port 8444", "", true},
		{"--console-listen=0.0.0.0:8443 --console-names=vpn.example.com", "https://localhost:8444", "", "", true},
	} {
		cfg, _, err := Load(strings.Fields(c.args), nil)
		if err != nil {
			t.Errorf("%q: %v", c.args, err)
			continue
		}
		p, base := cfg.Public, ""
		if p.URL != nil {
			base = p.URL.String()
		}
		if base != c.url || p.OwnHost() != c.ownHost || p.ByDefault != c.mayBeMissing || (p.Off == "") != (c.off == "") || !strings.HasPrefix(p.Off, c.off) {
			t.Errorf("%q: served at %q, off %q, own host %q, by default %t", c.args, base, p.Off, p.OwnHost(), p.ByDefault)
		}
	}
}
