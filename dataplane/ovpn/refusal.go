package ovpn

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"

	"sallyport/vpn"
)

// TLSRefused is a client that a worker refused during the TLS handshake, before it had a CID. OpenVPN
// sends no >CLIENT notification for it: it is read from the log.
type TLSRefused struct {
	At   time.Time
	Peer netip.AddrPort
	Code vpn.Code // one of vpn.LoginCodes
	// Subject and Serial (decimal) are those of the certificate, where the log has them. They are not
	// verified.
	Subject, Serial string
	// Message is a sentence for administrators.
	Message string
	// Count is above 1 where several packets with a wrong tls-crypt key are reported in one event.
	Count int
}

const (
	// maxCauses is the number of handshakes whose cause is kept until their "handshake failed".
	maxCauses = 1024
	// sharedKeyInterval is the least time between two events about wrong tls-crypt keys: any host can
	// send such packets, at the speed of the link.
	sharedKeyInterval = time.Minute
	maxSubject        = 200
)

const sharedKeyLine = "TLS Error: tls-crypt unwrapping failed from [AF_INET]"

// Refusals finds refusals in a worker's log lines, which it needs in order. It does no I/O. The zero
// value is ready for use.
type Refusals struct {
	causes            map[netip.AddrPort]TLSRefused
	sharedKeyCount    int
	sharedKeyReported time.Time // time of the last event about the shared key
}

// Log reads one line and returns a refusal when it is complete. The lines are those of OpenVPN 2.6 with
// OpenSSL 3; testdata has recorded ones.
func (r *Refusals) Log(l Log) (TLSRefused, bool) {
	if addr, ok := strings.CutPrefix(l.Text, sharedKeyLine); ok {
		return r.sharedKeyRefusal(l.At, addr)
	}
	prefix, text, ok := strings.Cut(l.Text, " ")
	if !ok {
		return TLSRefused{}, false
	}
	peer, err := netip.ParseAddrPort(prefix[strings.LastIndexByte(prefix, '/')+1:])
	if err != nil {
		return TLSRefused{}, false
	}
	if addr, ok := strings.CutPrefix(text, sharedKeyLine); ok { // over TCP the line has a prefix
		return r.sharedKeyRefusal(l.At, addr)
	}
	if text == "TLS Error: TLS handshake failed" {
		cause, known := r.causes[peer]
		delete(r.causes, peer)
		if !known {
			cause = TLSRefused{Peer: peer, Code: vpn.CodeHandshakeFailed, Message: "The TLS handshake failed; the log does not say why."}
		}
		cause.At, cause.Count = l.At, 1
		return cause, true
	}
	if strings.Contains(text, "Peer Connection Initiated with") || strings.HasPrefix(text, "SIGUSR1[soft,tls-error]") {
		delete(r.causes, peer)
		return TLSRefused{}, false
	}
	if cause, ok := parseCause(text); ok {
		r.addCause(peer, cause)
	}
	return TLSRefused{}, false
}

// addCause keeps the first cause of a handshake, and replaces vpn.CodeHandshakeFailed by a specific reason.
func (r *Refusals) addCause(peer netip.AddrPort, cause TLSRefused) {
	if old, ok := r.causes[peer]; ok && old.Code != vpn.CodeHandshakeFailed {
		return
	}
	if r.causes == nil || len(r.causes) >= maxCauses {
		r.causes = map[netip.AddrPort]TLSRefused{} // full of handshakes that never ended; only their sentences are lost
	}
	cause.Peer = peer
	r.causes[peer] = cause
}

func (r *Refusals) sharedKeyRefusal(at time.Time, addr string) (TLSRefused, bool) {
	addr, _, _ = strings.Cut(addr, " ")
	peer, err := netip.ParseAddrPort(addr)
	if err != nil {
		return TLSRefused{}, false
	}
	r.sharedKeyCount++
	if !r.sharedKeyReported.IsZero() && at.Sub(r.sharedKeyReported) < sharedKeyInterval {
		return TLSRefused{}, false
	}
	e := TLSRefused{
		At: at, Peer: peer, Code: vpn.CodeSharedKeyMismatch, Count: r.sharedKeyCount,
		Message: "The packet was not made with this endpoint's shared key: the sender is no client of it, or has a configuration file that is out of date.",
	}
	r.sharedKeyCount, r.sharedKeyReported = 0, at
	return e, true
}

