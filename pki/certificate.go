package pki

import (
	"bytes"
	"crypto"
	"crypto/dsa" //nolint:staticcheck // only to name such a key when it is refused
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"slices"
	"strings"

	"sallyport/vpn"
)

// Facts reads the first certificate of PEM text. The error is an Invalid *vpn.Error on the field
// "certificate".
func (Maker) Facts(certPEM string) (vpn.CertificateFacts, error) {
	certs, fault := readCertificates(certPEM)
	if fault != "" {
		return vpn.CertificateFacts{}, refuse(fieldCertificate, fault)
	}
	c := certs[0]
	keyType, _ := describeKey(c.PublicKey)
	return vpn.CertificateFacts{
		CommonName:  nameOf(c.Subject.CommonName, c.Subject.String()), // an authority may have none
		DNSNames:    c.DNSNames,
		Issuer:      nameOf(c.Issuer.CommonName, c.Issuer.String()),
		Serial:      c.SerialNumber.String(),
		Fingerprint: fingerprint(c.Raw),
		KeyType:     keyType,
		NotBefore:   c.NotBefore.UTC(),
		NotAfter:    c.NotAfter.UTC(),
		IsAuthority: mayIssue(c) == "",
		ServerAuth:  slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth),
		ClientAuth:  slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth),
	}, nil
}

// SameIssuer reports whether one authority, with one key, issued two certificates: the first of each
// PEM text, with the chain above it. Authorities may share a name.
func (Maker) SameIssuer(a, aChain, b, bChain string) bool {
	ours, ourIssuer := withIssuer(a, aChain)
	others, otherIssuer := withIssuer(b, bChain)
	return ours != nil && others != nil && comparable(ours.RawIssuer) == comparable(others.RawIssuer) &&
		bytes.Equal(ourIssuer.RawSubjectPublicKeyInfo, otherIssuer.RawSubjectPublicKeyInfo)
}

// withIssuer gives a certificate and the one that issued it, which stands first in its chain.
func withIssuer(cert, chain string) (c, issuer *x509.Certificate) {
	certs, _ := readCertificates(cert)
	above, _ := readCertificates(chain)
	switch {
	case len(certs) == 0:
		return nil, nil
	case len(above) > 0:
		return certs[0], above[0]
	case selfSigned(certs[0]):
		return certs[0], certs[0]
	}
	return nil, nil
}

// Fingerprint is the SHA-256 fingerprint of the first certificate of PEM text, as browsers show
// it: upper-case hex pairs with colons.
func Fingerprint(certPEM string) (string, error) {
	f, err := Maker{}.Facts(certPEM)
	return f.Fingerprint, err
}

func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":")
}

// selfSigned asks the signature and not only the names: an authority may carry its own name
// under another's signature.
func selfSigned(c *x509.Certificate) bool {
	if comparable(c.RawSubject) != comparable(c.RawIssuer) {
		return false
	}
	return c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil || weakSignature(c) || c.SignatureAlgorithm == x509.UnknownSignatureAlgorithm
}

// signatureName names a signature algorithm that crypto/x509 has no name for.
func signatureName(c *x509.Certificate) string {
	var parts struct {
		Signed    asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.Raw, &parts); err != nil {
		return "an unknown algorithm"
	}
	if parts.Algorithm.Algorithm.Equal(oidRSAPSS) {
		return "RSA-PSS with unusual parameters"
	}
	return "the algorithm " + objectName(parts.Algorithm.Algorithm)
}

// weakSignature is true for the algorithms that crypto/x509 no longer checks at all.
func weakSignature(c *x509.Certificate) bool {
	return slices.Contains([]x509.SignatureAlgorithm{x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA}, c.SignatureAlgorithm)
}

func nameOf(commonName, whole string) string {
	if commonName != "" {
		return vpn.PrintableText(commonName)
	}
	return vpn.PrintableText(whole)
}

func keyName(pub crypto.PublicKey) string {
	switch pub.(type) {
	case ed25519.PublicKey:
		return "Ed25519"
	case *ecdh.PublicKey:
		return "X25519"
	case *dsa.PublicKey:
		return "DSA"
	}
	return "of an unknown type"
}
