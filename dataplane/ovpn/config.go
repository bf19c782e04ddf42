package ovpn

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"sallyport/vpn"
)

// Settings of every worker. HandWindow limits a browser login (the 60 s of a stock server would end it
// before a user has found the second factor). At the hourly renegotiation an expired session ends.
// PingRestart is the silence after which a client takes its worker for lost, and begins anew at the address that it
// knows; only its second attempt, 11 s later, looks the name of the gateway up again. PingAway is the silence after which
// a worker takes a client for lost. It is longer: what the client does about the silence comes first.
const (
	HandWindow    = 180 * time.Second
	RenegInterval = time.Hour
	PingInterval  = 5 * time.Second
	PingRestart   = 20 * time.Second
	PingAway      = time.Minute
	// TokenRenewal is how long a client may be offline and still return without a login. OpenVPN's
	// token has no lifetime (0): the end of a session is decided by the session table.
	TokenRenewal = 7 * 24 * time.Hour
	// DefaultMSSFix avoids fragments on an underlay with an MTU of 1400 bytes, where OpenVPN's default
	// fragments 28 % of the packets.
	DefaultMSSFix = 1360
	// udpBuffer, in bytes, holds the packets that arrive while the single thread of a worker is busy.
	// With Linux's default of 208 KiB a single TCP stream at full speed lost one packet in seven; this
	// holds 20 ms of such a stream.
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
	// Listen is the worker's own address and (high) port. An unspecified address means every address
	// of the host: over UDP the worker then replies from the address that the client used.
	Listen netip.AddrPort
	// Management is the path of the socket that the worker creates. OpenVPN gives it mode 0777, so its
	// directory must belong to this worker alone and have mode 0700.
	Management string
	// ClientCertificates enables mutual authentication: a client needs a client certificate issued by
	// Keys.ClientCA before its login is decided.
	ClientCertificates bool
	// Passwords has every client asked for a user name and a password. An older program did not hash it
	// (worker.configuration).
	Passwords bool `json:",omitempty"`
	// Browser tells that users sign in outside of the client. At least one of the three is set.
	Browser bool `json:",omitempty"`
	Keys    vpn.Keys
	// MaxClients is OpenVPN's own limit. The dataplane's quota is lower.
	MaxClients int
	// MSSFix is in bytes; 0 means DefaultMSSFix.
	MSSFix int
}

