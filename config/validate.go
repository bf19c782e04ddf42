package config

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"
)

var (
	hostName  = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	plainPath = regexp.MustCompile(`^/[A-Za-z0-9/._-]+$`) // as dataplane/ovpn writes it into a configuration
	zoneName  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)
)

// Validate checks the settings against each other. The error joins every fault; each names the setting in the form
// that was used: the variable, the flag, or the line of the file.
func (c Config) Validate() error {
	var faults []error
	bad := func(key, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s", c.name(key), fmt.Sprintf(format, args...)))
	}
	c.validateConsole(bad)
	c.validatePublic(bad)
	c.validateNode(bad)
	if !plainPath.MatchString(c.RunDir) {
		bad("run_dir", "%q: OpenVPN takes paths of the letters A to Z and a to z, digits, and . _ - only; no association would ever work. Choose a directory such as /run/sallyport (data_dir may have any name)", c.RunDir)
	}
	if _, err := c.Seal.Decode(); c.Seal.Key != "" && err != nil {
		bad("seal_key", "%v", err)
	}
	return errors.Join(faults...)
}

type report func(key, format string, args ...any)

func (c Config) name(key string) string {
	if o, ok := c.origin[key]; ok {
		return o
	}
	return key
}

func (c Config) validateConsole(bad report) {
	k := c.Console
	c.validateTLS(bad, "console", "the console either speaks TLS or does not", k.TLSCertificate, k.TLSKey, k.PlainHTTP)
	if k.PlainHTTP && !k.Listen.Addr().IsLoopback() && len(k.TrustedProxies) == 0 {
		bad("console_plain_http", "passwords would cross the network in the clear: %s is %s, which is not a loopback address; listen on 127.0.0.1, or set trusted_proxies to the reverse proxy that speaks TLS", c.name("console_listen"), k.Listen)
	}
	for _, n := range k.Names {
		if !isHost(n) {
			bad("console_names", "%q is not a host name; give it without scheme and port", n)
		}
	}
	for _, p := range k.TrustedProxies {
		if p.Bits() == 0 {
			bad("trusted_proxies", "%s would let everybody claim any source address", p)
		}
	}
	if c.Session.Idle < time.Minute {
		bad("session_idle", "%s is less than a minute", c.Session.Idle)
	}
	if c.Audit.Keep != 0 && c.Audit.Keep < 24*time.Hour {
		bad("audit_keep", "%s is less than a day", c.Audit.Keep)
	}
	if c.Session.Absolute < c.Session.Idle {
		bad("session_absolute", "%s is less than %s (%s)", c.Session.Absolute, c.name("session_idle"), c.Session.Idle)
	}
}

// validateTLS checks the TLS settings of a listener, whose keys begin with prefix.
func (c Config) validateTLS(bad report, prefix, either, certificate, key string, plain bool) {
	certificateKey, keyKey := prefix+"_tls_certificate", prefix+"_tls_key"
	switch {
	case certificate != "" && key == "":
		bad(certificateKey, "set %s as well", c.name(keyKey))
	case key != "" && certificate == "":
		bad(keyKey, "set %s as well", c.name(certificateKey))
	case plain && key != "":
		bad(prefix+"_plain_http", "%s is set too; %s", c.name(keyKey), either)
	}
}

func (c Config) validateNode(bad report) {
	if !isHost(c.Node.Name) {
		bad("node_name", "%q is not a host name", c.Node.Name)
	}
	if len(c.Node.Zones) == 0 {
		bad("zones", "name at least one availability zone")
	}
	for i, z := range c.Node.Zones {
		if !zoneName.MatchString(z) {
			bad("zones", "%q is not a zone name: use lower-case letters, digits and hyphens", z)
		}
		if slices.Contains(c.Node.Zones[:i], z) {
			bad("zones", "%q stands there twice", z)
		}
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		bad("log_level", "%q is none of debug, info, warn, error", c.Log.Level)
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		bad("log_format", "%q is neither text nor json", c.Log.Format)
	}
	if u := c.Data.WebUser; u == "" || u == "root" || u == "0" {
		bad("web_user", "the web process must not be root; name another user")
	}
}

// Decode returns the 32 bytes of Key.
func (s Seal) Decode() ([]byte, error) { return DecodeKey(s.Key.Reveal()) }

// DecodeKey reads a sealing key from the text of a file or variable: 32 bytes in hex or base64.
func DecodeKey(s string) ([]byte, error) {
	s = strings.TrimSpace(s)
	for _, decode := range []func(string) ([]byte, error){hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawURLEncoding.DecodeString} {
		if b, err := decode(s); err == nil && len(b) == 32 {
			return b, nil
		}
	}
	return nil, errors.New("a sealing key is 32 bytes in hex or base64; openssl rand -hex 32 makes one")
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && hostName.MatchString(s)
}
