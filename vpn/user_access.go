package vpn

import (
	"net/netip"
	"slices"
)

// Allows tells whether the rules of the destination let a user with the groups through. It is the decision of Decide about
// the most specific destination.
func (g Grant) Allows(groups []string) bool {
	return g.All || slices.ContainsFunc(g.Groups, func(id string) bool { return hasGroup(groups, id) })
}

// UserAccess is what the authorization rules of one destination mean for one user.
type UserAccess struct {
	Destination netip.Prefix
	Allowed     bool
	AllUsers    bool           // a rule lets all users through
	Groups      []string       // the user's groups that a rule lets through
	Others      int            // the other groups that a rule lets through
	Within      []netip.Prefix // the destinations inside it, outermost only, whose own rules decide there
	Routed      bool           // a route leads to a part of it
}

// EndpointAccess is what a user can reach through one endpoint, by destination.
type EndpointAccess struct {
	Endpoint EndpointRef
	Lines    []UserAccess
}

// UserAccessOf tells what a user with the groups can reach through an endpoint with the rules and routes, by destination in
// ascending order. Rules and routes that are being removed do not count.
func UserAccessOf(rules []Rule, routes []Route, groups []string) []UserAccess {
	var present []DesiredRule
	for _, r := range rules {
		if r.Removed == 0 {
			present = append(present, DesiredRule{ID: r.ID, Destination: r.Destination, AllUsers: r.AllUsers, Group: r.Group})
		}
	}
	grants := grantsByDestination(present)
	var out []UserAccess
	for p, grant := range grants {
		line := UserAccess{Destination: p, Allowed: grant.Allows(groups), AllUsers: grant.All, Routed: isRouted(Rule{Destination: p}, routes)}
		for _, g := range grant.Groups {
			if slices.Contains(groups, g) {
				line.Groups = append(line.Groups, g)
			} else {
				line.Others++
			}
		}
		for other := range grants {
			if other.Bits() > p.Bits() && p.Contains(other.Addr()) {
				line.Within = append(line.Within, other)
			}
		}
		line.Within = keepOutermost(line.Within)
		out = append(out, line)
	}
	slices.SortFunc(out, func(a, b UserAccess) int { return comparePrefixes(a.Destination, b.Destination) })
	return out
}

// UserSummary is a user as lists show it.
type UserSummary struct {
	User
	ProviderName string // empty: client certificates, or a directory that was deleted
	Connections  int    // that have not ended
}

// UserGroupSummary is a group as lists show it.
type UserGroupSummary struct {
	UserGroup
	ProviderName string
	Rules        int // that name it, on the endpoints whose users are of its provider
}

// The values of List.Filter for users: "state", and "provider" beside the directories.
const (
	UserBlocked         = "blocked"
	UserConnected       = "connected"
	UsersOfCertificates = "certificate"
)