func parseCause(text string) (TLSRefused, bool) {
	switch {
	case strings.HasPrefix(text, nameError):
		return parseCommonNameError(text), true
	case strings.HasPrefix(text, "VERIFY ERROR: "):
		return parseVerifyError(text), true
	case text == "VERIFY EKU ERROR":
		return TLSRefused{Code: vpn.CodeCertificateUsage, Message: "The client certificate is not meant for clients: its extended key usage lacks client authentication."}, true
	case text == "VERIFY KU ERROR":
		return TLSRefused{Code: vpn.CodeCertificateUsage, Message: "The client certificate is not meant for TLS: its key usage lacks digital signatures."}, true
	case strings.Contains(text, "peer did not return a certificate"):
		return TLSRefused{Code: vpn.CodeCertificateMissing, Message: "The client presented no certificate, and this endpoint requires one."}, true
	case strings.Contains(text, "Auth Username/Password was not provided by peer"):
		return TLSRefused{Code: vpn.CodePasswordMissing, Message: "The client sent no user name and password, and this endpoint requires them."}, true
	case strings.HasPrefix(text, "TLS Error: TLS key negotiation failed to occur within"):
		return TLSRefused{Code: vpn.CodeHandshakeFailed, Message: fmt.Sprintf("The client did not complete the TLS handshake within %d seconds.", wholeSeconds(HandWindow))}, true
	case strings.Contains(text, "unsupported protocol"):
		return TLSRefused{Code: vpn.CodeHandshakeFailed, Message: "The client supports no TLS version that this endpoint allows; 1.2 is the lowest."}, true
	case strings.Contains(text, "no shared cipher"):
		return TLSRefused{Code: vpn.CodeHandshakeFailed, Message: "The client and this endpoint have no TLS cipher in common."}, true
	case strings.HasPrefix(text, "OpenSSL: error:"):
		_, words, _ := strings.Cut(strings.TrimPrefix(text, "OpenSSL: error:"), "::")
		return TLSRefused{Code: vpn.CodeHandshakeFailed, Message: "The TLS handshake failed: " + makePrintable(strings.Trim(words, ":")) + "."}, true
	}
	return TLSRefused{}, false
}

// nameError begins the line about a certificate whose common name OpenVPN does not take.
const nameError = "VERIFY ERROR: could not extract CN from X509 subject string ('"

// commonNameError reads "VERIFY ERROR: could not extract CN from X509 subject string ('<subject>')
// -- note that the field length is limited to 64 characters". OpenVPN escapes no separator in a
// subject, so one that is made for it can claim a common name that it does not have.
func parseCommonNameError(text string) TLSRefused {
	subject := strings.TrimPrefix(text, nameError)
	if i := strings.LastIndex(subject, "')"); i >= 0 {
		subject = subject[:i]
	}
	e := TLSRefused{Subject: makePrintable(subject)}
	_, cn, found := strings.Cut(", "+subject, ", CN=")
	if !found {
		_, cn, found = strings.Cut(subject, " + CN=")
	}
	of := "The client certificate"
	if e.Subject != "" {
		of += " " + e.Subject
	}
	switch {
	case !found:
		e.Code, e.Message = vpn.CodeCommonNameMissing, of+" has no common name (CN). OpenVPN names a client by it; issue a certificate that has one."
	case len(cn) > vpn.MaxCommonName:
		e.Code, e.Message = vpn.CodeCommonNameTooLong, fmt.Sprintf("%s has a common name (CN) that is too long: OpenVPN accepts at most %d bytes. Issue one with a shorter name.", of, vpn.MaxCommonName)
	default:
		e.Code, e.Message = vpn.CodeCommonNameInvalid, of+" has a common name (CN) that OpenVPN cannot read."
	}
	return e
}

// verifyError reads "VERIFY ERROR: depth=0, error=<OpenSSL's words>: <subject>, serial=<decimal>".
// The client chooses the subject, so its end is searched from the right.
func parseVerifyError(text string) TLSRefused {
	var e TLSRefused
	depth, rest, found := strings.Cut(strings.TrimPrefix(text, "VERIFY ERROR: depth="), ", error=")
	if !found {
		words := strings.TrimPrefix(text, "VERIFY ERROR: ")
		return TLSRefused{Code: vpn.CodeCertificateRefused, Message: "A certificate of the client was refused: " + makePrintable(words) + "."}
	}
	if i := strings.LastIndex(rest, ", serial="); i >= 0 {
		if serial := rest[i+len(", serial="):]; strings.Trim(strings.TrimPrefix(serial, "-"), "0123456789") == "" {
			e.Serial, rest = serial, rest[:i]
		}
	}
	words, subject, _ := strings.Cut(rest, ": ")
	e.Subject = makePrintable(subject)
	of := "The client certificate " + e.Subject
	if d, err := strconv.Atoi(depth); err != nil || d > 0 {
		of = "The CA certificate " + e.Subject + " in the client's chain"
	}
	switch words {
	case "unable to get local issuer certificate", "unable to get issuer certificate",
		"unable to verify the first certificate", "certificate signature failure", "invalid CA certificate",
		"self-signed certificate", "self-signed certificate in certificate chain",
		"self signed certificate", "self signed certificate in certificate chain", "certificate not trusted":
		e.Code, e.Message = vpn.CodeCertificateUntrusted, of+" was issued by a CA that this endpoint does not trust."
	case "certificate has expired":
		e.Code, e.Message = vpn.CodeCertificateExpired, of+" has expired."
	case "certificate is not yet valid":
		e.Code, e.Message = vpn.CodeCertificateNotYetValid, of+" is not valid yet; the clock of its issuer or of this server may be wrong."
	case "unsuitable certificate purpose", "unsupported certificate purpose":
		e.Code, e.Message = vpn.CodeCertificateUsage, of+" is not meant for clients; a server's certificate is refused here."
	default:
		e.Code, e.Message = vpn.CodeCertificateRefused, of+" was refused: "+makePrintable(words)+"."
	}
	return e
}

func makePrintable(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, s)
	return truncate(s, maxSubject)
}
