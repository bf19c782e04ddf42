package pki

import (
	"crypto/x509"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// publicKeys are the keys of the authorities that browsers trust. The program contains them:
// the list of the host may be absent, and may contain a company's own authority, which is not public. They are keys and
// not certificates, because an authority may get a new certificate or one from another authority.
var publicKeys = sync.OnceValue(func() map[string]bool {
	keys := map[string]bool{}
	for root := range bundle.Roots() {
		if c, err := x509.ParseCertificate(root.Certificate); err == nil {
			keys[string(c.RawSubjectPublicKeyInfo)] = true
		}
	}
	return keys
})

func publiclyTrusted(c *x509.Certificate) bool {
	return publicKeys()[string(c.RawSubjectPublicKeyInfo)]
}

func publicFault(c *x509.Certificate) string {
	return nameOf(c.Subject.CommonName, c.Subject.String()) + " is a public authority: it gives certificates to anyone, and anyone with one could connect. Import an authority of your own."
}

// PubliclyTrusted reports whether one of the PEM certificates is an authority that browsers trust.
// Such an authority must never certify VPN clients: it gives certificates to anyone.
func (Maker) PubliclyTrusted(anchors string) bool {
	certs, _ := readCertificates(anchors)
	for _, c := range certs {
		if publiclyTrusted(c) {
			return true
		}
	}
	return false
}
