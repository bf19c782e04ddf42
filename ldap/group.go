package ldap

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	goldap "github.com/go-ldap/ldap/v3"

	"sallyport/vpn"
)

const (
	attrTokenGroups = "tokenGroups"
	attrMemberOf    = "memberOf"
	attrSID         = "objectSid"
	attrCommonName  = "cn"

	filterBatch = 50    // values of one search
	maxWalked   = 10000 // groups of one user that are looked at
	pageSize    = 500
)

// groupsOf reads the groups of a user, nested ones included, in the order of their IDs. more tells that there are others
// which do not count: above vpn.MaxGroups, or with an ID longer than vpn.MaxGroupID.
func (d *Directory) groupsOf(ctx context.Context, c *conn, user *goldap.Entry) (groups []vpn.Group, more bool, err error) {
	if d.options.Type == vpn.ActiveDirectory {
		groups, more, err = d.tokenGroups(ctx, c, user.DN)
	} else {
		groups, more, err = d.walkGroups(ctx, c, user)
	}
	if err != nil {
		return nil, false, err
	}
	all := len(groups)
	groups = slices.DeleteFunc(groups, func(g vpn.Group) bool { return utf8.RuneCountInString(g.ID) > vpn.MaxGroupID || g.ID == "" })
	slices.SortFunc(groups, func(a, b vpn.Group) int { return strings.Compare(a.ID, b.ID) })
	if len(groups) > vpn.MaxGroups {
		groups = groups[:vpn.MaxGroups]
	}
	return groups, more || len(groups) < all, nil
}

// tokenGroups has an Active Directory flatten the groups itself, the primary one included, which memberOf never has.
func (d *Directory) tokenGroups(ctx context.Context, c *conn, dn string) ([]vpn.Group, bool, error) {
	r := goldap.NewSearchRequest(dn, goldap.ScopeBaseObject, goldap.NeverDerefAliases, 1, d.seconds(), false, "(objectClass=*)", []string{attrTokenGroups}, nil)
	found, err := c.search(ctx, r)
	if err != nil {
		return nil, false, searchFault(dn, err)
	}
	if len(found.Entries) == 0 {
		return nil, false, errUnknownUser
	}
	raw := found.Entries[0].GetRawAttributeValues(attrTokenGroups)
	var groups []vpn.Group
	bySID := map[string][]byte{}
	for _, b := range raw {
		sid, err := decodeSID(b)
		if err != nil {
			return nil, false, searchFault(dn, err)
		}
		bySID[sid] = b
		groups = append(groups, vpn.Group{ID: sid, Name: sid})
	}
	slices.SortFunc(groups, func(a, b vpn.Group) int { return strings.Compare(a.ID, b.ID) })
	more := len(groups) > vpn.MaxGroups
	groups = groups[:min(len(groups), vpn.MaxGroups)] // only those that count are named
	for batch := range slices.Chunk(groups, filterBatch) {
		var filters []string
		for _, g := range batch {
			filters = append(filters, octets(attrSID, bySID[g.ID]))
		}
		found, err := c.search(ctx, goldap.NewSearchRequest(d.options.BaseDN, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, d.seconds(), false,
			anyOf(filters), []string{attrSID, attrCommonName}, nil))
		if err != nil {
			return nil, false, searchFault(d.options.BaseDN, err)
		}
		for _, e := range found.Entries {
			sid, err := decodeSID(e.GetRawAttributeValue(attrSID))
			if err != nil {
				continue
			}
			for i := range batch {
				if batch[i].ID == sid {
					batch[i].Name = groupName(e, sid)
				}
			}
		}
	}
	return groups, more, nil
}

func groupName(e *goldap.Entry, id string) string {
	if name := e.GetAttributeValue(attrCommonName); name != "" {
		return vpn.PrintableText(name)
	}
	return id
}

