package saml_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"sallyport/saml"
	"sallyport/vpn"
)

func TestSignedRequestsAreSignedWithTheKeyOfOurMetadata(t *testing.T) {
	t.Parallel()
	key, err := saml.NewSigningKey(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p := provider(t, idp(t), func(c *saml.Config) { c.Options.SignRequests, c.SigningKey = true, key })
	_, to, err := p.Request("relay-1")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	signed, _, found := strings.Cut(u.RawQuery, "&Signature=")
	signature, err := base64.StdEncoding.DecodeString(u.Query().Get("Signature"))
	if err != nil || !found || u.Query().Get("SigAlg") != "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" {
		t.Fatalf("%s, %v", to, err)
	}
	own, err := p.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(own), "<KeyDescriptor"); n != 1 || !strings.Contains(string(own), `use="signing"`) {
		t.Errorf("%d keys: %s", n, own)
	}
	sum := sha256.Sum256([]byte(signed))
	if err := rsa.VerifyPKCS1v15(certificateOf(t, own).PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], signature); err != nil {
		t.Error(err)
	}
	if _, err := saml.New(saml.Config{EntityID: entityID, ACSURL: acsURL, Metadata: world.idp.Metadata(), Options: vpn.SAMLProviderOptions{SignRequests: true}}); err == nil {
		t.Error("signed requests without a key")
	}
}

func TestOurMetadataNamesWhatAnIdPNeeds(t *testing.T) {
	t.Parallel()
	own, err := sp(t).Metadata()
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(own); err != nil {
		t.Fatal(err)
	}
	root := doc.Root()
	services := root.FindElements("//AssertionConsumerService")
	if root.SelectAttrValue("entityID", "") != entityID || len(services) != 1 || services[0].SelectAttrValue("Location", "") != acsURL ||
		services[0].SelectAttrValue("Binding", "") != "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" {
		t.Errorf("%s", own)
	}
	for _, none := range []string{"//SingleLogoutService", "//KeyDescriptor", "//ArtifactResolutionService"} {
		if root.FindElement(none) != nil {
			t.Errorf("%s in %s", none, own)
		}
	}
	if at(t, root, "//SPSSODescriptor").SelectAttrValue("AuthnRequestsSigned", "") != "false" {
		t.Errorf("%s", own)
	}
	if formats := root.FindElements("//NameIDFormat"); len(formats) != 3 {
		t.Errorf("%s", own)
	}
}
