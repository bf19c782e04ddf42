package lab

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"testing"
	"time"
)

// credential is a certificate with its key, made by the test: the console does not issue what
// has expired already.
type credential struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
	pkey string
}

// newCredential makes an authority where issuer is nil, and otherwise what issuer signs. Without
// a common name the subject has an organization alone.
func newCredential(t testing.TB, cn string, issuer *credential, usage x509.ExtKeyUsage, from, to time.Time) *credential {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: cn}, NotBefore: from, NotAfter: to, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
	if cn == "" {
		template.Subject.Organization = []string{"Org"}
	}
	parent, signer := template, key
	if issuer == nil {
		template.IsCA, template.ExtKeyUsage, template.KeyUsage = true, nil, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	} else {
		parent, signer = issuer.cert, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return &credential{
		cert: cert, key: key,
		pem:  string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		pkey: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
	}
}

// with puts a credential into a configuration file that has none, as its user would.
func (c *credential) with(profile string) string {
	return profile + fmt.Sprintf("<cert>\n%s</cert>\n<key>\n%s</key>\n", c.pem, c.pkey)
}
