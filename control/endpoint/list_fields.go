package endpoint

import (
	"cmp"
	"slices"
	"strings"

	"sallyport/vpn"
)

// How lists that show a state are sorted and filtered. A state is computed from what the dataplane reported, so no
// column has it: these lists are read to their end and narrowed in memory. What the database can find it has found before.

// endpointFields has the orders that the database does not have. The filter value
// "trouble" is every endpoint with a fault.
var endpointFields = vpn.Fields[vpn.EndpointSummary]{
	Orders: map[string]func(a, b vpn.EndpointSummary) int{
		"state":        func(a, b vpn.EndpointSummary) int { return cmp.Compare(a.State, b.State) },
		"associations": func(a, b vpn.EndpointSummary) int { return a.Associations - b.Associations },
		"connections":  func(a, b vpn.EndpointSummary) int { return a.Connections - b.Connections },
	},
	Usual: func(a, b vpn.EndpointSummary) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	},
	Filters: map[string]func(vpn.EndpointSummary, string) bool{
		"state": func(e vpn.EndpointSummary, want string) bool {
			return want == string(e.State) || want == "trouble" && e.Trouble != ""
		},
		"zone": func(e vpn.EndpointSummary, want string) bool { return slices.Contains(e.Zones, want) },
	},
}

// ruleMatches is the order of rules that a search by address found.
var ruleMatches = []vpn.RuleMatch{vpn.MatchDecides, vpn.MatchInside, vpn.MatchWider, ""}

var ruleFields = vpn.Fields[vpn.RuleStatus]{
	Search: func(r vpn.RuleStatus) []string {
		return []string{r.Destination.String(), r.Group, r.GroupName, r.Description}
	},
	Orders: map[string]func(a, b vpn.RuleStatus) int{
		"group": func(a, b vpn.RuleStatus) int { return cmp.Compare(a.Group, b.Group) },
		"match": func(a, b vpn.RuleStatus) int { // of equal matches the narrowest destination first
			return cmp.Or(slices.Index(ruleMatches, a.Match)-slices.Index(ruleMatches, b.Match), b.Destination.Bits()-a.Destination.Bits())
		},
		"description": func(a, b vpn.RuleStatus) int { return cmp.Compare(a.Description, b.Description) },
		"state":       func(a, b vpn.RuleStatus) int { return cmp.Compare(a.State, b.State) },
		"created_at":  func(a, b vpn.RuleStatus) int { return a.CreatedAt.Compare(b.CreatedAt) },
	},
	Usual: func(a, b vpn.RuleStatus) int {
		return cmp.Or(a.Destination.Addr().Compare(b.Destination.Addr()), a.Destination.Bits()-b.Destination.Bits(), cmp.Compare(a.Group, b.Group))
	},
	Filters: map[string]func(vpn.RuleStatus, string) bool{
		"state": func(r vpn.RuleStatus, want string) bool { return string(r.State) == want },
	},
}

var routeFields = vpn.Fields[vpn.RouteStatus]{
	Search: func(r vpn.RouteStatus) []string {
		return []string{r.Destination.String(), string(r.Subnet), r.Description}
	},
	Orders: map[string]func(a, b vpn.RouteStatus) int{
		"target":      func(a, b vpn.RouteStatus) int { return cmp.Compare(a.Subnet, b.Subnet) },
		"origin":      func(a, b vpn.RouteStatus) int { return cmp.Compare(a.Origin, b.Origin) },
		"description": func(a, b vpn.RouteStatus) int { return cmp.Compare(a.Description, b.Description) },
		"state":       func(a, b vpn.RouteStatus) int { return cmp.Compare(a.State, b.State) },
		"created_at":  func(a, b vpn.RouteStatus) int { return a.CreatedAt.Compare(b.CreatedAt) },
	},
	Usual: func(a, b vpn.RouteStatus) int {
		return cmp.Or(a.Destination.Addr().Compare(b.Destination.Addr()), a.Destination.Bits()-b.Destination.Bits(), cmp.Compare(a.Subnet, b.Subnet))
	},
	Filters: map[string]func(vpn.RouteStatus, string) bool{
		"state":  func(r vpn.RouteStatus, want string) bool { return string(r.State) == want },
		"origin": func(r vpn.RouteStatus, want string) bool { return string(r.Origin) == want },
		"target": func(r vpn.RouteStatus, want string) bool { return string(r.Subnet) == want },
	},
}

// connectionFields sorts the connections that have not ended by what their table has no order for.
var connectionFields = vpn.Fields[vpn.ConnectionSummary]{
	Search: func(c vpn.ConnectionSummary) []string {
		return []string{c.Username, c.ClientIP.String(), c.Device.String(), string(c.ID)}
	},
	Orders: map[string]func(a, b vpn.ConnectionSummary) int{
		"common_name": func(a, b vpn.ConnectionSummary) int { return cmp.Compare(a.CommonName, b.CommonName) },
		"target":      func(a, b vpn.ConnectionSummary) int { return cmp.Compare(a.Target, b.Target) },
		"device":      func(a, b vpn.ConnectionSummary) int { return a.Device.Compare(b.Device) },
		"platform": func(a, b vpn.ConnectionSummary) int {
			return cmp.Compare(a.Platform+" "+a.ClientVersion, b.Platform+" "+b.ClientVersion)
		},
		"status": func(a, b vpn.ConnectionSummary) int { return cmp.Compare(a.Status, b.Status) },
		"in":     func(a, b vpn.ConnectionSummary) int { return cmp.Compare(a.Counters.BytesIn, b.Counters.BytesIn) },
		"out":    func(a, b vpn.ConnectionSummary) int { return cmp.Compare(a.Counters.BytesOut, b.Counters.BytesOut) },
	},
	Usual: func(a, b vpn.ConnectionSummary) int { return b.EstablishedAt.Compare(a.EstablishedAt) },
	Filters: map[string]func(vpn.ConnectionSummary, string) bool{
		"status":   func(c vpn.ConnectionSummary, want string) bool { return string(c.Status) == want },
		"platform": func(c vpn.ConnectionSummary, want string) bool { return c.Platform == want },
		"target":   func(c vpn.ConnectionSummary, want string) bool { return c.Target == want },
	},
}

// inMemory tells whether a list of parts needs what only the program knows.
func inMemory(l vpn.List) bool {
	for _, name := range []string{"state", "origin", "target"} {
		if l.Filter[name] != "" {
			return true
		}
	}
	return l.Sort == "state" || l.Sort == "description" || l.Sort == "target"
}
