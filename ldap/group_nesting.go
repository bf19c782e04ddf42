package ldap

import (
	"context"
	"slices"
	"strings"

	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/vpn"
)

// maxNested is how many groups of a user are shown with the groups that they are in.
const maxNested = 50

// nestingOf tells for the first groups of a user in which other of these groups each is, by ID: for an administrator who
// tries a sign-in. What cannot be read is left out.
func (d *Directory) nestingOf(ctx context.Context, c *conn, groups []vpn.Group) map[string][]string {
	shown := groups[:min(len(groups), maxNested)]
	if d.options.Type == vpn.ActiveDirectory {
		return d.nestingBySID(ctx, c, shown)
	}
	in := map[string][]string{}
	for _, g := range shown {
		parents, err := d.groupPages(ctx, c, anyOf(memberFilters(g.ID)))
		if err != nil {
			return in
		}
		for _, p := range parents {
			in[g.ID] = append(in[g.ID], groupName(p, vpn.CanonicalGroup(p.DN)))
		}
		slices.Sort(in[g.ID])
	}
	return in
}

// nestingBySID reads the groups again, with memberOf: the groups that each is directly in.
func (d *Directory) nestingBySID(ctx context.Context, c *conn, groups []vpn.Group) map[string][]string {
	in := map[string][]string{}
	var filters []string
	for _, g := range groups {
		filters = append(filters, equals(attrSID, g.ID)) // a SID as text is a value of its own kind here (MS-ADTS 3.1.1.3.1.3.1)
	}
	if len(filters) == 0 {
		return in
	}
	found, err := c.search(ctx, goldap.NewSearchRequest(d.options.BaseDN, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, d.seconds(), false,
		anyOf(filters), []string{attrSID, attrMemberOf}, nil))
	if err != nil {
		return in
	}
	for _, e := range found.Entries {
		sid, err := decodeSID(e.GetRawAttributeValue(attrSID))
		if err != nil {
			continue
		}
		for _, dn := range e.GetAttributeValues(attrMemberOf) {
			in[sid] = append(in[sid], firstName(dn))
		}
		slices.Sort(in[sid])
	}
	return in
}

// firstName is the value of the first part of a DN: the name of a group.
func firstName(dn string) string {
	parsed, err := goldap.ParseDN(dn)
	if err != nil || len(parsed.RDNs) == 0 || len(parsed.RDNs[0].Attributes) == 0 {
		return vpn.PrintableText(dn)
	}
	return vpn.PrintableText(parsed.RDNs[0].Attributes[0].Value)
}

// describeGroups are the groups of a user for an administrator, each with those that it is in.
func describeGroups(u vpn.ProviderUser, in map[string][]string, count string) []string {
	if u.More {
		count += "; others do not count"
	}
	out := []string{count}
	for _, g := range u.Groups {
		line := g.Name + " " + g.ID
		if parents := in[g.ID]; len(parents) > 0 {
			line += ", in " + strings.Join(parents, ", ")
		}
		out = append(out, line)
	}
	return out
}
