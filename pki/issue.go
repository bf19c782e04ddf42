package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"sallyport/vpn"
)

// backdate makes a new certificate valid at once for peers whose clocks run behind.
const backdate = time.Hour

// Spec is a request for a certificate.
type Spec struct {
	CommonName string
	DNSNames   []string // servers only; where empty, a common name that is a host name is taken
	KeyType    KeyType
	ValidFor   time.Duration // from Now
	Now        time.Time     // the moment of issue; the zero time means the present
}

func (s Spec) now() time.Time {
	if s.Now.IsZero() {
		return time.Now().UTC()
	}
	return s.Now.UTC()
}

// NewAuthority makes a self-signed certificate authority that signs leaf certificates only
// (path length 0) with a fresh key. Errors are *vpn.Error where a person can mend them.
func NewAuthority(spec Spec) (Pair, error) {
	if err := spec.check(); err != nil {
		return Pair{}, err
	}
	template := spec.template()
	template.IsCA = true
	template.BasicConstraintsValid = true
	template.MaxPathLenZero = true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	key, err := spec.KeyType.generate()
	if err != nil {
		return Pair{}, fmt.Errorf("make authority key: %w", err)
	}
	return sign(template, template, key, key)
}

// IssueServer issues a certificate that OpenVPN clients accept under "remote-cert-tls server",
// and that can never pass as a client's. ca needs its key.
func IssueServer(ca Pair, spec Spec) (Pair, error) {
	return issue(ca, spec, x509.ExtKeyUsageServerAuth)
}

// IssueClient issues a certificate that OpenVPN accepts under "remote-cert-tls client", and that
// can never pass as a server's. ca needs its key.
func IssueClient(ca Pair, spec Spec) (Pair, error) {
	return issue(ca, spec, x509.ExtKeyUsageClientAuth)
}

func issue(ca Pair, spec Spec, use x509.ExtKeyUsage) (Pair, error) {
	issuer, err := openAuthority(ca, spec.now())
	if err != nil {
		return Pair{}, err
	}
	if err := spec.checkUnder(issuer.cert); err != nil {
		return Pair{}, err
	}
	key, err := spec.KeyType.generate()
	if err != nil {
		return Pair{}, fmt.Errorf("make certificate key: %w", err)
	}
	template := spec.template()
	template.BasicConstraintsValid = true
	template.ExtKeyUsage = []x509.ExtKeyUsage{use}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	if _, ok := key.(*rsa.PrivateKey); ok {
		template.KeyUsage |= x509.KeyUsageKeyEncipherment
	}
	if use == x509.ExtKeyUsageServerAuth {
		template.DNSNames = spec.hostNames()
	}
	pair, err := sign(template, issuer.cert, key, issuer.key)
	if err != nil {
		return Pair{}, err
	}
	pair.ChainPEM = encodeCertificate(issuer.cert.Raw) + ca.ChainPEM
	return pair, nil
}

type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func openAuthority(ca Pair, now time.Time) (authority, error) {
	certs, fault := readCertificates(ca.CertPEM)
	if fault != "" {
		return authority{}, fmt.Errorf("read authority: %s", fault)
	}
	cert := certs[0]
	name := nameOf(cert.Subject.CommonName, cert.Subject.String())
	switch {
	case !cert.IsCA:
		return authority{}, vpn.Refuse(vpn.Conflict, "InvalidAuthority", name+" is not a certificate authority, so it cannot issue certificates.")
	case ca.KeyPEM == "":
		return authority{}, vpn.Refuse(vpn.Conflict, "AuthorityWithoutKey", "The private key of "+name+" is not kept here, so it cannot issue certificates. Issue them where the key is, and import them.")
	case now.After(cert.NotAfter):
		return authority{}, vpn.Refuse(vpn.Conflict, "AuthorityExpired", name+" expired on "+day(cert.NotAfter)+", so it cannot issue certificates.")
	}
	key, fault := readKey(ca.KeyPEM.Reveal())
	if fault != "" {
		return authority{}, fmt.Errorf("read key of authority %q: %s", name, fault)
	}
	if !sameKey(cert.PublicKey, key) {
		return authority{}, fmt.Errorf("the key of authority %q does not match its certificate", name)
	}
	return authority{cert, key}, nil
}

func (s Spec) template() *x509.Certificate {
	now := s.now()
	return &x509.Certificate{
		SerialNumber: newSerial(),
		Subject:      pkix.Name{CommonName: s.CommonName},
		NotBefore:    now.Add(-backdate),
		NotAfter:     now.Add(s.ValidFor),
	}
}

// newSerial is random, so that serials are unique without a counter that a restored backup would
// repeat. The top bit is clear and the next one set: positive, never zero, always 16 bytes.
func newSerial() *big.Int {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails: it ends the program instead
	b[0] = b[0]&0x3f | 0x40
	return new(big.Int).SetBytes(b[:])
}

func sign(template, parent *x509.Certificate, key, signer crypto.Signer) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return Pair{}, fmt.Errorf("sign certificate %q: %w", template.Subject.CommonName, err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return Pair{}, err
	}
	return Pair{CertPEM: encodeCertificate(der), KeyPEM: keyPEM}, nil
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }
