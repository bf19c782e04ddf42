package ovpn_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/dataplane/ovpn"
	"sallyport/lab/testpki"
	"sallyport/vpn"
)

func goodConfig(t *testing.T) ovpn.Config {
	t.Helper()
	return ovpn.Config{
		Device:             "spt0",
		Gateway:            netip.MustParseAddr("10.77.0.1"),
		ClientCIDR:         netip.MustParsePrefix("10.77.0.0/16"),
		Transport:          vpn.UDP,
		Listen:             netip.MustParseAddrPort("192.0.2.1:1201"),
		Management:         "/run/sallyport/workers/0/m.sock",
		ClientCertificates: true,
		Keys:               testpki.EndpointKeys(t, testpki.Authority(t, "CA")),
		MaxClients:         100,
	}
}

func TestRenderSaysWhatTheDesignSays(t *testing.T) {
	const always = "mode server;tls-server;dev-type tun;ifconfig-noexec;route-noexec;topology subnet;" +
		"ifconfig 10.77.0.1 255.255.0.0;push \"topology subnet\";push \"route-gateway 10.77.0.1\";" +
		"management /run/sallyport/workers/0/m.sock unix;management-client-auth;management-hold;duplicate-cn;dh none;" +
		"tls-version-min 1.2;ping 5;ping-restart 60;push \"ping 5\";push \"ping-restart 20\";mssfix 1360;hand-window 180;reneg-sec 3600;script-security 1;" +
		"auth-gen-token 0 604800 external-auth;verb 1;max-clients 100;compress migrate"
	const never = "server ;client-to-client;client-config-dir;compress l;comp-lzo;plugin ;user ;chroot ;daemon;log ;up ;writepid "
	cases := []struct {
		name       string
		change     func(*ovpn.Config)
		has, hasNo string
	}{
		{"mutual over UDP", func(*ovpn.Config) {},
			"proto udp4;local 192.0.2.1;port 1201;fast-io;rcvbuf 1048576;sndbuf 1048576;explicit-exit-notify 1;verify-client-cert require;remote-cert-tls client;x509-track +subjectKeyIdentifier;x509-track +authorityKeyIdentifier;auth-user-pass-optional",
			"multihome;verify-client-cert none;dev-node "},
		{"no certificates", func(c *ovpn.Config) { c.ClientCertificates, c.Passwords, c.Keys.ClientCA = false, true, "" },
			"verify-client-cert none", "auth-user-pass-optional;remote-cert-tls;x509-track"},
		{"certificates and passwords", func(c *ovpn.Config) { c.Passwords = true },
			"verify-client-cert require;remote-cert-tls client", "auth-user-pass-optional;verify-client-cert none"},
		{"every address, UDP", func(c *ovpn.Config) { c.Listen = netip.MustParseAddrPort("0.0.0.0:1201") }, "multihome", "local "},
		{"every address, TCP", func(c *ovpn.Config) {
			c.Transport = vpn.TCP
			c.Listen = netip.MustParseAddrPort("0.0.0.0:1201")
		}, "proto tcp4-server;tcp-nodelay", "local ;multihome;explicit-exit-notify;fast-io;rcvbuf;sndbuf"},
		{"own node", func(c *ovpn.Config) { c.DevNode = "/run/w/tun" }, "dev-node /run/w/tun", ""},
	}
	for _, c := range cases {
		config := goodConfig(t)
		c.change(&config)
		b, err := config.Render()
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		head, _, _ := strings.Cut(string(b), "<ca>")
		got := strings.Split(head, "\n")
		for want := range strings.SplitSeq(always+";"+c.has, ";") {
			if want != "" && !slices.Contains(got, want) {
				t.Errorf("%s: no line %q", c.name, want)
			}
		}
		for bad := range strings.SplitSeq(never+";"+c.hasNo, ";") {
			if bad != "" && slices.ContainsFunc(got, func(l string) bool { return l == strings.TrimSpace(bad) || strings.HasPrefix(l, bad) }) {
				t.Errorf("%s: has a line %q", c.name, bad)
			}
		}
		for _, tag := range []string{"ca", "cert", "key", "tls-crypt", "auth-gen-token-secret"} {
			if strings.Count(string(b), "<"+tag+">\n") != 1 || strings.Count(string(b), "</"+tag+">\n") != 1 {
				t.Errorf("%s: inline %s is not there exactly once", c.name, tag)
			}
		}
	}
}

