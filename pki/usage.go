package pki

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"

	"sallyport/vpn"
)

var (
	oidKeyUsage        = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidExtKeyUsage     = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidNameConstraints = asn1.ObjectIdentifier{2, 5, 29, 30}
	oidNetscapeType    = asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 1}
)

// handledByOpenSSL are the critical extensions that OpenSSL takes and crypto/x509 does not judge.
// A peer refuses a certificate with any other.
var handledByOpenSSL = []string{
	oidNetscapeType.String(), oidNameConstraints.String(), "2.5.29.17", // alternative names of kinds that are not judged here
	"1.3.6.1.5.5.7.1.7", "1.3.6.1.5.5.7.1.8", // blocks of addresses and of systems
	"1.3.6.1.5.5.7.48.1.5", // OCSP no check
}

func extension(c *x509.Certificate, id asn1.ObjectIdentifier) (pkix.Extension, bool) {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(id) })
	if i < 0 {
		return pkix.Extension{}, false
	}
	return c.Extensions[i], true
}

// mayIssue returns why an authority may not sign certificates at all, as OpenSSL judges it; the
// sentence follows the authority's name. An extension that is absent restricts nothing
// (RFC 5280, section 4.2.1), but an authority says that it is one; a root of version 1 cannot.
func mayIssue(c *x509.Certificate) string {
	_, hasUsage := extension(c, oidKeyUsage)
	signs := c.KeyUsage&x509.KeyUsageCertSign != 0
	switch {
	case c.BasicConstraintsValid && !c.IsCA, !c.BasicConstraintsValid && (!selfSigned(c) || c.Version == 3 && !hasUsage):
		return "is not a certificate authority: its basic constraints do not say CA."
	case hasUsage && !signs && !c.BasicConstraintsValid:
		return "is not a certificate authority: it has no basic constraints, and its key usage does not name certificate signing."
	case hasUsage && !signs:
		return "may not sign certificates: its key usage does not name certificate signing."
	}
	return criticalFault(c)
}

// issuerFaultOf returns why an authority may not sign certificates for a use. OpenSSL demands the
// usage of every authority on the way that names usages at all, of the root as well; that of any
// usage does not count.
func issuerFaultOf(c *x509.Certificate, use vpn.CertificateUse) string {
	if fault := mayIssue(c); fault != "" {
		return fault
	}
	want, role := x509.ExtKeyUsageClientAuth, "clients"
	if use == vpn.UseServer {
		want, role = x509.ExtKeyUsageServerAuth, "servers"
	}
	if _, limited := extension(c, oidExtKeyUsage); limited && !slices.Contains(c.ExtKeyUsage, want) {
		return "may not issue certificates for " + role + ": its extended key usage does not name them, so OpenVPN would refuse the certificate."
	}
	return ""
}

// criticalFault names a critical extension that OpenSSL does not know and therefore refuses.
func criticalFault(c *x509.Certificate) string {
	for _, id := range c.UnhandledCriticalExtensions {
		if !slices.Contains(handledByOpenSSL, id.String()) {
			return "has the critical extension " + describeObject(id) + ", which OpenVPN does not know and therefore refuses. Have it issued again without it, or with the extension not critical."
		}
	}
	return ""
}

// netscapeFault judges the old extension that easy-rsa 2 wrote; OpenSSL still obeys it.
func netscapeFault(c *x509.Certificate, use vpn.CertificateUse) string {
	e, ok := extension(c, oidNetscapeType)
	if !ok {
		return ""
	}
	var bits asn1.BitString
	if _, err := asn1.Unmarshal(e.Value, &bits); err != nil {
		return ""
	}
	client, server := bits.At(0) != 0, bits.At(1) != 0
	if use == vpn.UseServer && !server || use == vpn.UseClient && !client {
		return "The certificate's Netscape certificate type does not name this use, so OpenVPN would refuse it. Have it issued again without that extension."
	}
	return ""
}

// directoryFault judges the constraints on directory names that an authority puts on the
// certificates below it. crypto/x509 judges the other kinds of names.
func directoryFault(authority *x509.Certificate, below []*x509.Certificate) string {
	e, ok := extension(authority, oidNameConstraints)
	if !ok || len(below) == 0 {
		return ""
	}
	permitted, excluded, known := directorySubtrees(e.Value)
	if e.Critical && !known {
		return "limits the names that it may certify (critical name constraints) in a way that cannot be judged here. Have it issued again with constraints on DNS names, addresses or directory names alone."
	}
	for i, c := range below {
		name := nameParts(c.RawSubject)
		if len(name) == 0 || i > 0 && comparable(c.RawSubject) == comparable(c.RawIssuer) {
			continue
		}
		within := func(subtree []string) bool {
			return len(subtree) <= len(name) && slices.Equal(subtree, name[:len(subtree)])
		}
		if len(permitted) > 0 && !slices.ContainsFunc(permitted, within) || slices.ContainsFunc(excluded, within) {
			return "may not certify the name " + strings.TrimSpace(c.Subject.String()) + " (name constraints)."
		}
	}
	return ""
}

// directorySubtrees reads the directory names of a name constraints extension. known is false where
// there are constraints of a kind that neither this package nor crypto/x509 judges.
func directorySubtrees(value []byte) (permitted, excluded [][]string, known bool) {
	whole, ok := element(value, 0)
	if !ok {
		return nil, nil, false
	}
	known = true
	for at := whole.body; at < whole.end; {
		list, ok := element(value, at)
		if !ok {
			return nil, nil, false
		}
		for a := list.body; a < list.end; {
			subtree, ok := element(value, a)
			if !ok {
				return nil, nil, false
			}
			base, ok := element(value, subtree.body)
			if !ok {
				return nil, nil, false
			}
			switch tag := value[base.start]; tag {
			case 0x81, 0x82, 0x86, 0x87: // mail, DNS, URI, address
			case 0xa4:
				parts := nameParts(base.content(value))
				if value[list.start] == 0xa0 {
					permitted = append(permitted, parts)
				} else {
					excluded = append(excluded, parts)
				}
			default:
				known = false
			}
			a = subtree.end
		}
		at = list.end
	}
	return permitted, excluded, known
}
