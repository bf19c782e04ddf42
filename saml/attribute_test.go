package saml_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"sallyport/saml"
	"sallyport/saml/samltest"
	"sallyport/vpn"
)

func TestTheNameOfAUser(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		format, nameID  string
		attributes      map[string][]string
		key, name, mail string
	}{
		"an e-mail address":               {samltest.Email, "alice@example.test", nil, "alice@example.test", "alice@example.test", "alice@example.test"},
		"the same user in another case":   {samltest.Email, "Alice@Example.Test", nil, "alice@example.test", "Alice@Example.Test", "Alice@Example.Test"},
		"a letter that looks like K":      {samltest.Email, "\u212Aate@example.test", nil, "\u212Aate@example.test", "\u212Aate@example.test", "\u212Aate@example.test"},
		"a name in another case":          {samltest.Unspecified, "Alice", nil, "Alice", "Alice", ""},
		"unspecified":                     {samltest.Unspecified, "alice", map[string][]string{"mail": {"a@example.test"}}, "alice", "alice", "a@example.test"},
		"white space around it":           {samltest.Unspecified, "\n  alice\n", nil, "alice", "alice", ""},
		"persistent":                      {samltest.Persistent, "G4F3", nil, "G4F3", "G4F3", ""},
		"persistent with an address":      {samltest.Persistent, "G4F3", map[string][]string{"mail": {"", "a@example.test"}}, "G4F3", "a@example.test", "a@example.test"},
		"persistent with a sign-in name":  {samltest.Persistent, "G4F3", map[string][]string{"uid": {"alice"}, "mail": {"a@example.test"}}, "G4F3", "alice", "a@example.test"},
		"persistent, unprintable name":    {samltest.Persistent, "G4F3", map[string][]string{"uid": {"al\u202eice"}}, "G4F3", "G4F3", ""},
		"255 characters":                  {samltest.Unspecified, strings.Repeat("é", 255), nil, strings.Repeat("é", 255), strings.Repeat("é", 255), ""},
		"what XML has to write otherwise": {samltest.Unspecified, `a<b>&"c`, nil, `a<b>&"c`, `a<b>&"c`, ""},
	} {
		a := good()
		a.Format, a.NameID, a.Attributes = c.format, c.nameID, c.attributes
		got, err := accept(t, a)
		if err != nil || got.User.Key != c.key || got.User.Name != c.name || got.User.Mail != c.mail {
			t.Errorf("%s: %+v, %v", name, got.User, err)
		}
	}
}

func TestGroupsOfTheAttribute(t *testing.T) {
	t.Parallel()
	groups := func(t *testing.T, p *saml.ServiceProvider, a samltest.Answer) ([]string, vpn.SAMLAnswer) {
		t.Helper()
		got, err := p.Accept(idp(t).Form(a), expected)
		if err != nil {
			t.Fatal(err)
		}
		return vpn.IDsOf(got.User.Groups, func(g vpn.Group) string { return g.ID }), got
	}
	a := good()
	a.Groups = []string{"b", "a", "b", "", strings.Repeat("x", 256), "zwei\nZeilen"}
	have, got := groups(t, sp(t), a)
	if !slices.Equal(have, []string{"b", "a"}) || got.User.More || len(got.Seen.Notes) != 1 || !strings.HasPrefix(got.Seen.Notes[0], "2 groups do not count") {
		t.Errorf("%q, %+v", have, got.Seen.Notes)
	}
	a = good()
	a.GroupAttribute = "memberof" // the name has its case
	named := good()
	named.Groups = []string{"CN=Büro Süd, OU=Groups,DC=corp", `cn=b\c3\bcro s\c3\bcd,ou=groups,dc=corp`, "Staff"}
	if have, _ := groups(t, sp(t), named); !slices.Equal(have, []string{"cn=büro süd,ou=groups,dc=corp", "Staff"}) {
		t.Errorf("DNs of groups are %q", have)
	}
	if have, _ := groups(t, sp(t), a); len(have) != 0 {
		t.Errorf("%q", have)
	}
	p := provider(t, idp(t), func(c *saml.Config) {
		c.Options.GroupAttribute = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
	})
	a.GroupAttribute = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups"
	if have, _ := groups(t, p, a); !slices.Equal(have, a.Groups) {
		t.Errorf("%q", have)
	}
	a.GroupAttribute = "urn:oid:1.2.840.113556.1.2.102"
	a.Change = func(r *etree.Element) { at(t, r, "//Attribute").CreateAttr("FriendlyName", "memberOf") }
	if have, _ := groups(t, sp(t), a); !slices.Equal(have, a.Groups) {
		t.Errorf("%q", have)
	}
	a = good()
	a.Groups, a.Attributes = nil, map[string][]string{"http://schemas.microsoft.com/claims/groups.link": {"https://graph.windows.net/…"}}
	if have, got := groups(t, sp(t), a); len(have) != 0 || !got.User.More || len(got.Seen.Notes) != 1 {
		t.Errorf("%q, %+v", have, got.Seen.Notes)
	}
	a = good() // a value that is no text is left out
	a.Change = func(r *etree.Element) { at(t, r, "//AttributeValue").CreateElement("saml:NameID").SetText("root") }
	if have, _ := groups(t, sp(t), a); !slices.Equal(have, []string{"staff"}) {
		t.Errorf("%q", have)
	}
}

func TestATraceTellsWhatWasSeen(t *testing.T) {
	t.Parallel()
	a := good()
	a.Audience = "https://wiki.example.test"
	got, err := accept(t, a)
	refused(t, got, err, vpn.CodeSAMLAudienceMismatch, "")
	seen := got.Seen
	i := slices.IndexFunc(seen.Compared, func(c vpn.SAMLComparison) bool { return !c.Match })
	if i < 0 || seen.Compared[i].Expected != entityID || seen.Compared[i].Seen != a.Audience {
		t.Errorf("%+v", seen.Compared)
	}
	if seen.NameID != a.NameID || seen.NameIDFormat != samltest.Email || len(seen.Attributes) != 1 || seen.Attributes[0].Use != "groups" || !seen.SignerKnown || seen.Signer.Subject != "idp.example.test" {
		t.Errorf("%+v", seen)
	}
	if d := seen.ClockDifference(); d > 0 || d < -10e9 {
		t.Errorf("clock difference %s", d)
	}
	if told := refusalOf(t, err).ToldToClient(false); told.Code != vpn.CodeSAMLAnswerRefused || strings.Contains(told.Msg, "wiki") {
		t.Errorf("told %+v", told)
	}
}
