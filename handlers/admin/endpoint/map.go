package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/vpn"
)

// maxMapRules is how many rules the picture shows.
const maxMapRules = 6

// endpointMap reads what the picture of an endpoint shows.
func (h *Endpoints) endpointMap(c echo.Context, v endpoint.View) (views.EndpointMap, error) {
	m := views.EndpointMap{Connections: v.Connections, Associations: v.Associations}
	rules, err := h.endpoints.Rules(page.Context(c), page.Principal(c), v.ID, vpn.List{Size: maxMapRules, Page: 1})
	if err != nil {
		return m, err
	}
	m.Rules, m.MoreRules = rules.Items, rules.Total-len(rules.Items)
	return m, nil
}
