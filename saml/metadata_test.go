package saml_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	dsig "github.com/russellhaering/goxmldsig"

	"sallyport/saml"
	"sallyport/saml/samltest"
	"sallyport/vpn"
)

func TestMetadataIsRead(t *testing.T) {
	t.Parallel()
	document := string(idp(t).Metadata())
	got, err := saml.ReadMetadata([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	c := got.Certificates
	if got.EntityID != idpID || got.SignInURL != signIn || got.WantsSigned || !got.ValidUntil.IsZero() || len(c) != 1 || c[0].Subject != "idp.example.test" ||
		len(c[0].Fingerprint) != 95 || !c[0].NotAfter.Equal(world.idp.Certificate.NotAfter) {
		t.Errorf("%+v", got)
	}
	head, body, _ := strings.Cut(document, "\n")
	for name, change := range map[string]struct {
		document string
		holds    func(vpn.SAMLMetadata) bool
	}{
		"byte order mark": {"\xef\xbb\xbf" + document, func(m vpn.SAMLMetadata) bool { return m.EntityID == idpID }},
		"comments":        {head + "<!-- the IdP of our company -->" + body, func(m vpn.SAMLMetadata) bool { return m.EntityID == idpID }},
		"one of several entities": {
			`<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2031-01-02T00:00:00Z"><md:EntityDescriptor entityID="a service"><md:SPSSODescriptor/></md:EntityDescriptor>` + body + `</md:EntitiesDescriptor>`,
			func(m vpn.SAMLMetadata) bool { return m.EntityID == idpID && m.ValidUntil.Year() == 2031 },
		},
		"an end": {strings.Replace(document, "entityID=", `validUntil="2030-01-02T03:04:05Z" entityID=`, 1), func(m vpn.SAMLMetadata) bool {
			return m.ValidUntil.Equal(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
		}},
		"signed requests": {strings.Replace(document, `Signed="false"`, `Signed="true"`, 1), func(m vpn.SAMLMetadata) bool { return m.WantsSigned }},
		"a key for both":  {strings.Replace(document, ` use="signing"`, "", 1), func(m vpn.SAMLMetadata) bool { return len(m.Certificates) == 1 }},
		"the same certificate twice": {strings.Replace(document, "<md:NameIDFormat>", keyOf(world.idp.Certificate)+"<md:NameIDFormat>", 1), func(m vpn.SAMLMetadata) bool {
			return len(m.Certificates) == 1
		}},
		"loopback": {strings.Replace(document, signIn, "http://127.0.0.1:18201/sso", 1), func(m vpn.SAMLMetadata) bool { return m.SignInURL == "http://127.0.0.1:18201/sso" }},
	} {
		got, err := saml.ReadMetadata([]byte(change.document))
		if err != nil || !change.holds(got) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// keyOf is a certificate as metadata has it.
func keyOf(c *x509.Certificate) string {
	return `<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>` + base64.StdEncoding.EncodeToString(c.Raw) + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`
}

func TestMetadataThatCannotBeUsedIsRefused(t *testing.T) {
	t.Parallel()
	document := string(idp(t).Metadata())
	weak := *world.idp
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak.Key = key
	weak.Renew(t, time.Now(), time.Now().Add(time.Hour))
	_, body, _ := strings.Cut(document, "\n")
	for name, c := range map[string]struct{ document, says string }{
		"empty":               {" \n", "Upload the metadata"},
		"no XML":              {"hello", "no XML document"},
		"too large":           {document + strings.Repeat(" ", vpn.MaxSAMLMetadata), "at most 512 KB"},
		"DTD":                 {`<!DOCTYPE r SYSTEM "http://evil.test/r.dtd">` + body, "document type"},
		"a page":              {"<html><body>Sign in</body></html>", "no metadata of a SAML 2.0 identity provider"},
		"of a service":        {`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"><SPSSODescriptor/></EntityDescriptor>`, "of a service"},
		"another protocol":    {strings.Replace(document, "SAML:2.0:protocol", "SAML:1.1:protocol", 1), "no EntityDescriptor"},
		"two IdPs":            {`<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">` + body + body + `</md:EntitiesDescriptor>`, "has 2 identity providers"},
		"no entity ID":        {strings.Replace(document, idpID, "", 1), "entity ID"},
		"no redirect binding": {strings.Replace(document, "HTTP-Redirect", "HTTP-POST", 1), "binding HTTP-Redirect"},
		"plain HTTP":          {strings.Replace(document, signIn, "http://idp.example.test/sso", 1), "must begin with https"},
		"a script":            {strings.Replace(document, signIn, "javascript:alert(1)", 1), "not one that a browser can open"},
		"no certificate":      {strings.Replace(document, `use="signing"`, `use="encryption"`, 1), "no signing certificate"},
		"a torn certificate":  {strings.Replace(document, "<ds:X509Certificate>", "<ds:X509Certificate>AAAA", 1), "cannot be read"},
		"a weak key":          {string(weak.Metadata()), "RSA key of 1024 bits"},
		"an end that is none": {strings.Replace(document, "entityID=", `validUntil="soon" entityID=`, 1), "validUntil"},
	} {
		_, err := saml.ReadMetadata([]byte(c.document))
		if vpn.KindOf(err) != vpn.Invalid || !strings.Contains(vpn.FieldsOf(err)["metadata"], c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnswersOfEachCertificateAreAccepted(t *testing.T) {
	t.Parallel()
	idp(t)
	next := samltest.New(t, idpID, signIn)
	ec := *world.idp
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec.Key = key
	ec.Renew(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	both := *world.idp
	both.More = []*x509.Certificate{next.Certificate, ec.Certificate}
	p := provider(t, &both, nil)
	for name, by := range map[string]*samltest.IDP{"old": world.idp, "next": next} {
		if _, err := p.Accept(by.Form(good()), expected); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	a := good()
	a.Method = dsig.ECDSASHA256SignatureMethod
	if _, err := p.Accept(ec.Form(a), expected); err != nil {
		t.Error(err)
	}
	got, err := p.Accept(samltest.New(t, idpID, signIn).Form(good()), expected)
	refused(t, got, err, vpn.CodeSAMLSignerUnknown, "SHA-256")
}
