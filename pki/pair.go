package pki

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"strings"

	"sallyport/vpn"
)

// Pair is a certificate with its key and the authorities above it, PEM throughout.
type Pair struct {
	CertPEM  string     // exactly one certificate
	ChainPEM string     // its issuers, nearest first, up to and including the self-signed root; "" for a root
	KeyPEM   vpn.Secret // PKCS #8; "" where the key is kept elsewhere
}

// Presented is what a TLS peer sends: the certificate and the intermediates, without the root,
// which the other side must hold already.
func (p Pair) Presented() string {
	var b strings.Builder
	b.WriteString(p.CertPEM)
	chain, _ := readCertificates(p.ChainPEM)
	for _, c := range chain {
		if !selfSigned(c) {
			b.WriteString(encodeCertificate(c.Raw))
		}
	}
	return b.String()
}

// Root is the self-signed authority that a peer must trust: the last of the chain, or the
// certificate itself where it is a root.
func (p Pair) Root() string {
	chain, _ := readCertificates(p.ChainPEM)
	if len(chain) == 0 {
		return p.CertPEM
	}
	return encodeCertificate(chain[len(chain)-1].Raw)
}

// PubliclyTrusted tells whether the root of p is one of those that this host trusts for the web.
// Such an authority must never vouch for VPN clients: it issues to everybody.
func (p Pair) PubliclyTrusted() bool {
	roots, err := x509.SystemCertPool()
	if err != nil {
		return false
	}
	certs, fault := readCertificates(p.Root())
	if fault != "" {
		return false
	}
	_, err = certs[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err == nil
}

func sameKey(pub crypto.PublicKey, key crypto.Signer) bool {
	a, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return false
	}
	b, err := x509.MarshalPKIXPublicKey(key.Public())
	return err == nil && bytes.Equal(a, b)
}
