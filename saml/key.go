package saml

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"sallyport/vpn"
)

// Of the keys that sign our requests.
const (
	signingKeyBits  = 2048
	signingKeyYears = 20 // IdPs compare the key, and a certificate that ends would only stop sign-ins
	pemKey          = "PRIVATE KEY"
	pemCertificate  = "CERTIFICATE"
)

// signingKey signs requests. IdPs know its certificate from our metadata.
type signingKey struct {
	private     *rsa.PrivateKey
	certificate *x509.Certificate
}

// NewSigningKey makes a key that signs requests, and a certificate of its own signature for our metadata, as one PEM text.
func NewSigningKey(now time.Time) (vpn.Secret, error) {
	private, err := rsa.GenerateKey(rand.Reader, signingKeyBits)
	if err != nil {
		return "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return "", err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "SAML requests"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(signingKeyYears, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return "", err
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, block := range []*pem.Block{{Type: pemKey, Bytes: key}, {Type: pemCertificate, Bytes: der}} {
		if err := pem.Encode(&b, block); err != nil {
			return "", err
		}
	}
	return vpn.Secret(b.String()), nil
}

// readSigningKey reads what NewSigningKey made.
func readSigningKey(text vpn.Secret) (*signingKey, error) {
	var out signingKey
	for rest := []byte(text.Reveal()); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch block.Type {
		case pemKey:
			key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("key that signs SAML requests: %w", err)
			}
			out.private, _ = key.(*rsa.PrivateKey)
		case pemCertificate:
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("certificate of the key that signs SAML requests: %w", err)
			}
			out.certificate = certificate
		}
	}
	if out.private == nil || out.certificate == nil {
		return nil, errors.New("the key that signs SAML requests is missing")
	}
	return &out, nil
}
