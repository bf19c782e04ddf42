package vpn

import "time"

// CertificateSpec is a request for a certificate, checked by CheckCertificateSpec.
type CertificateSpec struct {
	CommonName string
	DNSNames   []string // for a server: the names that clients may know it by
	KeyType    KeyType
	ValidFor   time.Duration
}

// KeyPair is a certificate with what belongs to it, PEM throughout.
type KeyPair struct {
	Certificate string
	Chain       string // intermediates and root above it; empty for a root
	Key         Secret // PKCS#8; empty where it is not kept
}

// CertificateFacts is what a certificate says of itself.
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
