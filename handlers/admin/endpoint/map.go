package endpoint

import (
	"net/netip"
	"slices"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/vpn"
)

// maxMapBoxes is how many target networks and how many rules the picture shows.
const maxMapBoxes = 3

// endpointMap reads what the picture of an endpoint shows.
func (h *Endpoints) endpointMap(c echo.Context, v endpoint.View) (views.EndpointMap, error) {
	m := views.EndpointMap{Connections: v.Connections}
	var err error
	if m.Doubts, err = h.doubtfulRoutes(c, v.ID); err != nil {
		return m, err
	}
	rankOf := func(a vpn.AssociationStatus) int {
		return rank(a.State == vpn.AssociationFailed, len(a.Lacks) > 0 || len(m.Doubts[a.ID]) > 0)
	}
	targets := slices.SortedStableFunc(slices.Values(v.Associations), func(a, b vpn.AssociationStatus) int { return rankOf(a) - rankOf(b) })
	m.Associations = targets[:min(len(targets), maxMapBoxes)]
	m.MoreTargets = len(targets) - len(m.Associations)
	// By state, backwards: what is in movement or failed comes before what is active.
	rules, err := h.endpoints.Rules(page.Context(c), page.Principal(c), v.ID, vpn.List{Size: vpn.DefaultPageSize, Page: 1, Sort: "state", Desc: true})
	if err != nil {
		return m, err
	}
	first := slices.SortedStableFunc(slices.Values(rules.Items), func(a, b vpn.RuleStatus) int {
		return rank(a.State == vpn.RuleFailed, a.Warning != "") - rank(b.State == vpn.RuleFailed, b.Warning != "")
	})
	m.Rules = first[:min(len(first), maxMapBoxes)]
	m.MoreRules = rules.Total - len(m.Rules)
	return m, nil
}

// doubtfulRoutes gives, by target network, the destinations of routes to which the host's way is doubtful.
func (h *Endpoints) doubtfulRoutes(c echo.Context, id vpn.EndpointID) (map[vpn.AssociationID][]netip.Prefix, error) {
	routes, err := h.endpoints.Routes(page.Context(c), page.Principal(c), id, vpn.List{Size: vpn.MaxPageSize})
	out := map[vpn.AssociationID][]netip.Prefix{}
	for _, r := range routes.Items {
		if r.Doubt != "" {
			out[r.Association] = append(out[r.Association], r.Destination)
		}
	}
	return out, err
}

// rank orders what failed before what has a warning, and that before the rest.
func rank(failed, warned bool) int {
	switch {
	case failed:
		return 0
	case warned:
		return 1
	default:
		return 2
	}
}
