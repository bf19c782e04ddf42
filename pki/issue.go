package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"time"

	"sallyport/vpn"
)

// NewAuthority makes a self-signed certificate authority that signs leaf certificates only
// (path length 0) with a fresh key.
func (Maker) NewAuthority(s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error) {
	template := templateOf(s, now)
	template.IsCA = true
	template.MaxPathLenZero = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	key, err := generate(s.KeyType)
	if err != nil {
		return vpn.KeyPair{}, err
	}
	return sign(template, template, key, key)
}

// Issue makes a certificate below an authority, whose key it needs. use is UseServer or
// UseClient: OpenVPN accepts the first under "remote-cert-tls server" only and the second under
// "remote-cert-tls client" only. vpn.Certificate.CheckSigner has checked before what the administrator
// can change, except that an authority's own usages may exclude the use: an Invalid *vpn.Error on the field authority.
// Any other error is internal.
func (Maker) Issue(authority vpn.KeyPair, use vpn.CertificateUse, s vpn.CertificateSpec, now time.Time) (vpn.KeyPair, error) {
	issuer, signer, err := openAuthority(authority)
	if err != nil {
		return vpn.KeyPair{}, err
	}
	if use == vpn.UseServer || use == vpn.UseClient {
		if fault := issuerFaultOf(issuer, use); fault != "" {
			return vpn.KeyPair{}, refuse("authority", nameOf(issuer.Subject.CommonName, issuer.Subject.String())+" "+fault)
		}
	}
	key, err := generate(s.KeyType)
	if err != nil {
		return vpn.KeyPair{}, err
	}
	template := templateOf(s, now)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if _, ok := key.(*rsa.PrivateKey); ok {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	switch use {
	case vpn.UseServer:
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		template.DNSNames = hostNames(s)
	case vpn.UseClient:
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	default:
		return vpn.KeyPair{}, fmt.Errorf("certificates for use %q are not issued", string(use))
	}
	pair, err := sign(template, issuer, key, signer)
	if err != nil {
		return vpn.KeyPair{}, err
	}
	pair.Chain = encodeCertificate(issuer.Raw) + authority.Chain
	return pair, nil
}

func openAuthority(ca vpn.KeyPair) (*x509.Certificate, crypto.Signer, error) {
	certs, fault := readCertificates(ca.Certificate)
	if fault != "" {
		return nil, nil, fmt.Errorf("read authority: %s", fault)
	}
	key, fault := readKey(ca.Key.Reveal())
	name := nameOf(certs[0].Subject.CommonName, certs[0].Subject.String())
	switch {
	case fault != "":
		return nil, nil, fmt.Errorf("read key of authority %q: %s", name, fault)
	case mayIssue(certs[0]) != "":
		return nil, nil, fmt.Errorf("authority %q %s", name, mayIssue(certs[0]))
	case !sameKey(certs[0].PublicKey, key):
		return nil, nil, fmt.Errorf("the key of authority %q does not match its certificate", name)
	}
	return certs[0], key, nil
}

func templateOf(s vpn.CertificateSpec, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          newSerial(),
		Subject:               pkix.Name{CommonName: s.CommonName},
		NotBefore:             now.UTC().Add(-vpn.Backdate),
		NotAfter:              now.UTC().Add(s.ValidFor),
		BasicConstraintsValid: true,
	}
}

// hostNames are those asked for or, where there are none, the common name if it is one: TLS
// clients other than OpenVPN ignore the common name.
func hostNames(s vpn.CertificateSpec) []string {
	if len(s.DNSNames) == 0 && strings.Contains(s.CommonName, ".") && vpn.CheckPublicName(s.CommonName) == "" {
		return []string{s.CommonName}
	}
	return s.DNSNames
}

// newSerial is random: a counter would repeat serial numbers after a restored backup. The top bit is clear and the next one set: positive, never zero, always 16 bytes.
func newSerial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails: it aborts the program instead
	b[0] = b[0]&0x3f | 0x40
	return new(big.Int).SetBytes(b[:])
}

func sign(template, parent *x509.Certificate, key, signer crypto.Signer) (vpn.KeyPair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return vpn.KeyPair{}, fmt.Errorf("sign certificate %q: %w", template.Subject.CommonName, err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return vpn.KeyPair{}, err
	}
	return vpn.KeyPair{Certificate: encodeCertificate(der), Key: keyPEM}, nil
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }
