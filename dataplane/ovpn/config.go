package ovpn

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"time"

	"sallyport/vpn"
)

// What every worker runs with. HandWindow caps a browser login (a stock server's own 60 s would
// end it before a person has found the second factor); an hourly renegotiation is where a
// session that must end, ends; the keepalive decides how long a client takes to notice that its
// worker is gone.
const (
	HandWindow    = 180 * time.Second
	RenegInterval = time.Hour
	PingInterval  = 5 * time.Second
	PingRestart   = 30 * time.Second
	// TokenRenewal is how long a laptop may sleep and still return without a login. OpenVPN's
	// token never ends by itself (lifetime 0): our session row alone ends a session.
	TokenRenewal = 7 * 24 * time.Hour
	// DefaultMSSFix keeps a tunnel's packets whole on a 1400 byte underlay, where OpenVPN's
	// default would cut 28 % of them into fragments.
	DefaultMSSFix = 1360
	// udpBuffer, in bytes, holds what arrives while the one thread of a worker does something
	// else. With Linux's own 208 KiB a single TCP stream at full speed lost one packet in seven
	// there; this is 20 ms of such a stream.
	udpBuffer = 1 << 20
)

// Config is one worker's configuration. Every field is required unless it says otherwise.
type Config struct {
	// Device is an existing, persistent tun device owned by the worker's uid.
	Device string
	// DevNode is the device file that opens tun devices; empty for /dev/net/tun.
	DevNode string
	// Gateway is the tunnel's own address, inside ClientCIDR; the device already carries it.
	Gateway    netip.Addr
	ClientCIDR netip.Prefix
	Transport  vpn.Transport
	// Listen is the worker's own address and (high) port. An unspecified address means every
	// address of the host: UDP then answers from the address that the client used.
	Listen netip.AddrPort
	// Management is the path of the socket that the worker makes. OpenVPN makes it with mode
	// 0777: its directory must be the worker's own, mode 0700, and no other worker's.
	Management string
	// ClientCertificates asks for mutual authentication: no client gets as far as a login
	// without a certificate of Keys.ClientCA that is meant for clients.
	ClientCertificates bool
	Keys               vpn.Keys
	// MaxClients is OpenVPN's own bound, a belt above the dataplane's quota.
	MaxClients int
	// MSSFix is 0 for DefaultMSSFix.
	MSSFix int
}

