package saml_test

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/beevik/etree"

	"sallyport/saml"
	"sallyport/saml/samltest"
	"sallyport/vpn"
)

const (
	entityID  = "https://vpn.example.test/saml/saml-0123456789"
	acsURL    = "https://vpn.example.test/saml/saml-0123456789/acs"
	idpID     = "https://idp.example.test/metadata"
	signIn    = "https://idp.example.test/sso"
	requestID = "id-4f0c1b"
)

// world is an IdP and a provider that knows it, made once: keys are costly.
var world = struct {
	once        sync.Once
	idp, other  *samltest.IDP
	forger      *samltest.IDP // has the entity ID of idp and another key
	sp, otherSP *saml.ServiceProvider
}{}

func idp(t testing.TB) *samltest.IDP {
	t.Helper()
	world.once.Do(func() {
		world.idp = samltest.New(t, idpID, signIn)
		world.other = samltest.New(t, "https://other.example.test/metadata", "https://other.example.test/sso")
		world.forger = samltest.New(t, idpID, signIn)
		world.sp = provider(t, world.idp, nil)
	})
	return world.idp
}

func sp(t testing.TB) *saml.ServiceProvider {
	t.Helper()
	idp(t)
	return world.sp
}

// provider makes a provider of an IdP.
func provider(t testing.TB, p *samltest.IDP, change func(*saml.Config)) *saml.ServiceProvider {
	t.Helper()
	c := saml.Config{EntityID: entityID, ACSURL: acsURL, Metadata: p.Metadata()}
	if change != nil {
		change(&c)
	}
	out, err := saml.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// good is an answer that is accepted.
func good() samltest.Answer {
	return samltest.Answer{RequestID: requestID, ACSURL: acsURL, Audience: entityID, NameID: "alice@example.test", Groups: []string{"engineers", "staff"}}
}

var expected = vpn.SAMLExpect{RequestID: requestID}

// accept judges an answer of the IdP.
func accept(t testing.TB, a samltest.Answer) (vpn.SAMLAnswer, error) {
	t.Helper()
	return sp(t).Accept(idp(t).Form(a), expected)
}

func form(document []byte) url.Values { return url.Values{"SAMLResponse": {base64Of(document)}} }

// at finds an element of an answer.
func at(t testing.TB, response *etree.Element, path string) *etree.Element {
	t.Helper()
	e := response.FindElement(path)
	if e == nil {
		t.Fatalf("no %s", path)
	}
	return e
}

func stamp(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }

// certificateOf is the certificate of a metadata document.
func certificateOf(t testing.TB, metadata []byte) *x509.Certificate {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(metadata); err != nil {
		t.Fatal(err)
	}
	der, err := base64.StdEncoding.DecodeString(at(t, doc.Root(), "//X509Certificate").Text())
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refusalOf is the refusal that an error is.
func refusalOf(t testing.TB, err error) *vpn.Error {
	t.Helper()
	e, ok := errors.AsType[*vpn.Error](err)
	if !ok {
		t.Fatalf("%v is no refusal", err)
	}
	return e
}
