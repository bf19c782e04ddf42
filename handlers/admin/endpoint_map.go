package admin

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/vpn"
)

// mapRules is how many rules the picture has room for.
const mapRules = 6

// endpointMap reads what the picture of an endpoint shows.
func (h *Console) endpointMap(c echo.Context, v endpoint.View) (views.EndpointMap, error) {
	m := views.EndpointMap{Connections: v.Connections, Associations: v.Associations}
	rules, err := h.endpoints.Rules(ctx(c), principal(c), v.ID, vpn.List{Size: mapRules, Page: 1})
	if err != nil {
		return m, err
	}
	m.Rules, m.MoreRules = rules.Items, rules.Total-len(rules.Items)
	return m, nil
}