// walkGroups goes up from the user, a level a turn: groups that have the user as a member, the POSIX group and the
// groups of the account name, then the groups that have those as members. A group is visited once, so that groups which
// are members of each other end the walk.
func (d *Directory) walkGroups(ctx context.Context, c *conn, user *goldap.Entry) (groups []vpn.Group, more bool, err error) {
	filters := memberFilters(user.DN)
	for _, uid := range user.GetAttributeValues("uid") {
		filters = append(filters, "(&(objectClass=posixGroup)"+equals("memberUid", uid)+")")
	}
	if gid := user.GetAttributeValue("gidNumber"); gid != "" {
		filters = append(filters, "(&(objectClass=posixGroup)"+equals("gidNumber", gid)+")")
	}
	visited := map[string]bool{}
	var level []string
	visit := func(entries []*goldap.Entry) {
		for _, e := range entries {
			id := vpn.CanonicalGroup(e.DN)
			if visited[id] {
				continue
			}
			visited[id] = true
			groups = append(groups, vpn.Group{ID: id, Name: groupName(e, id)})
			level = append(level, memberFilters(e.DN)...)
		}
	}
	for _, dn := range user.GetAttributeValues(attrMemberOf) {
		found, err := c.search(ctx, goldap.NewSearchRequest(dn, goldap.ScopeBaseObject, goldap.NeverDerefAliases, 1, d.seconds(), false, "(objectClass=*)", []string{attrCommonName}, nil))
		if err == nil {
			visit(found.Entries)
		} else if broken(err) {
			return nil, false, searchFault(dn, err)
		}
	}
	for len(filters) > 0 {
		for batch := range slices.Chunk(filters, filterBatch) {
			entries, err := d.groupPages(ctx, c, anyOf(batch))
			if err != nil {
				return nil, false, err
			}
			visit(entries)
			if len(groups) > maxWalked {
				return groups, true, nil
			}
		}
		filters, level = level, nil
	}
	return groups, false, nil
}

func memberFilters(dn string) []string {
	return []string{equals("member", dn), equals("uniqueMember", dn)}
}

// groupPages reads all groups that match, a page at a time.
func (d *Directory) groupPages(ctx context.Context, c *conn, filter string) (entries []*goldap.Entry, err error) {
	r := goldap.NewSearchRequest(d.options.BaseDN, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, d.seconds(), false, filter, []string{attrCommonName}, nil)
	paging := goldap.NewControlPaging(pageSize)
	r.Controls = []goldap.Control{paging}
	for {
		found, err := c.search(ctx, r)
		if err != nil {
			return nil, searchFault(d.options.BaseDN, err)
		}
		entries = append(entries, found.Entries...)
		answer, ok := goldap.FindControl(found.Controls, goldap.ControlTypePaging).(*goldap.ControlPaging)
		if !ok || len(answer.Cookie) == 0 || len(entries) > maxWalked {
			return entries, nil
		}
		paging.SetCookie(answer.Cookie)
	}
}

// FindGroups finds groups by a part of their name, for a picker; at most limit of them.
func (d *Directory) FindGroups(ctx context.Context, part string, limit int) (groups []vpn.Group, err error) {
	class := anyOf([]string{"(objectClass=groupOfNames)", "(objectClass=groupOfUniqueNames)", "(objectClass=posixGroup)"})
	if d.options.Type == vpn.ActiveDirectory {
		class = "(objectClass=group)"
	}
	name := "(cn=*)"
	if part != "" {
		name = "(cn=*" + goldap.EscapeFilter(part) + "*)"
	}
	err = d.searching(ctx, nil, func(c *conn) error {
		groups = nil
		r := goldap.NewSearchRequest(d.options.BaseDN, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, limit, d.seconds(), false, "(&"+class+name+")", []string{attrCommonName, attrSID}, nil)
		found, err := c.search(ctx, r)
		if err != nil && !goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) {
			return searchFault(d.options.BaseDN, err)
		}
		for _, e := range found.Entries {
			id := vpn.CanonicalGroup(e.DN)
			if d.options.Type == vpn.ActiveDirectory {
				if id, err = decodeSID(e.GetRawAttributeValue(attrSID)); err != nil {
					continue
				}
			}
			groups = append(groups, vpn.Group{ID: id, Name: groupName(e, id)})
		}
		return nil
	})
	slices.SortFunc(groups, func(a, b vpn.Group) int { return strings.Compare(a.Name, b.Name) })
	return groups, err
}