var (
	deviceName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,14}$`)
	plainPath  = regexp.MustCompile(`^/[A-Za-z0-9/._-]+$`)
)

// maxSocketPath is the length in bytes that fits sockaddr_un with its NUL.
const maxSocketPath = 107

func (c Config) check() error {
	switch {
	case !deviceName.MatchString(c.Device):
		return fmt.Errorf("tun device name %q", c.Device)
	case c.DevNode != "" && (!plainPath.MatchString(c.DevNode) || filepath.Clean(c.DevNode) != c.DevNode):
		return fmt.Errorf("tun device node %q", c.DevNode)
	case !plainPath.MatchString(c.Management) || filepath.Clean(c.Management) != c.Management:
		return fmt.Errorf("management socket path %q", c.Management)
	case len(c.Management) > maxSocketPath:
		return fmt.Errorf("management socket path of %d bytes; a socket's name has at most %d", len(c.Management), maxSocketPath)
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
	case !c.ClientCertificates && !c.Passwords && !c.Browser:
		return errors.New("clients need neither a certificate nor a password")
	case c.MSSFix != 0 && (c.MSSFix < 576 || c.MSSFix > 1500):
		return fmt.Errorf("mssfix %d", c.MSSFix)
	}
	return nil
}

// Render returns the configuration for `openvpn --config stdin`, keys included, so that no key file
// exists. The result is secret. No text of a caller is copied unchecked: names are limited to a small
// alphabet, key material is decoded and encoded again.
func (c Config) Render() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("configure worker on %s: %w", c.Device, err)
	}
	keys, err := c.inlineKeys()
	if err != nil {
		return nil, fmt.Errorf("configure worker on %s: %w", c.Device, err)
	}
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	mask := net.IP(net.CIDRMask(c.ClientCIDR.Bits(), 32)).String()

	// No `server` directive: it would add an address pool, and the dataplane assigns addresses.
	line("mode server")
	line("tls-server")
	line("dev %s", c.Device)
	line("dev-type tun")
	if c.DevNode != "" {
		line("dev-node %s", c.DevNode)
	}
	// The worker has no capability: its device exists before and after it. The kernel's data channel
	// (DCO) would need CAP_NET_ADMIN and bypass the device that our rules match.
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
	// The worker's own directory is the only one that it can certainly write to.
	line("tmp-dir %s", filepath.Dir(c.Management))

	if c.ClientCertificates {
		line("verify-client-cert require")
		// Also refuses a server certificate of the same CA.
		line("remote-cert-tls client")
		// Key identifiers of the whole chain: of an authority that only the client sends the worker reports no key otherwise.
		line("x509-track +subjectKeyIdentifier")
		line("x509-track +authorityKeyIdentifier")
	} else {
		line("verify-client-cert none")
	}
	if !c.Passwords {
		// Without it OpenVPN admits a client with a certificate and no user name without sending
		// CONNECT, so without a decision of ours. A client that signs in in the browser sends a user name that says nothing.
		line("auth-user-pass-optional")
	}
	// Common names are not unique here; the dataplane limits the connections of a user.
	line("duplicate-cn")
	line("dh none")
	line("tls-version-min 1.2")
	line("data-ciphers %s", strings.Join(vpn.DataCiphers(), ":"))
	line("auth-gen-token 0 %d external-auth", wholeSeconds(TokenRenewal))
	line("ping %d", wholeSeconds(PingInterval))
	line("ping-restart %d", wholeSeconds(PingAway))
	line(`push "ping %d"`, wholeSeconds(PingInterval))
	line(`push "ping-restart %d"`, wholeSeconds(PingRestart))
	line("hand-window %d", wholeSeconds(HandWindow))
	line("reneg-sec %d", wholeSeconds(RenegInterval))
	line("mssfix %d", c.mssfix())
	line("max-clients %d", c.maxClients())
	// First packets of handshakes, from all addresses together: one host that repeats a recorded packet
	// would block every login. The packet filter limits each address, and with tls-crypt a reply is no
	// longer than the packet that it answers.
	line("connect-freq-initial 1000000 10")
	// Nothing is compressed: traffic that an attacker has a part in could be guessed by its length. A client whose own file has
	// comp-lzo or compress would reach nothing; it is told to use the framing alone (compress stub-v2).
	line("compress migrate")
	line("script-security 1")
	// Level 1 logs refusals, starts and ends. Level 3 would add forty lines to a login, each written by
	// the worker's single thread, and repeat our commands; level 4 and above would log the traffic of
	// the management socket.
	line("verb 1")
	b.Write(keys)
	return b.Bytes(), nil
}

func (c Config) listen(line func(string, ...any)) {
	udp := c.Transport == vpn.UDP
	if udp {
		line("proto udp4")
		// No poll before a write: writes to a tun device or a UDP socket do not block.
		line("fast-io")
		// The kernel limits these to net.core.rmem_max and wmem_max.
		line("rcvbuf %d", udpBuffer)
		line("sndbuf %d", udpBuffer)
		// Sends RESTART to the clients at SIGTERM: they return in a second and not after a timeout.
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

// maxClients bounds the memory of unfinished handshakes: twice the addresses that there are to give.
func (c Config) maxClients() int {
	return min(c.MaxClients, 2<<(32-c.ClientCIDR.Bits()))
}

func (c Config) mssfix() int {
	if c.MSSFix == 0 {
		return DefaultMSSFix
	}
	return c.MSSFix
}

func wholeSeconds(d time.Duration) int { return int(d / time.Second) }
