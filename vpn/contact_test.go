package vpn

import (
	"strings"
	"testing"
)

func TestContactLink(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"help@example.com":            "mailto:help@example.com",
		"it+vpn?x=1@example.com":      "mailto:it+vpn%3Fx=1@example.com",
		"https://help.example.com/it": "https://help.example.com/it",
		"+49 (0)30 1234-567":          "tel:+49301234567",
		"(030) 12 34 / 56":            "tel:030123456",
		"112":                         "tel:112",
		"":                            "",
		"the help desk":               "",
		"help desk: 112":              "",
		"help@example.com, 112":       "",
		"Help <help@example.com>":     "",
		"http://help.example.com":     "",
		"https://u:p@example.com/":    "",
		"https:///path":               "",
		"https://example.com/a b":     "",
		"javascript:alert(1)":         "",
		"12":                          "",
		"1234567890123456":            "",
		"1+234":                       "",
		"help@exa\nmple.com":          "",
	} {
		if got, ok := ContactLink(text); got != want || ok != (want != "") {
			t.Errorf("%q leads to %q, %v; want %q", text, got, ok, want)
		}
	}
	var b Branding
	for _, text := range []string{"the help desk", strings.Repeat("1", MaxPortalContact+1)} {
		if err := b.Edit(BrandingEdit{Contact: text}); FieldsOf(err)["contact"] == "" {
			t.Errorf("%q is a contact", text)
		}
	}
	if err := b.Edit(BrandingEdit{Contact: " +49 30 1234 "}); err != nil || b.Contact != "+49 30 1234" {
		t.Errorf("the contact is %q, %v", b.Contact, err)
	}
}
