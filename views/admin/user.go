package admin

import (
	"strings"

	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// UserPath is the page of a VPN user, or a page below it.
func UserPath(id vpn.UserID, below ...string) string {
	return pathOf("/users", append([]string{string(id)}, below...)...)
}

// UserGroupPath is the page of a group.
func UserGroupPath(id vpn.UserGroupID) string { return pathOf("/users/groups", string(id)) }

// ConnectionsOf is the list of connections, searched for a user's name.
func ConnectionsOf(name string) string { return "/connections" + query("q", name) }

// ClientCertificates is the provider of users without a directory.
const ClientCertificates = "Client certificates"

// ProviderName is what lists call an identity provider.
func ProviderName(id vpn.ProviderID, name string) string {
	switch {
	case id == "":
		return ClientCertificates
	case name == "":
		return string(id)
	default:
		return name
	}
}

// UserList is the page Users and groups with its tab Users.
type UserList struct {
	Chrome layout.Chrome
	Tabs   []parts.Tab
	List   parts.List
	Rows   []vpn.UserSummary
}

// UserGroupList is the page Users and groups with its tab Groups.
type UserGroupList struct {
	Chrome layout.Chrome
	Tabs   []parts.Tab
	List   parts.List
	Rows   []vpn.UserGroupSummary
}

// UserPage is one user.
type UserPage struct {
	Chrome        layout.Chrome
	Header        parts.Header
	User          vpn.UserSummary
	Facts         []parts.Pair
	Groups        []vpn.UserGroup
	Names         map[string]string // of the groups
	Access        []vpn.EndpointAccess
	Reports       []vpn.UserReport
	Attempts      []vpn.Attempt
	EndpointNames map[vpn.EndpointID]string // of the endpoints of the attempts
}

// ReportPath is where a report of a user is acknowledged.
func ReportPath(u vpn.UserID, r vpn.UserReportID) string {
	return UserPath(u, "reports", string(r), "acknowledge")
}

// UserGroupPage is one group.
type UserGroupPage struct {
	Chrome    layout.Chrome
	Header    parts.Header
	Facts     []parts.Pair
	Rules     []vpn.Rule
	Endpoints map[vpn.EndpointID]string
	Group     vpn.UserGroup
	List      parts.List // of the members
	Members   []vpn.UserSummary
}

// groupsText is the groups of a user in a list: their first names, and how many more there are.
func groupsText(u vpn.User) string {
	text := strings.Join(u.GroupNames, ", ")
	if more := u.Groups - len(u.GroupNames); more > 0 {
		text += " and " + parts.Number(more) + " more"
	}
	return text
}

// members is the number of members of a group.
func members(g vpn.UserGroup) string {
	if g.More {
		return parts.Number(g.Members) + "+"
	}
	return parts.Number(g.Members)
}

func allowedWord(a vpn.UserAccess) string { return parts.YesNo(a.Allowed, "allowed", "denied") }

// reason says why a destination is allowed or denied.
func (v UserPage) reason(a vpn.UserAccess) string {
	switch {
	case a.AllUsers:
		return "A rule allows all users."
	case len(a.Groups) > 0:
		names := make([]string, len(a.Groups))
		for i, id := range a.Groups {
			names[i] = NameOr(v.Names[id], id)
		}
		return "Rules allow " + parts.YesNo(len(names) == 1, "the group ", "the groups ") + strings.Join(names, ", ") + "."
	case a.Others == 1:
		return "The rule is for a group that the user is not in."
	default:
		return "The rules are for groups that the user is not in."
	}
}

// limits says what else holds for a destination.
func limits(a vpn.UserAccess) string {
	var out []string
	if n := len(a.Within); n > 0 {
		var names []string
		for _, p := range a.Within[:min(n, namedRanges)] {
			names = append(names, p.String())
		}
		text := strings.Join(names, ", ")
		if n > namedRanges {
			text += " and others"
		}
		out = append(out, "Except "+text+", which "+parts.YesNo(n == 1, "has rules of its own.", "have rules of their own."))
	}
	if !a.Routed {
		out = append(out, "No route leads there.")
	}
	return strings.Join(out, " ")
}

// namedRanges is how many ranges a cell names.
const namedRanges = 3
