package saml

import (
	"testing"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"sallyport/vpn"
)

// What the library read from the signed bytes and what the guard judged must be the same: no document is known where they
// differ, so the readings themselves are given here.
func TestReadingsThatDiffer(t *testing.T) {
	t.Parallel()
	const idp = "https://idp.example.test"
	assertion := etree.NewElement("saml:Assertion")
	assertion.CreateAttr("ID", "id-1")
	m := message{assertion: assertion}
	id := nameID{value: "alice@example.test"}
	judged := []vpn.SAMLAttribute{{Name: "memberOf", Values: []string{"engineers", "staff"}, Use: useGroups}, {Name: "mail"}}
	sp := &ServiceProvider{idp: identityProvider{SAMLMetadata: vpn.SAMLMetadata{EntityID: idp}}}
	same := func() *crewjam.Assertion {
		return &crewjam.Assertion{
			ID: "id-1", Issuer: crewjam.Issuer{Value: idp}, Subject: &crewjam.Subject{NameID: &crewjam.NameID{Value: " alice@example.test\n"}},
			AttributeStatements: []crewjam.AttributeStatement{
				{Attributes: []crewjam.Attribute{{Name: "memberOf", Values: []crewjam.AttributeValue{{Value: "engineers"}, {Value: "staff"}}}}},
				{Attributes: []crewjam.Attribute{{Name: "mail"}}},
			},
		}
	}
	read := func(proved *crewjam.Assertion) (vpn.SAMLAnswer, error) {
		return sp.read(vpn.SAMLAnswer{Seen: vpn.SAMLTrace{ReceivedAt: time.Now()}}, proved, m, id, judged)
	}
	got, err := read(same())
	if err != nil || got.AssertionID != "id-1" || got.User.Key != id.value || len(got.User.Groups) != 2 {
		t.Fatalf("the same readings: %+v, %v", got, err)
	}
	for what, change := range map[string]func(*crewjam.Assertion){
		"no ID":              func(a *crewjam.Assertion) { a.ID = "" },
		"another assertion":  func(a *crewjam.Assertion) { a.ID = "id-2" },
		"another issuer":     func(a *crewjam.Assertion) { a.Issuer.Value = "https://other.example.test" },
		"no subject":         func(a *crewjam.Assertion) { a.Subject = nil },
		"no name":            func(a *crewjam.Assertion) { a.Subject.NameID = nil },
		"another name":       func(a *crewjam.Assertion) { a.Subject.NameID.Value = "root@example.test" },
		"a part of the name": func(a *crewjam.Assertion) { a.Subject.NameID.Value = "alice@example.tes" },
		"another attribute":  func(a *crewjam.Assertion) { a.AttributeStatements[0].Attributes[0].Name = "groups" },
		"attributes in a new order": func(a *crewjam.Assertion) {
			s := a.AttributeStatements
			s[0], s[1] = s[1], s[0]
		},
		"another group": func(a *crewjam.Assertion) { a.AttributeStatements[0].Attributes[0].Values[1].Value = "admins" },
		"a group fewer": func(a *crewjam.Assertion) {
			first := &a.AttributeStatements[0].Attributes[0]
			first.Values = first.Values[:1]
		},
		"an attribute fewer": func(a *crewjam.Assertion) { a.AttributeStatements = a.AttributeStatements[:1] },
		"an attribute more": func(a *crewjam.Assertion) {
			a.AttributeStatements[1].Attributes = append(a.AttributeStatements[1].Attributes, crewjam.Attribute{Name: "role"})
		},
	} {
		proved := same()
		change(proved)
		if got, err := read(proved); vpn.CodeOf(err) != vpn.CodeSAMLSignatureMisplaced || got.AssertionID != "" || got.User.Key != "" {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}
