package ovpn

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/vpn"
)

// Env holds the values that a worker reports about a client. They include the password, so fmt, slog and
// JSON show none of them. Values whose names start with IV_ or UV_ come from the client and are not
// verified: they may select a login method or be shown, but must not decide anything.
type Env struct{ values map[string]string }

// NewEnv makes an Env of values. It is meant for tests.
func NewEnv(values map[string]string) Env { return Env{values} }

// String hides the values.
func (e Env) String() string { return fmt.Sprintf("%d values", len(e.values)) }

// GoString hides the values from %#v.
func (e Env) GoString() string { return "ovpn.Env{" + e.String() + "}" }

// LogValue hides the values from slog.
func (e Env) LogValue() slog.Value { return slog.StringValue(e.String()) }

// Empty reports whether there are no values.
func (e Env) Empty() bool { return len(e.values) == 0 }

// CommonName is the client certificate's; empty where none was asked for.
func (e Env) CommonName() string { return e.values["common_name"] }

// Subject is the subject of the client certificate. OpenVPN writes a control character in it as a backslash and
// two hex digits, and a backslash as two.
func (e Env) Subject() string { return e.values["tls_id_0"] }

// AltersCommonName reports whether CommonName may be another name than the certificate has: OpenVPN cuts it at a NUL,
// and replaces other control characters below 0x80 by "_". They are looked for in the whole subject: a part of it can
// have the text that separates the parts, but none can have a single backslash.
func (e Env) AltersCommonName() bool {
	return strings.Contains(strings.ReplaceAll(e.Subject(), `\\`, ""), `\`)
}

// Serial is the client certificate's serial number in decimal.
func (e Env) Serial() string { return e.values["tls_serial_0"] }

// Digest is the SHA-256 of the client certificate as 64 lower-case hex digits, or empty.
func (e Env) Digest() string { return e.digest("0") }

// IssuerDigest is the same of the certificate that the client certificate was verified with.
func (e Env) IssuerDigest() string { return e.digest("1") }

// maxKeyID bounds a key identifier, in bytes. Programs make 20 or 32.
const maxKeyID = 64

// maxDepth is more certificates than OpenVPN accepts above a client's own.
const maxDepth = 16

// Chain are the certificates above the client's own that it was verified with, up to the root.
func (e Env) Chain() []vpn.ChainCertificate {
	var chain []vpn.ChainCertificate
	for depth := 1; depth <= maxDepth; depth++ {
		n := strconv.Itoa(depth)
		c := vpn.ChainCertificate{Serial: e.values["tls_serial_"+n], Fingerprint: e.digest(n)}
		if c.Serial == "" && c.Fingerprint == "" {
			break
		}
		if c.KeyID = keyID(e.values["X509_"+n+"_subjectKeyIdentifier"]); c.KeyID == "" {
			c.KeyID = keyID(e.values["X509_"+strconv.Itoa(depth-1)+"_authorityKeyIdentifier"])
		}
		chain = append(chain, c)
	}
	return chain
}

// keyID reads a key identifier as OpenSSL prints it: octets in hex with colons between, after "keyid:" where the issuer's name follows.
func keyID(printed string) string {
	text, _, _ := strings.Cut(strings.TrimPrefix(printed, "keyid:"), "?") // OpenVPN writes a question mark for a line end
	text = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), ":", ""))
	if _, err := hex.DecodeString(text); err != nil || len(text) > 2*maxKeyID {
		return ""
	}
	return text
}

func (e Env) digest(depth string) string {
	return strings.ToLower(strings.ReplaceAll(e.values["tls_digest_sha256_"+depth], ":", ""))
}

// Username is as the client sent it, control characters replaced by OpenVPN. It is empty for a
// client that authenticates by certificate alone, on its return with a token too.
func (e Env) Username() string { return e.values["username"] }

// Password is what the client sent: a password, a token, or the answer to a challenge.
func (e Env) Password() vpn.Secret { return vpn.Secret(e.values["password"]) }

// tokenPrefix starts every token of auth-gen-token. No real password may: see OffersToken.
const tokenPrefix = "SESS_ID_AT_" //nolint:gosec // a prefix, not a credential

// OffersToken reports whether the password claims to be a token. Such a password never goes to a
// directory, and counts only with an authenticated SessionState: a forged token of the wrong
// length arrives with the state Initial.
func (e Env) OffersToken() bool { return strings.HasPrefix(e.values["password"], tokenPrefix) }

// SessionID is 16 base64 characters that stay the same as long as the client's token does.
func (e Env) SessionID() string { return e.values["session_id"] }

// SessionState is OpenVPN's result of checking the token that the client returned with.
type SessionState string

// The session states. EmptyUser means that the token was made for a client without a user name, and
// that the name that it sends now is the pushed auth-token-user.
const (
	SessionInitial                SessionState = "Initial"
	SessionAuthenticated          SessionState = "Authenticated"
	SessionAuthenticatedEmptyUser SessionState = "AuthenticatedEmptyUser"
	SessionExpired                SessionState = "Expired"
	SessionExpiredEmptyUser       SessionState = "ExpiredEmptyUser"
	SessionInvalid                SessionState = "Invalid"
)

// Authenticated reports whether the token is genuine, unexpired and of this user name. OpenVPN does not
// know whether the session still exists.
func (s SessionState) Authenticated() bool {
	return s == SessionAuthenticated || s == SessionAuthenticatedEmptyUser
}

// SessionState is empty where the worker makes no tokens.
func (e Env) SessionState() SessionState { return SessionState(e.values["session_state"]) }

// Untrusted is where the client's packets come from. "Untrusted" is OpenVPN's word for a peer
// before authentication. Invalid where it was not said.
func (e Env) Untrusted() netip.AddrPort { return e.peer("untrusted") }

// Trusted is the same once the client is authenticated; it follows a client that moves.
func (e Env) Trusted() netip.AddrPort { return e.peer("trusted") }

func (e Env) peer(kind string) netip.AddrPort {
	ip := e.values[kind+"_ip"]
	if ip == "" {
		ip = e.values[kind+"_ip6"]
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.AddrPort{}
	}
	port, err := strconv.ParseUint(e.values[kind+"_port"], 10, 16)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port))
}

// Platform is IV_PLAT, such as "win" or "linux".
func (e Env) Platform() string { return e.values["IV_PLAT"] }

// Version is IV_VER, the client's OpenVPN version.
func (e Env) Version() string { return e.values["IV_VER"] }

// SharesCipher reports whether the client and the worker have a data cipher in common. It is true for
// a client that does not say which it has: OpenVPN then decides by the client's one cipher.
func (e Env) SharesCipher() bool {
	offered := e.values["IV_CIPHERS"]
	if offered == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(offered, ":"), func(name string) bool {
		return slices.ContainsFunc(vpn.DataCiphers(), func(ours string) bool { return strings.EqualFold(ours, name) })
	})
}

// authPending is the bit of IV_PROTO by which a client says that it understands AUTH_PENDING with a timeout (2.6 and later).
const authPending = 1 << 4

// WaitsWhenAsked reports whether the client understands KeepWaiting.
func (e Env) WaitsWhenAsked() bool { return e.hasProtocol(authPending) }

// authFailTemp is the bit of IV_PROTO by which a client says that it understands AUTH_FAILED,TEMP (2.6 and later).
const authFailTemp = 1 << 8

// WaitsAfterDenial reports whether the client understands DenyForNow. Others end.
func (e Env) WaitsAfterDenial() bool { return e.hasProtocol(authFailTemp) }

func (e Env) hasProtocol(bit uint64) bool {
	proto, err := strconv.ParseUint(e.values["IV_PROTO"], 10, 32)
	return err == nil && proto&bit != 0
}

// GUIVersion is IV_GUI_VER, the program around it.
func (e Env) GUIVersion() string { return e.values["IV_GUI_VER"] }

// maxSSO bounds the login methods that are read: there are four, and a client may announce anything.
const maxSSO = 8

// SSO lists the login methods that the client announces ("webauth", "openurl", "crtext").
func (e Env) SSO() (out []string) {
	for m := range strings.SplitSeq(e.values["IV_SSO"], ",") {
		if m = strings.TrimSpace(m); m != "" && len(out) < maxSSO {
			out = append(out, m)
		}
	}
	return out
}

// DaemonPID is the worker's process, 0 where it was not said.
func (e Env) DaemonPID() int {
	pid, _ := strconv.Atoi(e.values["daemon_pid"])
	return pid
}

// Address is the tunnel address, in Established and in Disconnect after it.
func (e Env) Address() netip.Addr {
	addr, _ := netip.ParseAddr(e.values["ifconfig_pool_remote_ip"])
	return addr
}

// Traffic is what an established client transferred by its Disconnect, and for how long it was
// connected. In is what the worker received from it.
func (e Env) Traffic() (in, out uint64, lasted time.Duration) {
	in, _ = strconv.ParseUint(e.values["bytes_received"], 10, 64)
	out, _ = strconv.ParseUint(e.values["bytes_sent"], 10, 64)
	s, _ := strconv.ParseUint(e.values["time_duration"], 10, 31)
	return in, out, time.Duration(s) * time.Second
}
