package admin

import (
	"net/netip"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// mapRules is how many rules the picture has room for.
const mapRules = 6

// endpointMap reads what the picture of an endpoint shows.
func (h *Console) endpointMap(c echo.Context, f views.EndpointFrame, v control.EndpointView) (views.EndpointMap, error) {
	m := views.EndpointMap{CIDR: v.ClientCIDR.String(), Clients: parts.Count(v.Connections, "connection")}
	for _, a := range v.Associations {
		m.Targets = append(m.Targets, views.MapNode{
			Title: nameOr(a.SubnetName, string(a.Subnet)), Detail: a.CIDR.String() + " in " + a.Zone, State: string(a.State), Why: a.Reason,
		})
	}
	rules, err := h.control.Rules(ctx(c), actor(c), v.ID, vpn.List{Size: mapRules, Page: 1})
	if err != nil {
		return m, err
	}
	routes, err := h.destinations(c, v)
	if err != nil {
		return m, err
	}
	for _, r := range rules.Items {
		m.Rules = append(m.Rules, views.MapNode{
			Title: destinationName(r.Destination), Detail: r.Grantee(), State: string(r.State), Why: r.Reason, Warn: routeless(r.Destination, routes),
		})
	}
	if more := rules.Total - len(rules.Items); more > 0 {
		m.More, m.MoreHref = "and "+parts.Count(more, "more rule"), endpointPath(v.ID, "rules")
	}
	if f.MayChange() {
		m.Targetless = parts.Button{Label: "Associate target network", Href: endpointPath(v.ID, "associations", "new"), Tone: "associate"}
		m.Ruleless = parts.Button{Label: "Add authorization rule", Href: endpointPath(v.ID, "rules", "new"), Tone: "authorize"}
	}
	return m, nil
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

func destinationName(p netip.Prefix) string {
	if p.Bits() == 0 {
		return p.String() + " (everywhere)"
	}
	return p.String()
}

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}
