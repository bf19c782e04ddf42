package vpn

import (
	"slices"
	"strings"
	"time"
)

// CertificateBlock refuses one client certificate, wherever it was issued, until an administrator removes the block.
//
// A certificate is recognized by its fingerprint, and by its serial number together with the key of its issuer or, where
// that is not certain, its common name: the issuer signs all of these. The fingerprint is not enough: the holder of a certificate with an
// ECDSA signature can make a second one of it that is as valid and has another fingerprint, and likewise of the
// issuer's certificate where the client sends that (see Authorities). An issuer that is renewed with
// its key gets another fingerprint itself, and keeps the key.
type CertificateBlock struct {
	Fingerprint string // SHA-256 of the certificate, as BareFingerprint; it names the block
	Serial      string // decimal
	Issuer      string // SHA-256 of its issuer's certificate, as BareFingerprint; empty: not known
	IssuerKey   string // KeyDigest of that; empty: not known
	CommonName  string
	By          string // the administrator
	At          time.Time
}

var errCertificateBlocked = Refuse(Denied, CodeCertificateBlocked, "Your certificate is blocked on this VPN. Ask your administrator for another one.")

// BlockedMessage is what the user of a blocked certificate is shown.
func BlockedMessage() string { return errCertificateBlocked.Msg }

// BareFingerprint is a fingerprint in lower case without colons, as blocks and connections have it.
func BareFingerprint(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, ":", ""))
}

// BlockOf is the block of a client certificate that is kept here.
func BlockOf(c Certificate) CertificateBlock {
	b := CertificateBlock{Fingerprint: BareFingerprint(c.Fingerprint), Serial: c.Serial, CommonName: c.CommonName}
	if issuer := c.ownIssuer(); issuer.Fingerprint != unknownIssuer {
		b.Issuer, b.IssuerKey = issuer.Fingerprint, issuer.Key
	}
	return b
}

// BlockOfConnection is the block of the certificate that a connection was made with, which need not be
// kept here. It is false for connections from before the program recorded fingerprints.
func BlockOfConnection(c Connection) (CertificateBlock, bool) {
	return CertificateBlock{
		Fingerprint: BareFingerprint(c.Fingerprint), Serial: c.Serial, Issuer: BareFingerprint(c.Issuer), IssuerKey: c.IssuerKey,
		CommonName: PrintableText(c.CommonName),
	}, c.Fingerprint != ""
}

// IsOf tells whether the block is about the certificate of a login.
// The login is one of Authorities.Verify.
func (b CertificateBlock) IsOf(r LoginRequest) bool {
	return b.isOf(r)
}

// IsOfConnection tells whether a connection was made with the blocked certificate.
func (b CertificateBlock) IsOfConnection(c Connection) bool {
	if c.Fingerprint == "" { // made before the program recorded fingerprints
		c.Issuer, c.IssuerKey = "", ""
	}
	return b.isOf(LoginRequest{Fingerprint: c.Fingerprint, Serial: c.Serial, Issuer: c.Issuer, IssuerKey: c.IssuerKey, CommonName: c.CommonName})
}

// IsOfSession tells whether the login of a VPN session was made with the blocked certificate.
func (b CertificateBlock) IsOfSession(s Session) bool {
	return b.isOf(LoginRequest{Fingerprint: s.Fingerprint, Serial: s.Serial, Issuer: s.Issuer, IssuerKey: s.IssuerKey, CommonName: s.CommonName})
}

func (b CertificateBlock) isOf(r LoginRequest) bool {
	issuer := BareFingerprint(r.Issuer)
	switch {
	case r.Fingerprint != "" && BareFingerprint(r.Fingerprint) == b.Fingerprint:
		return true
	case r.Serial == "" || r.Serial != b.Serial:
		return false
	case issuer != "" && issuer == b.Issuer, r.IssuerKey != "" && r.IssuerKey == b.IssuerKey:
		return true
	default: // two keys that are known are two issuers
		uncertain := r.IssuerKey == "" || b.IssuerKey == "" || namesCertificate(r.Serial)
		return uncertain && PrintableText(r.CommonName) == PrintableText(b.CommonName)
	}
}

// CertificateBlocks are blocks that may be about a login.
type CertificateBlocks []CertificateBlock

// Refuse tells whether one of the blocks is about the certificate of the login.
func (bs CertificateBlocks) Refuse(r LoginRequest) bool {
	return slices.ContainsFunc(bs, func(b CertificateBlock) bool { return b.IsOf(r) })
}
