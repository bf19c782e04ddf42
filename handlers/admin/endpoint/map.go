package endpoint

import (
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
	targets := slices.SortedStableFunc(slices.Values(v.Associations), func(a, b vpn.AssociationStatus) int {
		return rank(a.State == vpn.AssociationFailed, len(a.Lacks) > 0) - rank(b.State == vpn.AssociationFailed, len(b.Lacks) > 0)
	})
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