var (
	deviceName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,14}$`)
	plainPath  = regexp.MustCompile(`^/[A-Za-z0-9/._-]+$`)
)

// longestSocket is what fits sockaddr_un with its NUL.
const longestSocket = 107

func (c Config) check() error {
	switch {
	case !deviceName.MatchString(c.Device):
		return fmt.Errorf("tun device name %q", c.Device)
	case c.DevNode != "" && (!plainPath.MatchString(c.DevNode) || filepath.Clean(c.DevNode) != c.DevNode):
		return fmt.Errorf("tun device node %q", c.DevNode)
	case !plainPath.MatchString(c.Management) || filepath.Clean(c.Management) != c.Management:
		return fmt.Errorf("management socket path %q", c.Management)
	case len(c.Management) > longestSocket:
		return fmt.Errorf("management socket path of %d bytes; a socket's name has at most %d", len(c.Management), longestSocket)
	case !c.ClientCIDR.IsValid() || !c.ClientCIDR.Addr().Is4() || c.ClientCIDR.Masked() != c.ClientCIDR:
		return fmt.Errorf("client range %s", c.ClientCIDR)
	case !c.Gateway.Is4() || !c.ClientCIDR.Contains(c.Gateway):
		return fmt.Errorf("gateway %s is not in the client range %s", c.Gateway, c.ClientCIDR)
	case !c.Transport.Valid():
		return fmt.Errorf("transport %q", c.Transport)
	case !c.Listen.Addr().Is4() || c.Listen.Port() == 0:
		return fmt.Errorf("listen address %s", c.Listen)
	case c.MaxClients < 1 || c.MaxClients > 0xFFFFFE: // a peer ID has 24 bits
		return fmt.Errorf("%d clients at most", c.MaxClients)
	case c.MSSFix != 0 && (c.MSSFix < 576 || c.MSSFix > 1500):
		return fmt.Errorf("mssfix %d", c.MSSFix)
	}
	return nil
}

// Render writes the configuration for `openvpn --config stdin`, keys included, so that no key
// file exists. What it returns is secret. Nothing of it is copied from a caller's text: names
// have closed alphabets, key material is decoded and written anew.
func (c Config) Render() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("configure worker on %s: %w", c.Device, err)
	}
	keys, err := c.inline()
	if err != nil {
		return nil, fmt.Errorf("configure worker on %s: %w", c.Device, err)
	}
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	mask := net.IP(net.CIDRMask(c.ClientCIDR.Bits(), 32)).String()

	// No `server` directive: it would bring a pool of its own, and addresses are ours to give.
	line("mode server")
	line("tls-server")
	line("dev %s", c.Device)
	line("dev-type tun")
	if c.DevNode != "" {
		line("dev-node %s", c.DevNode)
	}
	// The worker has no capability: the device is there before it and outlives it. The kernel's
	// data channel would want CAP_NET_ADMIN and bypass the device that our rules watch.
	line("disable-dco")
	line("ifconfig-noexec")
	line("route-noexec")
	line("persist-tun")
	line("persist-key")
	line("topology subnet")
	line("ifconfig %s %s", c.Gateway, mask)
	line(`push "topology subnet"`)
	line(`push "route-gateway %s"`, c.Gateway)

	c.listen(line)

	line("management %s unix", c.Management)
	line("management-client-auth")
	line("management-hold")
	// Its own directory is the only one that the worker can count on being able to write.
	line("tmp-dir %s", filepath.Dir(c.Management))

	if c.ClientCertificates {
		line("verify-client-cert require")
		// Also refuses a server's certificate that the same CA issued.
		line("remote-cert-tls client")
		// Without it OpenVPN lets a client with a certificate and no user name in by itself: no
		// CONNECT is raised and nobody decides.
		line("auth-user-pass-optional")
	} else {
		line("verify-client-cert none")
	}
	// Common names are not unique here; how often one user may connect is the dataplane's to say.
	line("duplicate-cn")
	line("dh none")
	line("tls-version-min 1.2")
	line("data-ciphers AES-256-GCM:AES-128-GCM:CHACHA20-POLY1305")
	line("auth-gen-token 0 %d external-auth", seconds(TokenRenewal))
	line("keepalive %d %d", seconds(PingInterval), seconds(PingRestart))
	line("hand-window %d", seconds(HandWindow))
	line("reneg-sec %d", seconds(RenegInterval))
	line("mssfix %d", c.mssfix())
	line("max-clients %d", c.MaxClients)
	// Counts unfinished handshakes only; the stock 100 in 10 s would let a flood block logins.
	line("connect-freq-initial 1000 10")
	line("script-security 1")
	// Why a client is refused, and beginnings and ends. 3 would add forty lines to a login, each a
	// call that this one thread makes, and our own commands again; 4 and above would write what
	// passes on the management socket into the log.
	line("verb 1")
	b.Write(keys)
	return b.Bytes(), nil
}

func (c Config) listen(line func(string, ...any)) {
	udp := c.Transport == vpn.UDP
	if udp {
		line("proto udp4")
		// No poll before a write: neither a tun device nor a UDP socket keeps a writer waiting.
		line("fast-io")
		// The kernel cuts it to net.core.rmem_max and wmem_max.
		line("rcvbuf %d", udpBuffer)
		line("sndbuf %d", udpBuffer)
		// Says RESTART to the clients at SIGTERM: back in a second rather than after a timeout.
		line("explicit-exit-notify 1")
	} else {
		line("proto tcp4-server")
		line("tcp-nodelay")
	}
	line("port %d", c.Listen.Port())
	switch {
	case !c.Listen.Addr().IsUnspecified():
		line("local %s", c.Listen.Addr())
	case udp:
		line("multihome")
	}
}

func (c Config) mssfix() int {
	if c.MSSFix == 0 {
		return DefaultMSSFix
	}
	return c.MSSFix
}

func seconds(d time.Duration) int { return int(d / time.Second) }
