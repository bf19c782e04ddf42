package admin

import (
	"net/netip"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	views "sallyport/views/admin"
	"sallyport/vpn"
)

// mapRules is how many rules the picture has room for.
const mapRules = 6

// endpointMap reads what the picture of an endpoint shows.
func (h *Console) endpointMap(c echo.Context, v control.EndpointView) (views.EndpointMap, error) {
	m := views.EndpointMap{Connections: v.Connections, Associations: v.Associations}
	rules, err := h.control.Rules(ctx(c), actor(c), v.ID, vpn.List{Size: mapRules, Page: 1})
	if err != nil {
		return m, err
	}
	routes, err := h.destinations(c, v)
	if err != nil {
		return m, err
	}
	m.Rules, m.MoreRules = rules.Items, rules.Total-len(rules.Items)
	m.Warnings = ruleWarnings(rules.Items, routes)
	return m, nil
}

// ruleWarnings says what rules lack for packets to pass.
func ruleWarnings(rules []vpn.RuleStatus, routes []netip.Prefix) map[vpn.RuleID]string {
	out := map[vpn.RuleID]string{}
	for _, r := range rules {
		if w := routeless(r.Destination, routes); w != "" && r.Removed == 0 {
			out[r.ID] = w
		}
	}
	return out
}

// destinations lists where the endpoint's routes lead; nil where that cannot be told for now:
// without a target network there are none, and of very many only a part is read.
func (h *Console) destinations(c echo.Context, v control.EndpointView) ([]netip.Prefix, error) {
	if len(v.Associations) == 0 {
		return nil, nil
	}
	page, err := h.control.Routes(ctx(c), actor(c), v.ID, vpn.List{Size: vpn.MaxPageSize, Page: 1})
	if err != nil || page.Total > len(page.Items) {
		return nil, err
	}
	out := []netip.Prefix{}
	for _, r := range page.Items {
		if r.Removed == 0 {
			out = append(out, r.Destination)
		}
	}
	return out, nil
}

// routeless warns of a rule that lets nothing through because no route leads to its destination:
// both are needed.
func routeless(destination netip.Prefix, routes []netip.Prefix) string {
	if routes == nil {
		return ""
	}
	for _, r := range routes {
		if r.Overlaps(destination) {
			return ""
		}
	}
	return "No route leads there yet; create one in the route table."
}
