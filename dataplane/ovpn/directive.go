package ovpn

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Directive is one line of a client's own configuration, made from typed values only. OpenVPN
// reports no error about a directive to us: it logs it and lets the client in without. So a bad
// one is found here, and Authorize refuses it before anything is sent.
type Directive struct {
	line string
	err  error
}

func directive(format string, args ...any) Directive {
	return Directive{line: fmt.Sprintf(format, args...)}
}

func refused(format string, args ...any) Directive {
	return Directive{err: fmt.Errorf(format, args...)}
}

func mask(p netip.Prefix) string { return net.IP(net.CIDRMask(p.Bits(), 32)).String() }

// IfconfigPush gives the client its tunnel address.
func IfconfigPush(addr netip.Addr, clientCIDR netip.Prefix) Directive {
	if !addr.Is4() || !clientCIDR.Contains(addr) {
		return refused("address %s is not in the client range %s", addr, clientCIDR)
	}
	return directive("ifconfig-push %s %s", addr, mask(clientCIDR))
}

// PushRoute sends the destination through the tunnel.
func PushRoute(destination netip.Prefix) Directive {
	if !destination.IsValid() || !destination.Addr().Is4() || destination.Masked() != destination {
		return refused("route to %s", destination)
	}
	return directive(`push "route %s %s"`, destination.Addr(), mask(destination))
}

// PushRedirectGateway sends everything through the tunnel. Two half-defaults rather than one
// default: the client's own route stays as it was.
func PushRedirectGateway() Directive { return directive(`push "redirect-gateway def1"`) }

// PushBlockIPv6 keeps a full tunnel's client from going around it over IPv6.
func PushBlockIPv6() Directive { return directive(`push "block-ipv6"`) }

// PushDNS names a resolver. The order of the directives is the order of use.
func PushDNS(server netip.Addr) Directive {
	if !server.Is4() || server.IsUnspecified() {
		return refused("DNS server %s", server)
	}
	return directive(`push "dhcp-option DNS %s"`, server)
}

// PushAuthTokenUser gives a client without a user name one to return with. A stock client keeps
// its token only together with a user name: without this line a certificate-only client comes
// back after every restart as a stranger (session_state Initial, a new session_id); with it, as
// AuthenticatedEmptyUser of the same session. The name itself is never seen again.
//
// Never for a client that has a user name: it would return under the pushed one, for which its
// token was not made, and session_state would be Invalid.
func PushAuthTokenUser(name string) Directive {
	if name == "" || len(name) > 128 {
		return refused("token user of %d bytes", len(name))
	}
	return directive(`push "auth-token-user %s"`, base64.StdEncoding.EncodeToString([]byte(name)))
}

// PushSessionTimeout has the client end by itself, in whole seconds: a belt for the case that
// nobody is there to send Halt.
func PushSessionTimeout(d time.Duration) Directive {
	if d < time.Second {
		return refused("session timeout of %s", d)
	}
	return directive(`push "session-timeout %d"`, seconds(d))
}

// bannerPiece is how much of a banner one line carries: `push "echo 'msg-n …'"` stays far
// enough under maxLine.
const bannerPiece = 230

// Banner shows text in a window of the client: pieces of at most 230 bytes, the last piece of
// each line as `msg` (which ends the line), the others as `msg-n`. Clients that cannot, ignore
// it. Empty text shows nothing.
func Banner(title, text string) []Directive {
	if text == "" {
		return nil
	}
	if t := escapeBanner(title); len(t) > bannerPiece || strings.ContainsAny(title, "\r\n") {
		return []Directive{refused("banner title of %d bytes", len(t))}
	}
	var out []Directive
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, l := range lines {
		pieces := split(l)
		for j, p := range pieces {
			word := "msg-n"
			if j == len(pieces)-1 && i < len(lines)-1 {
				word = "msg"
			}
			out = append(out, directive(`push "echo '%s %s'"`, word, p))
		}
	}
	return append(out, directive(`push "echo 'msg-window %s'"`, escapeBanner(title)))
}

// split escapes one line and cuts it into pieces, never inside a rune or an escape: the client
// unescapes each piece by itself.
func split(line string) []string {
	pieces := []string{""}
	for _, r := range strings.ToValidUTF8(line, "?") {
		e := escapeBanner(string(r))
		if len(pieces[len(pieces)-1])+len(e) > bannerPiece {
			pieces = append(pieces, "")
		}
		pieces[len(pieces)-1] += e
	}
	return pieces
}

// escapeBanner percent-encodes what OpenVPN's own syntax would take: a comma ends a pushed
// option, # and ; begin a comment, quotes and backslash are quotes and backslash.
func escapeBanner(s string) string {
	var b strings.Builder
	for _, r := range s {
		if isControl(r) || strings.ContainsRune("%,#;\"'\\", r) {
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// lines gives the directives' text, or what is wrong with them.
func lines(ds []Directive) ([]string, error) {
	var out []string
	var bad []error
	for _, d := range ds {
		switch {
		case d.err != nil:
			bad = append(bad, d.err)
		case d.line == "" || d.line == "END":
			bad = append(bad, errors.New("an empty directive"))
		default:
			out = append(out, d.line)
		}
	}
	return out, errors.Join(bad...)
}
