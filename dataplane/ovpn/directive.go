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

// Directive is one line of a client's own configuration, made from typed values only. OpenVPN does not
// report an invalid directive: it logs it and admits the client without it. So this package checks
// it, and Authorize returns the error before anything is sent.
type Directive struct {
	line string
	err  error
}

func directive(format string, args ...any) Directive {
	return Directive{line: fmt.Sprintf(format, args...)}
}

func invalidDirective(format string, args ...any) Directive {
	return Directive{err: fmt.Errorf(format, args...)}
}

func netmask(p netip.Prefix) string { return net.IP(net.CIDRMask(p.Bits(), 32)).String() }

// IfconfigPush assigns the client's tunnel address.
func IfconfigPush(addr netip.Addr, clientCIDR netip.Prefix) Directive {
	if !addr.Is4() || !clientCIDR.Contains(addr) {
		return invalidDirective("address %s is not in the client range %s", addr, clientCIDR)
	}
	return directive("ifconfig-push %s %s", addr, netmask(clientCIDR))
}

// PushRoute routes the destination through the tunnel.
func PushRoute(destination netip.Prefix) Directive {
	if !destination.IsValid() || !destination.Addr().Is4() || destination.Masked() != destination {
		return invalidDirective("route to %s", destination)
	}
	return directive(`push "route %s %s"`, destination.Addr(), netmask(destination))
}

// PushRedirectGateway routes all IPv4 through the tunnel, by two routes of half the address space
// (def1), so that the client's own default route is not changed.
func PushRedirectGateway() Directive { return directive(`push "redirect-gateway def1"`) }

// PushRedirectAll also routes all IPv6 into the tunnel, by routes that are narrower than a default
// route. A client adds them only where PushIfconfigIPv6 gives it an address.
func PushRedirectAll() Directive { return directive(`push "redirect-gateway def1 ipv6"`) }

// PushIfconfigIPv6 gives the client's device an IPv6 address. It is pushed as text, unlike
// ifconfig-ipv6-push: the worker does not learn the address and delivers no IPv6 packet to it. A client
// whose kernel has IPv6 switched off ends with a fatal error.
func PushIfconfigIPv6(addr netip.Prefix, gateway netip.Addr) Directive {
	if !addr.Addr().Is6() || addr.Addr().Is4In6() || !addr.Contains(gateway) || addr.Addr() == gateway {
		return invalidDirective("IPv6 address %s with gateway %s", addr, gateway)
	}
	return directive(`push "ifconfig-ipv6 %s %s"`, addr, gateway)
}

// PushBlockIPv6 has the client refuse, with an ICMPv6 error, the IPv6 packets that its routes lead into
// the tunnel. It adds no route: without PushRedirectAll IPv6 passes beside the tunnel.
func PushBlockIPv6() Directive { return directive(`push "block-ipv6"`) }

// PushDNS adds a DNS server. Clients use the servers in the order of the directives.
func PushDNS(server netip.Addr) Directive {
	if !server.Is4() || server.IsUnspecified() {
		return invalidDirective("DNS server %s", server)
	}
	return directive(`push "dhcp-option DNS %s"`, server)
}

// PushBlockOutsideDNS has a Windows client ask no DNS server but those of the tunnel: Windows asks the
// servers of every interface and takes the first answer. Clients of other systems log that they do not
// know the option.
func PushBlockOutsideDNS() Directive { return directive(`push "block-outside-dns"`) }

// PushAuthTokenUser assigns a user name to a client without one. A stock client keeps its token only
// together with a user name: without this line a certificate-only client returns after every restart
// as a new session (session_state Initial, another session_id); with it, as AuthenticatedEmptyUser of
// the same session. The name itself is not used.
//
// It must not be sent to a client that has a user name: that client would return with the pushed name,
// for which its token was not made, and session_state would be Invalid.
func PushAuthTokenUser(name string) Directive {
	if name == "" || len(name) > 128 {
		return invalidDirective("token user of %d bytes", len(name))
	}
	return directive(`push "auth-token-user %s"`, base64.StdEncoding.EncodeToString([]byte(name)))
}

// PushSessionTimeout makes the client disconnect after d, in whole seconds. It is a second limit for
// the case that no dataplane runs to send Halt.
func PushSessionTimeout(d time.Duration) Directive {
	if d < time.Second {
		return invalidDirective("session timeout of %s", d)
	}
	return directive(`push "session-timeout %d"`, wholeSeconds(d))
}

// maxBannerPiece is the number of bytes of a banner in one line: `push "echo 'msg-n …'"` is then
// shorter than maxLine.
const maxBannerPiece = 230

// PushBanner shows text in a window of the client: in pieces of at most 230 bytes, the last piece of each
// line as `msg` (which ends the line), the others as `msg-n`. Clients without this feature ignore it.
// Empty text gives no directives.
func PushBanner(title, text string) []Directive {
	if text == "" {
		return nil
	}
	if t := escapeBanner(title); len(t) > maxBannerPiece || strings.ContainsAny(title, "\r\n") {
		return []Directive{invalidDirective("banner title of %d bytes", len(t))}
	}
	var out []Directive
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, l := range lines {
		pieces := splitBanner(l)
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

// splitBanner escapes one line and cuts it into pieces, never inside a rune or an escape, because the
// client unescapes each piece separately.
func splitBanner(line string) []string {
	pieces := []string{""}
	for _, r := range strings.ToValidUTF8(line, "?") {
		e := escapeBanner(string(r))
		if len(pieces[len(pieces)-1])+len(e) > maxBannerPiece {
			pieces = append(pieces, "")
		}
		pieces[len(pieces)-1] += e
	}
	return pieces
}

// escapeBanner percent-encodes the characters with a meaning in OpenVPN's syntax: a comma ends a pushed
// option, # and ; start a comment, quotes and backslash quote.
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

// directiveLines returns the text of the directives, or the errors of the invalid ones.
func directiveLines(ds []Directive) ([]string, error) {
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