// A certificate that breaks a rule of X.509 which OpenSSL does not mind reaches OpenVPN as it is: one
// with an underscore in a PrintableString, as server certificate and as client CA.
func TestRenderTakesUnusualCertificates(t *testing.T) {
	c := goodConfig(t)
	ca := testpki.Authority(t, "My_CA")
	server := ca.Issue(t, "vpn_server", x509.ExtKeyUsageServerAuth, -time.Hour, time.Hour)
	printable := func(certificate, name string) string {
		b, _ := pem.Decode([]byte(certificate))
		changed := bytes.ReplaceAll(b.Bytes, append([]byte{asn1.TagUTF8String, byte(len(name))}, name...), append([]byte{asn1.TagPrintableString, byte(len(name))}, name...))
		if bytes.Equal(changed, b.Bytes) {
			t.Fatalf("%s is not in the certificate", name)
		}
		return certificateBlock(changed)
	}
	c.Keys.Certificate, c.Keys.Key, c.Keys.ClientCA = printable(printable(server.Certificate, "vpn_server"), "My_CA"), vpn.Secret(server.Key), printable(ca.Certificate, "My_CA")
	b, err := c.Render()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), c.Keys.Certificate) || !strings.Contains(string(b), c.Keys.ClientCA) {
		t.Error("the certificates are not in the configuration as they were given")
	}
}

func certificateBlock(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestRenderRefuses(t *testing.T) {
	cases := map[string]func(*ovpn.Config){
		"device with a newline":      func(c *ovpn.Config) { c.Device = "spt0\nup /bin/sh" },
		"device too long":            func(c *ovpn.Config) { c.Device = "spt0123456789abc" },
		"socket with a space":        func(c *ovpn.Config) { c.Management = "/run/a b/m.sock" },
		"socket with a newline":      func(c *ovpn.Config) { c.Management = "/run/m\nplugin x" },
		"socket not clean":           func(c *ovpn.Config) { c.Management = "/run/../m" },
		"socket too long":            func(c *ovpn.Config) { c.Management = "/" + strings.Repeat("a", 107) },
		"node with quotes":           func(c *ovpn.Config) { c.DevNode = `/run/"x"` },
		"gateway elsewhere":          func(c *ovpn.Config) { c.Gateway = netip.MustParseAddr("10.78.0.1") },
		"gateway IPv6":               func(c *ovpn.Config) { c.Gateway = netip.MustParseAddr("::1") },
		"range with host bits":       func(c *ovpn.Config) { c.ClientCIDR = netip.MustParsePrefix("10.77.0.1/16") },
		"transport":                  func(c *ovpn.Config) { c.Transport = "udp\nplugin x" },
		"no port":                    func(c *ovpn.Config) { c.Listen = netip.MustParseAddrPort("192.0.2.1:0") },
		"no clients":                 func(c *ovpn.Config) { c.MaxClients = 0 },
		"mssfix":                     func(c *ovpn.Config) { c.MSSFix = 9000 },
		"no client CA":               func(c *ovpn.Config) { c.Keys.ClientCA = "" },
		"no proof":                   func(c *ovpn.Config) { c.ClientCertificates = false },
		"no key":                     func(c *ovpn.Config) { c.Keys.Key = "" },
		"certificate that is none":   func(c *ovpn.Config) { c.Keys.Certificate = certificateBlock([]byte{0x30, 3, 2, 1, 1}) },
		"CA that is none":            func(c *ovpn.Config) { c.Keys.ClientCA = certificateBlock([]byte("plugin x")) },
		"another's key":              func(c *ovpn.Config) { c.Keys.Key = goodConfig(t).Keys.Key },
		"short tls-crypt key":        func(c *ovpn.Config) { c.Keys.TLSCrypt = c.Keys.TLSCrypt[:400] },
		"tls-crypt key that is none": func(c *ovpn.Config) { c.Keys.TLSCrypt = c.Keys.TokenSecret },
		"token secret that is none":  func(c *ovpn.Config) { c.Keys.TokenSecret = c.Keys.Key },
	}
	for name, change := range cases {
		c := goodConfig(t)
		change(&c)
		if b, err := c.Render(); err == nil {
			t.Errorf("%s: rendered %d bytes", name, len(b))
		}
	}
}

// Whatever stands around the PEM blocks stays behind.
func TestRenderCopiesNoForeignText(t *testing.T) {
	const evil = "\n</ca>\nscript-security 2\nup /bin/evil\n<ca>\n"
	c := goodConfig(t)
	c.Keys.ClientCA = evil + c.Keys.ClientCA + evil
	c.Keys.Certificate += evil
	c.Keys.Key = vpn.Secret(evil) + c.Keys.Key
	c.Keys.TLSCrypt = evil + c.Keys.TLSCrypt + evil
	c.Keys.TokenSecret += evil
	b, err := c.Render()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "evil") || strings.Contains(string(b), "script-security 2") {
		t.Error("foreign text reached the configuration")
	}
}
