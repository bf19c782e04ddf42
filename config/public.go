package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"sallyport/vpn"
)

// Public is how clients reach this deployment, and the listener of the pages that they and identity providers open.
type Public struct {
	Name           string // the setting public_name, where it is given
	Listen         netip.AddrPort
	TLSCertificate string // path of PEM, leaf first; "" makes a self-signed one
	TLSKey         string
	PlainHTTP      bool
	// PrivateMetadata lets metadata URLs of SAML providers lead to private addresses and this host.
	PrivateMetadata bool
	URL             *url.URL // base of the pages, without a final slash; nil where it is not set and has no default
	Off             string   // why the pages are not served, in a sentence; "": they are
	ByDefault       bool     // the listener was not chosen: where its port is taken, the pages are not served
}

// OwnHost is the host name or address that belongs to the public pages alone: the console does not answer to it. It is
// empty on loopback, where both have the same name.
func (p Public) OwnHost() string {
	if p.URL == nil || isLoopbackHost(p.URL.Hostname()) {
		return ""
	}
	return p.URL.Hostname()
}

// finishPublic decides whether the public pages are served, and where they are by default: beyond loopback both their
// listener and their address have to be given.
func (c *Config) finishPublic() {
	p, listens, named := &c.Public, c.isGiven("public_listen"), c.isGiven("public_url") && c.Public.URL != nil
	p.ByDefault = !listens
	switch {
	case !listens && overlaps(p.Listen, c.Console.Listen):
		p.Off = fmt.Sprintf("The console has port %d, which is the default of public_listen: set public_listen.", p.Listen.Port())
	case !listens && p.OwnHost() != "":
		p.Off = "public_url is set and public_listen is not: set the address and port at which the public pages are served."
	case !named && !p.Listen.Addr().IsLoopback():
		p.Off = "public_listen is set and public_url is not: set the address at which users and identity providers open the public pages."
	}
	if !named && p.Listen.Addr().IsLoopback() {
		p.URL = &url.URL{Scheme: "https", Host: net.JoinHostPort("localhost", strconv.Itoa(int(p.Listen.Port())))}
		if p.PlainHTTP {
			p.URL.Scheme = "http"
		}
	}
}

func (c Config) validatePublic(bad report) {
	p := c.Public
	c.validateTLS(bad, "public", "the public pages are either served with TLS or without", p.TLSCertificate, p.TLSKey, p.PlainHTTP)
	if p.PlainHTTP && !p.Listen.Addr().IsLoopback() && len(c.Console.TrustedProxies) == 0 {
		bad("public_plain_http", "sign-ins would cross the network in the clear: %s is %s, which is not a loopback address; listen on 127.0.0.1, or set trusted_proxies to the reverse proxy that speaks TLS", c.name("public_listen"), p.Listen)
	}
	if !p.ByDefault && overlaps(p.Listen, c.Console.Listen) {
		bad("public_listen", "the console has this address and port (%s is %s); the public pages need a port of their own", c.name("console_listen"), c.Console.Listen)
	}
	if c.isGiven("public_url") && p.URL != nil {
		c.validatePublicURL(bad)
	}
}

// validatePublicURL checks the address of the public pages by itself, against where they are served, and against the
// names of the console.
func (c Config) validatePublicURL(bad report) {
	p, u := c.Public, c.Public.URL
	host, loopback, proxied := u.Hostname(), isLoopbackHost(u.Hostname()), len(c.Console.TrustedProxies) > 0
	switch {
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		bad("public_url", "give the scheme, the host and the port only, such as https://vpn.example.com")
	case !isHost(host):
		bad("public_url", "%q is not a host name", host)
	case u.Scheme == "http" && !loopback:
		bad("public_url", "sign-ins need https; http is for loopback addresses only")
	case u.Scheme == "http" && !p.PlainHTTP:
		bad("public_url", "%s begins with http, but the public pages are served with TLS; write https, or set %s", u, c.name("public_plain_http"))
	case u.Scheme == "https" && p.PlainHTTP && !proxied && p.Listen.Addr().IsLoopback():
		bad("public_url", "%s begins with https, but the public pages are served without TLS (%s); set trusted_proxies to the reverse proxy that speaks TLS", u, c.name("public_plain_http"))
	case p.ByDefault && !loopback: // they are not served
	case loopback && !p.Listen.Addr().IsLoopback():
		bad("public_url", "%s can be opened on this host only, but %s is %s; give the address at which users and identity providers open the public pages", u, c.name("public_listen"), p.Listen)
	case loopback && !proxied && portOf(u) != p.Listen.Port():
		bad("public_url", "%s has port %d, but the public pages are served on port %d (%s)", u, portOf(u), p.Listen.Port(), c.name("public_listen"))
	}
	if loopback {
		return
	}
	for _, n := range c.Console.Names {
		if sameHost(n, host) {
			bad("console_names", "%q is the host of %s, and the console never answers to the name of the public pages; give the console another name", n, c.name("public_url"))
		}
	}
	if addr, err := netip.ParseAddr(host); err == nil && (c.Console.Listen.Addr().IsUnspecified() || c.Console.Listen.Addr().Unmap() == addr.Unmap()) {
		bad("public_url", "the console is at %s too (%s is %s), and browsers send what belongs to one to the other; give the public pages a host name, or have the console listen on another address", host, c.name("console_listen"), c.Console.Listen)
	}
}

// isGiven reports whether a key was set, and not only its default.
func (c Config) isGiven(key string) bool { return c.origin[key] != "" }

func overlaps(a, b netip.AddrPort) bool {
	listen := func(at netip.AddrPort) vpn.Listen {
		return vpn.Listen{Addr: at.Addr().Unmap(), Transport: vpn.TCP, Port: at.Port()}
	}
	return listen(a).Overlaps(listen(b))
}

// setURL reads public_url; host and scheme are kept in lower case, since identity providers compare it as text.
func setURL(c *Config, v string) error {
	c.Public.URL = nil
	if v == "" {
		return nil
	}
	u, err := url.Parse(v)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || portOf(u) == 0 {
		return fmt.Errorf("%q is not an address such as https://vpn.example.com", v)
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if u.Port() != "" {
		host = net.JoinHostPort(host, u.Port())
	} else if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	u.Host, u.Path = host, strings.TrimSuffix(u.Path, "/")
	c.Public.URL = u
	return nil
}

// portOf is the port of an address, by default that of its scheme; 0 for none.
func portOf(u *url.URL) uint16 {
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return 0
		}
		return uint16(port)
	}
	return map[string]uint16{"http": 80, "https": 443}[u.Scheme]
}

func sameHost(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

func isLoopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return sameHost(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}
