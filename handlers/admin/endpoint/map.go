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
		return rank(a.State != vpn.AssociationFailed) - rank(b.State != vpn.AssociationFailed)
	})
	m.Associations = targets[:min(len(targets), maxMapBoxes)]
	m.MoreTargets = len(targets) - len(m.Associations)
	// By state, backwards: what is in movement or failed comes before what is active.
	rules, err := h.endpoints.Rules(page.Context(c), page.Principal(c), v.ID, vpn.List{Size: vpn.DefaultPageSize, Page: 1, Sort: "state", Desc: true})
	if err != nil {
		return m, err
	}
	first := slices.SortedStableFunc(slices.Values(rules.Items), func(a, b vpn.RuleStatus) int {
		return rank(a.State != vpn.RuleFailed) - rank(b.State != vpn.RuleFailed)
	})
	m.Rules = first[:min(len(first), maxMapBoxes)]
	m.MoreRules = rules.Total - len(m.Rules)
	return m, nil
}

// rank orders what is first before what is not.
func rank(later bool) int {
	if later {
		return 1
	}
	return 0
}
