// Package testpki makes certificates for tests: also those that the program does not issue, such as
// expired ones or ones of an authority that it does not know. Only tests import it.
package testpki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"sallyport/vpn"
)

// Credential is a certificate with its key, as PEM.
type Credential struct {
	Certificate string
	Key         string // PKCS #8

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Authority makes a certificate authority that is valid from two days ago for a year.
func Authority(t testing.TB, commonName string) Credential {
	t.Helper()
	return newCredential(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: commonName}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil)
}

// ExpiredAuthority makes an authority whose own certificate has expired a day ago.
func ExpiredAuthority(t testing.TB, commonName string) Credential {
	t.Helper()
	return newCredential(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: commonName}, NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().Add(-24 * time.Hour),
		IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil)
}

// Authority has an authority sign another one below it, valid as long.
func (c Credential) Authority(t testing.TB, commonName string) Credential {
	t.Helper()
	return newCredential(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: commonName}, NotBefore: c.cert.NotBefore, NotAfter: c.cert.NotAfter,
		IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, &c)
}

// Issue has an authority sign a certificate for one use. It is valid between two offsets from now.
// Without a common name its subject is an organization alone.
func (c Credential) Issue(t testing.TB, commonName string, use x509.ExtKeyUsage, from, to time.Duration) Credential {
	t.Helper()
	return newCredential(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: commonName}, NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(to),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{use},
	}, &c)
}

// IssueFor has an authority sign a certificate for a server with these names and addresses, valid for a day.
func (c Credential) IssueFor(t testing.TB, names ...string) Credential {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: names[0]}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	return newCredential(t, template, &c)
}

// newCredential signs a template with a key of its own where issuer is nil, and otherwise with the
// issuer's.
func newCredential(t testing.TB, template *x509.Certificate, issuer *Credential) Credential {
	t.Helper()
	var c Credential
	var err error
	must := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must()
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	must()
	template.BasicConstraintsValid = true
	if template.Subject.CommonName == "" {
		template.Subject.Organization = []string{"Org"}
	}
	parent, signer := template, c.key
	if issuer != nil {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, c.key.Public(), signer)
	must()
	c.cert, err = x509.ParseCertificate(der)
	must()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(c.key)
	must()
	c.Certificate, c.Key = block("CERTIFICATE", der), block("PRIVATE KEY", pkcs8)
	return c
}

// Renewed is an authority without one above it under a certificate of another serial number, with the same name and key.
func (c Credential) Renewed(t testing.TB) Credential {
	t.Helper()
	template := *c.cert
	template.SerialNumber = new(big.Int).Add(c.cert.SerialNumber, big.NewInt(1))
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, c.key.Public(), c.key)
	if err == nil {
		c.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Certificate = block("CERTIFICATE", der)
	return c
}

// Altered is the same credential under another encoding of its certificate's signature, which is as valid:
// of an ECDSA signature (r, s) anyone can make (r, n - s).
func (c Credential) Altered(t testing.TB) Credential {
	t.Helper()
	var certificate struct {
		Body, Algorithm asn1.RawValue
		Signature       asn1.BitString
	}
	var signature struct{ R, S *big.Int }
	_, err := asn1.Unmarshal(c.cert.Raw, &certificate)
	if err == nil {
		_, err = asn1.Unmarshal(certificate.Signature.Bytes, &signature)
	}
	if err != nil {
		t.Fatal(err)
	}
	signature.S.Sub(elliptic.P256().Params().N, signature.S)
	raw, err := asn1.Marshal(signature)
	if err != nil {
		t.Fatal(err)
	}
	certificate.Signature = asn1.BitString{Bytes: raw, BitLength: 8 * len(raw)}
	der, err := asn1.Marshal(certificate)
	if err == nil {
		c.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.Certificate = block("CERTIFICATE", der)
	return c
}

// RevocationList is a list of an authority with certificates that it issued, valid for a time.
func (c Credential) RevocationList(t testing.TB, number int64, life time.Duration, revoked ...Credential) string {
	t.Helper()
	l := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(life)}
	for _, r := range revoked {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: r.cert.SerialNumber, RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, l, c.cert, c.key)
	if err != nil {
		t.Fatal(err)
	}
	return block("X509 CRL", der)
}

// KeyID is the subject key identifier of the certificate, hex.
func (c Credential) KeyID() string { return hex.EncodeToString(c.cert.SubjectKeyId) }

// AppendTo puts the credential into a profile that has none, as its user would.
func (c Credential) AppendTo(profile string) string {
	return profile + Inline("cert", c.Certificate) + Inline("key", c.Key)
}

// Inline is a file inside an OpenVPN configuration.
func Inline(tag, text string) string {
	return "<" + tag + ">\n" + strings.TrimSpace(text) + "\n</" + tag + ">\n"
}

// StaticKey makes an OpenVPN static key, as tls-crypt takes it.
func StaticKey() string {
	raw := make([]byte, 256)
	_, _ = rand.Read(raw)
	var b strings.Builder
	for line := range 16 {
		fmt.Fprintln(&b, hex.EncodeToString(raw[16*line:16*line+16]))
	}
	return "-----BEGIN OpenVPN Static key V1-----\n" + b.String() + "-----END OpenVPN Static key V1-----\n"
}

// EndpointKeys makes all keys of an endpoint that trusts clients of an authority, with a server
// certificate of the same authority for vpn.example.com.
func EndpointKeys(t testing.TB, authority Credential) vpn.Keys {
	t.Helper()
	server := authority.Issue(t, "vpn.example.com", x509.ExtKeyUsageServerAuth, -time.Hour, time.Hour)
	token := make([]byte, 128)
	_, _ = rand.Read(token)
	return vpn.Keys{
		Certificate: server.Certificate, Key: vpn.Secret(server.Key), ClientCA: authority.Certificate,
		TLSCrypt: vpn.Secret(StaticKey()), TokenSecret: vpn.Secret(block("OpenVPN auth-token server key", token)),
	}
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
