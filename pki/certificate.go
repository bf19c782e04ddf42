package pki

import (
	"crypto"
	"crypto/dsa" //nolint:staticcheck // only to name such a key when it is refused
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Facts is what a certificate says, in the words of the console.
type Facts struct {
	CommonName string
	Issuer     string // the issuer's common name, else its whole name
	SelfSigned bool
	// Serial is decimal, as OpenVPN reports it (tls_serial_0); SerialHex is what openssl and
	// browsers show: lower case, no colons.
	Serial, SerialHex   string
	NotBefore, NotAfter time.Time // UTC
	KeyType             string    // for example "RSA 2048" or "ECDSA P-256"
	IsCA                bool
	ServerAuth          bool // named in the extended key usage; "any purpose" is not enough
	ClientAuth          bool
	DNSNames            []string
	SHA256              string // fingerprint: upper-case hex pairs with colons
}

// Inspect reads the first certificate of PEM text. The error is an Invalid *vpn.Error on the
// field "certificate".
func Inspect(certPEM string) (Facts, error) {
	certs, fault := readCertificates(certPEM)
	if fault != "" {
		return Facts{}, refuse(fieldCertificate, fault)
	}
	return factsOf(certs[0]), nil
}

func factsOf(c *x509.Certificate) Facts {
	keyType, _ := describeKey(c.PublicKey)
	return Facts{
		CommonName: c.Subject.CommonName,
		Issuer:     nameOf(c.Issuer.CommonName, c.Issuer.String()),
		SelfSigned: selfSigned(c),
		Serial:     c.SerialNumber.String(),
		SerialHex:  c.SerialNumber.Text(16),
		NotBefore:  c.NotBefore.UTC(),
		NotAfter:   c.NotAfter.UTC(),
		KeyType:    keyType,
		IsCA:       c.IsCA,
		ServerAuth: slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth),
		ClientAuth: slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth),
		DNSNames:   c.DNSNames,
		SHA256:     fingerprint(c.Raw),
	}
}

// Fingerprint is the SHA-256 fingerprint of the first certificate of PEM text, as browsers show
// it: upper-case hex pairs with colons.
func Fingerprint(certPEM string) (string, error) {
	f, err := Inspect(certPEM)
	return f.SHA256, err
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
	if !slices.Equal(c.RawSubject, c.RawIssuer) {
		return false
	}
	return c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil || weakSignature(c)
}

// weakSignature is true for the algorithms that crypto/x509 no longer checks at all.
func weakSignature(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1, x509.MD5WithRSA, x509.MD2WithRSA:
		return true
	}
	return false
}

func nameOf(commonName, whole string) string {
	if commonName != "" {
		return commonName
	}
	return whole
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
