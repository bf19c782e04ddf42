package saml

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"sallyport/vpn"
)

// Names under which IdPs send a user's e-mail address and sign-in name, besides the NameID.
var (
	mailAttributes = []string{
		"mail", "email", "emailAddress", "Email", "urn:oid:0.9.2342.19200300.100.1.3", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
	}
	nameAttributes = []string{
		"userPrincipalName", "username", "uid", "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", "urn:oid:0.9.2342.19200300.100.1.1",
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
	}
)

// What an attribute is used for.
const (
	useGroups = "groups"
	useMail   = "e-mail address"
	useName   = "name"
)

// attributes lists the attributes of an assertion. Values that are no text are left out.
func (sp *ServiceProvider) attributes(assertion *etree.Element) []vpn.SAMLAttribute {
	var out []vpn.SAMLAttribute
	for _, statement := range children(assertion, nsAssertion, "AttributeStatement") {
		for _, e := range statement.ChildElements() {
			a := vpn.SAMLAttribute{Name: attribute(e, "Name"), FriendlyName: attribute(e, "FriendlyName")}
			for _, value := range e.ChildElements() {
				if len(value.ChildElements()) == 0 {
					a.Values = append(a.Values, text(value))
				}
			}
			out = append(out, a)
		}
	}
	sp.assignUses(out)
	return out
}

// assignUses says what each attribute is used for. One is used by its friendly name only where none has the name: the
// friendly name is for readers and names no attribute (saml-core-2.0, 2.7.3.1), but some IdPs send memberOf there alone.
func (sp *ServiceProvider) assignUses(attributes []vpn.SAMLAttribute) {
	for _, wanted := range []struct {
		use   string
		names []string
	}{{useGroups, []string{sp.groupAttribute}}, {useMail, sp.mailAttributes}, {useName, sp.nameAttributes}} {
		named := func(a vpn.SAMLAttribute) bool { return slices.Contains(wanted.names, a.Name) }
		if !slices.ContainsFunc(attributes, named) {
			named = func(a vpn.SAMLAttribute) bool { return slices.Contains(wanted.names, a.FriendlyName) }
		}
		for i, a := range attributes {
			if a.Use == "" && named(a) {
				attributes[i].Use = wanted.use
			}
		}
	}
}

// user is the user whom an assertion names, with the groups that count.
func (sp *ServiceProvider) user(id nameID, attributes []vpn.SAMLAttribute, trace *vpn.SAMLTrace) vpn.ProviderUser {
	u := vpn.ProviderUser{Key: id.key(), Name: id.value, Mail: firstText(attributes, useMail)}
	if u.Mail == "" && crewjam.NameIDFormat(id.format) == crewjam.EmailAddressNameIDFormat {
		u.Mail = id.value
	}
	if sp.nameChosen || crewjam.NameIDFormat(id.format) == crewjam.PersistentNameIDFormat { // a persistent one is mostly no text that a person knows
		if better := firstText(attributes, useName); better != "" {
			u.Name = better
		} else if u.Mail != "" {
			u.Name = u.Mail
		}
	}
	u.Groups, u.More = groups(attributes, trace)
	return u
}

// firstText is the first value of the attributes of a use that lists can show.
func firstText(attributes []vpn.SAMLAttribute, use string) string {
	for _, a := range attributes {
		if a.Use != use {
			continue
		}
		for _, value := range a.Values {
			if value != "" && utf8.RuneCountInString(value) <= MaxNameID && printable(value) {
				return value
			}
		}
	}
	return ""
}

// groupsLink is the attribute that Entra ID sends in place of more than 150 groups: an address to ask for them.
const groupsLink = "http://schemas.microsoft.com/claims/groups.link"

// groups are the groups that count: the first vpn.MaxGroups, without those that cannot be named in a rule.
func groups(attributes []vpn.SAMLAttribute, trace *vpn.SAMLTrace) (out []vpn.Group, more bool) {
	seen := map[string]bool{}
	unusable, above := 0, 0
	for _, a := range attributes {
		if a.Name == groupsLink {
			trace.Notes = append(trace.Notes, "The IdP sent a link in place of the groups, because there are too many: no group counts. In Entra ID choose \"Groups assigned to the application\" for the group claim.")
			more = true
		}
		if a.Use != useGroups {
			continue
		}
		for _, value := range a.Values {
			value = vpn.CanonicalGroup(value) // as rules have it
			switch {
			case value == "" || seen[value]:
			case utf8.RuneCountInString(value) > vpn.MaxGroupID || !printable(value):
				unusable++
			case len(out) == vpn.MaxGroups:
				above++
			default:
				out = append(out, vpn.Group{ID: value})
			}
			seen[value] = true
		}
	}
	if unusable > 0 {
		trace.Notes = append(trace.Notes, fmt.Sprintf("%d groups do not count: their IDs are longer than %d characters, or no printable text.", unusable, vpn.MaxGroupID))
	}
	if above > 0 {
		trace.Notes = append(trace.Notes, fmt.Sprintf("The first %d groups count; %d more do not. Have the IdP filter the group attribute to those that this VPN uses.", vpn.MaxGroups, above))
	}
	return out, more || above > 0
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) })
}

// traced are the attributes for a trace, which one page shows.
func traced(attributes []vpn.SAMLAttribute) []vpn.SAMLAttribute {
	out := make([]vpn.SAMLAttribute, 0, min(len(attributes), maxTracedAttributes))
	for _, a := range attributes[:min(len(attributes), maxTracedAttributes)] {
		a.Name, a.FriendlyName = clip(a.Name), clip(a.FriendlyName)
		values := make([]string, len(a.Values))
		for i, v := range a.Values {
			values[i] = clip(v)
		}
		a.Values = values
		out = append(out, a)
	}
	return out
}
