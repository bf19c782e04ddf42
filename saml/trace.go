package saml

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"time"

	"sallyport/vpn"
)

// compare notes what an answer has to say and what it says.
func compare(t *vpn.SAMLTrace, what, expected, seen string, match bool) {
	t.Compared = append(t.Compared, vpn.SAMLComparison{What: what, Expected: expected, Seen: clip(seen), Match: match})
}

// Limits of a trace: it is shown on one page.
const (
	maxTracedAttributes = 100
	maxTracedValue      = 1000 // characters
)

// clip is a text of an IdP for a trace.
func clip(s string) string {
	s = vpn.PrintableText(s)
	if runes := []rune(s); len(runes) > maxTracedValue {
		return string(runes[:maxTracedValue]) + "…"
	}
	return s
}

// describe is what lists show of a certificate.
func describe(c *x509.Certificate) vpn.SAMLCertificate {
	subject := c.Subject.CommonName
	if subject == "" {
		subject = c.Subject.String()
	}
	sum := sha256.Sum256(c.Raw)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return vpn.SAMLCertificate{Subject: vpn.PrintableText(subject), Fingerprint: strings.Join(pairs, ":"), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC()}
}

// fingerprints are those of the certificates of the metadata.
func (p identityProvider) fingerprints() string {
	out := make([]string, len(p.Certificates))
	for i, c := range p.Certificates {
		out[i] = c.Fingerprint
	}
	return strings.Join(out, " or ")
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }
