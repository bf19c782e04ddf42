// Package samltest is an identity provider (IdP) for tests: it has a key, metadata and answers that it signs, good ones and
// others. It knows nothing of package saml, whose answers it makes.
package samltest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"
)

// IDP is an identity provider. Its fields may be changed before it is used.
type IDP struct {
	EntityID  string
	SignInURL string
	Now       func() time.Time // nil: the clock of this host
	Key       crypto.Signer
	// Certificate is of Key. More are named by the metadata beside it.
	Certificate *x509.Certificate
	More        []*x509.Certificate
}

// New makes an IdP with an RSA key and a certificate of a year.
func New(t testing.TB, entityID, signInURL string) *IDP {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &IDP{EntityID: entityID, SignInURL: signInURL, Key: key}
	p.Renew(t, time.Now().Add(-time.Hour), time.Now().AddDate(1, 0, 0))
	return p
}

// Renew makes another certificate of the IdP's key.
func (p *IDP) Renew(t testing.TB, from, to time.Time) {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "idp.example.test"}, NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, template, template, p.Key.Public(), p.Key)
	if err != nil {
		t.Fatal(err)
	}
	if p.Certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
}

func (p *IDP) now() time.Time {
	if p.Now == nil {
		return time.Now().UTC()
	}
	return p.Now().UTC()
}

// Metadata is the IdP's document.
func (p *IDP) Metadata() []byte {
	var keys strings.Builder
	for _, c := range append([]*x509.Certificate{p.Certificate}, p.More...) {
		fmt.Fprintf(&keys, `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
			base64.StdEncoding.EncodeToString(c.Raw))
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s"><md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">%s<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="%s"/></md:IDPSSODescriptor></md:EntityDescriptor>
`, escape(p.EntityID), keys.String(), escape(p.SignInURL))
}
