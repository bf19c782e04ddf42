package saml_test

import (
	"testing"

	"sallyport/saml"
	"sallyport/saml/samltest"
	"sallyport/vpn"
)

// Names of attributes that an administrator chose take the place of the usual ones, in their case.
func TestChosenAttributes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		options    vpn.SAMLProviderOptions
		format     string
		user, mail string
		groups     int
	}{
		{"usual", vpn.SAMLProviderOptions{}, samltest.Unspecified, "e1234", "alice@mail.example.test", 1},
		{"usual, persistent", vpn.SAMLProviderOptions{}, samltest.Persistent, "alice", "alice@mail.example.test", 1},
		{"chosen", vpn.SAMLProviderOptions{NameAttribute: "displayName", MailAttribute: "contact", GroupAttribute: "roles"}, samltest.Unspecified, "Alice A.", "a@contact.example.test", 2},
		{"one for both", vpn.SAMLProviderOptions{NameAttribute: "contact", MailAttribute: "contact"}, samltest.Unspecified, "a@contact.example.test", "a@contact.example.test", 1},
		{"in another case, absent", vpn.SAMLProviderOptions{NameAttribute: "DisplayName", MailAttribute: "Contact", GroupAttribute: "Roles"}, samltest.Unspecified, "e1234", "", 0},
	} {
		p := provider(t, idp(t), func(o *saml.Config) { o.Options = c.options })
		a := good()
		a.NameID, a.Format, a.Groups = "e1234", c.format, []string{"engineers"}
		a.Attributes = map[string][]string{
			"mail": {"alice@mail.example.test"}, "uid": {"alice"}, "displayName": {"Alice A."}, "contact": {"a@contact.example.test"}, "roles": {"r1", "r2"},
		}
		got, err := p.Accept(idp(t).Form(a), expected)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if u := got.User; u.Key != "e1234" || u.Name != c.user || u.Mail != c.mail || len(u.Groups) != c.groups {
			t.Errorf("%s: %+v", c.name, u)
		}
	}
}
