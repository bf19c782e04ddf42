package saml_test

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/saml"
	"sallyport/saml/samltest"
	"sallyport/vpn"
)

// FuzzAccept changes signed answers in every way: what is accepted names the user and the groups that the IdP signed.
func FuzzAccept(f *testing.F) {
	now := time.Now()
	p := provider(f, idp(f), func(c *saml.Config) { c.Now = func() time.Time { return now } })
	a := good()
	a.At = now
	for _, sign := range []samltest.Signing{samltest.SignAssertion, samltest.SignResponse, samltest.SignBoth} {
		a.Sign = sign
		f.Add(world.idp.Document(a))
	}
	for _, w := range wrappings {
		wrapped := a
		wrapped.Sign = w.sign
		document := string(world.idp.Document(wrapped))
		f.Add([]byte(strings.Replace(document, "</samlp:Response>", document+"</samlp:Response>", 1)))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		got, err := p.Accept(url.Values{"SAMLResponse": {base64.StdEncoding.EncodeToString(document)}}, expected)
		if err != nil {
			if vpn.KindOf(err) != vpn.Denied || vpn.CodeOf(err).FailureReason() == "" || got.User.Key != "" {
				t.Fatalf("%v, %+v", err, got)
			}
			if strings.Contains(err.Error(), "cannot judge") {
				t.Fatalf("a panic: %v", refusalOf(t, err).Unwrap())
			}
			return
		}
		groups := vpn.IDsOf(got.User.Groups, func(g vpn.Group) string { return g.ID })
		if got.User.Key != a.NameID || got.User.Name != a.NameID || !slices.Equal(groups, a.Groups) || got.AssertionID == "" {
			t.Fatalf("%+v", got)
		}
	})
}

// FuzzReadMetadata: what is read can be used, and what is used was read.
func FuzzReadMetadata(f *testing.F) {
	f.Add(idp(f).Metadata())
	f.Add([]byte(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + strings.Replace(string(world.idp.Metadata()), `<?xml version="1.0" encoding="UTF-8"?>`, "", 1) + `</EntitiesDescriptor>`))
	f.Fuzz(func(t *testing.T, document []byte) {
		m, err := saml.ReadMetadata(document)
		if err != nil {
			if vpn.KindOf(err) != vpn.Invalid || vpn.FieldsOf(err)["metadata"] == "" {
				t.Fatal(err)
			}
			return
		}
		u, err := url.Parse(m.SignInURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Hostname() != "localhost" && !strings.HasPrefix(u.Hostname(), "127.") && u.Hostname() != "::1" || m.EntityID == "" || len(m.Certificates) == 0 {
			t.Fatalf("%+v, %v", m, err)
		}
		p, err := saml.New(saml.Config{EntityID: entityID, ACSURL: acsURL, Metadata: document})
		if err != nil {
			t.Fatal(err)
		}
		if _, to, err := p.Request("relay"); err != nil || !strings.HasPrefix(to, u.Scheme+"://") {
			t.Fatalf("%s, %v", to, err)
		}
	})
}
