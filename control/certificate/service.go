// Package certificate holds the use cases of certificates, their authorities and their keys.
package certificate

import (
	"time"

	"sallyport/control"
	"sallyport/vpn"
)

// PKI makes and checks certificates and keys.
type PKI interface {
	NewAuthority(s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error)
	Issue(authority vpn.KeyPair, use vpn.CertificateUse, s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error)
	// CheckImport checks what was given; the error has fields certificate, private_key, passphrase and chain.
	CheckImport(use vpn.CertificateUse, p vpn.KeyPair, passphrase vpn.Secret, now time.Time) (vpn.KeyPair, error)
	// Renew makes a certificate anew; authority is zero for an authority, which signs itself.
	Renew(authority, old vpn.KeyPair, newKey vpn.KeyType, validFor time.Duration, now time.Time) (vpn.KeyPair, error)
	Facts(certificate string) (vpn.CertificateFacts, error)
	// SameIssuer tells whether one authority issued two certificates, each given with its chain.
	SameIssuer(a, aChain, b, bChain string) bool
	// WithoutPrivateKeys is text that was pasted, without private keys.
	WithoutPrivateKeys(text string) string
}

// Service is the use cases of certificates.
type Service struct {
	core *control.Core
	pki  PKI
}

// New makes the use cases.
func New(core *control.Core, pki PKI) *Service { return &Service{core: core, pki: pki} }
