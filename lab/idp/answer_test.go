package idp

import (
	"fmt"
	"net/url"
	"testing"

	"sallyport/lab/netlab"
	"sallyport/saml"
	"sallyport/vpn"
)

// The answers of a real identity provider are judged by package saml: who, with which groups, and what is refused.
func TestAnswersAreAccepted(t *testing.T) {
	t.Parallel()
	netlab.NeedSandbox(t)
	const entity, acs = "https://vpn.example.test/saml/saml-0123456789", "https://vpn.example.test/saml/saml-0123456789/acs"
	var many []string
	for i := range 250 {
		many = append(many, fmt.Sprintf("CN=group %d,DC=example,DC=test", i))
	}
	for i, c := range []struct {
		Options
		user   vpn.ProviderUser
		groups int
		code   vpn.Code
	}{
		{Options{}, vpn.ProviderUser{Key: "alice@example.test", Name: "alice@example.test"}, 2, ""},
		{Options{NameIDFormat: Persistent, Users: []User{{Name: "alice", NameID: "id-of-alice", Groups: many}}}, vpn.ProviderUser{Key: "id-of-alice", Name: "alice", More: true}, vpn.MaxGroups, ""},
		{Options{NameIDFormat: Unspecified}, vpn.ProviderUser{Key: "alice@example.test", Name: "alice@example.test"}, 2, ""},
		{Options{NameIDFormat: Transient}, vpn.ProviderUser{}, 0, vpn.CodeSAMLNameIDFormat},
	} {
		p := Start(t, netlab.Here(), fmt.Sprintf("127.0.1.%d:18443", i+1), c.Options)
		p.Trust(t, map[string]string{entity: acs})
		sp, err := saml.New(saml.Config{EntityID: entity, ACSURL: acs, Metadata: []byte(p.Metadata)})
		if err != nil {
			t.Fatal(err)
		}
		id, to, err := sp.Request("state-1")
		if err != nil {
			t.Fatal(err)
		}
		page := NewPerson(netlab.Here()).Open(t, to).SignIn(t, "alice", Password)
		form := url.Values{"SAMLResponse": {page.Doc.Find("[name=SAMLResponse]").AttrOr("value", "")}}
		got, err := sp.Accept(form, vpn.SAMLExpect{RequestID: id})
		if vpn.CodeOf(err) != c.code || got.User.Key != c.user.Key || got.User.Name != c.user.Name || got.User.More != c.user.More || len(got.User.Groups) != c.groups {
			t.Errorf("%s: %+v, %v", c.NameIDFormat, got.User, err)
		}
	}
}
