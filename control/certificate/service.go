// Package certificate holds the use cases of certificates, their authorities and their keys.
package certificate

import (
	"sync"
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
	// CheckRevocationList judges a list that was pasted, against authorities; the error has the field crl.
	CheckRevocationList(text, authorities string, limit int, now time.Time) (vpn.SignedRevocationList, error)
	// SignRevocationList makes the list of an authority; the error is a Conflict where it may not sign lists.
	SignRevocationList(authority vpn.KeyPair, l vpn.RevocationList, entries []vpn.Revocation) (vpn.SignedRevocationList, error)
	EncodeRevocationList(der []byte) string
	// CheckAuthorityKey tells whether a pasted key is that of an authority; the error has the field private_key.
	CheckAuthorityKey(certificate, text string) (vpn.Secret, error)
	// WithoutPrivateKeys is text that was pasted, without private keys.
	WithoutPrivateKeys(text string) string
}

// Service is the use cases of certificates.
type Service struct {
	core *control.Core
	pki  PKI

	importing sync.Mutex // one import of a revocation list at a time; taken before every other lock, and while the store is used

	troubles control.Recent[[]ListTrouble]

	mu     sync.Mutex     // guards what follows; no other lock is taken under it
	warned map[string]int // the stage of each list that was logged last, by the authority's key
}

// New makes the use cases.
func New(core *control.Core, pki PKI) *Service { return &Service{core: core, pki: pki} }
