package vpn

import (
	"crypto/x509"
	"encoding/pem"
	"time"
)

// CertificateUse is what a certificate is for.
type CertificateUse string

// The uses. An authority signs others; its certificate is what clients or servers must chain to.
const (
	UseAuthority CertificateUse = "authority"
	UseServer    CertificateUse = "server"
	UseClient    CertificateUse = "client"
)

// Valid reports whether u is one of the uses.
func (u CertificateUse) Valid() bool { return u == UseAuthority || u == UseServer || u == UseClient }

// KeyType is a kind and size of private key.
type KeyType string

// The key types. The guide, "Mutual authentication", has RSA 1024 as well. It is refused: an attacker can factor it,
// and OpenSSL's default policy rejects it.
const (
	RSA2048   KeyType = "RSA 2048"
	RSA3072   KeyType = "RSA 3072"
	RSA4096   KeyType = "RSA 4096"
	ECDSAP256 KeyType = "ECDSA P-256"
	ECDSAP384 KeyType = "ECDSA P-384"
)

// KeyTypes lists what can be created, best default first.
var KeyTypes = []KeyType{ECDSAP256, ECDSAP384, RSA2048, RSA3072, RSA4096}

// Valid reports whether k can be created.
func (k KeyType) Valid() bool {
	for _, t := range KeyTypes {
		if k == t {
			return true
		}
	}
	return false
}

// Certificate is an X.509 certificate that Sallyport keeps: created here or imported.
type Certificate struct {
	ID          CertificateID
	Name        string
	Use         CertificateUse
	Authority   CertificateID // which of our authorities issued it; empty when imported or self-signed
	CommonName  string
	DNSNames    []string
	Issuer      string
	Serial      string // decimal, as OpenVPN reports it
	Fingerprint string // SHA-256 of the certificate, hex with colons
	KeyType     string
	NotBefore   time.Time
	NotAfter    time.Time
	PEM         string
	Chain       string // PEM of intermediates and root above it, if any
	HasKey      bool   // the private key is kept, sealed
	KeyTaken    bool   // a client's key was downloaded by itself, which happens once; configuration files may still carry it
	CreatedAt   time.Time
}

// Label is what lists and messages call the certificate.
func (c Certificate) Label() string { return labelOf(c.Name, string(c.ID)) }

// Expired reports whether the certificate has ended at now.
func (c Certificate) Expired(now time.Time) bool { return now.After(c.NotAfter) }

// ExpiryWarning is how long before its end a certificate is called "expiring soon".
const ExpiryWarning = 30 * 24 * time.Hour

// ExpiresSoon reports whether the certificate ends within ExpiryWarning.
func (c Certificate) ExpiresSoon(now time.Time) bool {
	return !c.Expired(now) && now.Add(ExpiryWarning).After(c.NotAfter)
}

// TrustAnchor is the PEM that a certificate contributes when clients must chain to it: an
// authority itself, or what stands above a server's or client's certificate (guide, "Mutual
// authentication": "you can use the server certificate ARN for both server and client").
func (c Certificate) TrustAnchor() string {
	if c.Use == UseAuthority {
		return c.PEM
	}
	return c.Chain
}

// CanIssue tells whether the certificate can issue others at now: it is a valid authority, and its key
// is stored here.
func (c Certificate) CanIssue(now time.Time) bool {
	return c.Use == UseAuthority && c.HasKey && !c.Expired(now)
}

// SignsLists tells whether an authority may sign revocation lists: its key usage, if it has one, says so.
func (c Certificate) SignsLists() bool {
	block, _ := pem.Decode([]byte(c.PEM))
	if block == nil {
		return false
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	return err == nil && (parsed.KeyUsage == 0 || parsed.KeyUsage&x509.KeyUsageCRLSign != 0)
}

// CertificateSpec is a request for a certificate, checked by CheckCertificateSpec.
type CertificateSpec struct {
	CommonName string
	DNSNames   []string // for a server: the names that clients may know it by
	KeyType    KeyType
	ValidFor   time.Duration
}

// CertificateFacts are the contents of an X.509 certificate.
type CertificateFacts struct {
	CommonName  string
	DNSNames    []string
	Issuer      string
	Serial      string // decimal, as OpenVPN reports it
	Fingerprint string // SHA-256, upper-case hex with colons
	KeyType     string
	NotBefore   time.Time
	NotAfter    time.Time
	IsAuthority bool
	ServerAuth  bool
	ClientAuth  bool
}
