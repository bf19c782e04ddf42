package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// several are the endpoints that a request chooses. Those that have target networks, or are being deleted already, stay.
func (h *Endpoints) several(c echo.Context) (page.Several, []vpn.EndpointID, error) {
	ids := page.Picked[vpn.EndpointID](c)
	chosen, err := h.endpoints.EndpointsNamed(page.Context(c), page.Principal(c), ids)
	s := page.Several{
		Crumbs: listCrumbs,
		Text:   "Clients can no longer connect to them, and the configuration files that users have stop working. Their authorization rules, routes and tags go with them. This cannot be undone.",
		Typed:  vpn.DeleteWord,
		Button: "Delete endpoints", Section: "endpoints", Path: "/endpoints/delete", List: "/endpoints",
	}
	connections := 0
	for _, e := range chosen {
		if err := e.CheckDelete(e.Associations); err != nil {
			stays := parts.Pair{Label: views.NameOr(e.Name, e.ID), Value: page.Refusal(err)}
			if e.Associations > 0 {
				stays.Href = views.EndpointPath(e.ID, "associations")
			}
			s.Stay = append(s.Stay, stays)
			continue
		}
		name := string(e.ID)
		if e.Name != "" {
			name = e.Name + " (" + name + ")"
		}
		s.Rows = append(s.Rows, page.Row{ID: string(e.ID), Name: name + " with its client range " + e.ClientCIDR.String()})
		connections += e.Connections
	}
	s.Title, s.People = "Delete "+parts.Count(len(s.Rows), "Client VPN endpoint")+"?", connectedNow(connections)
	return s, ids, err
}

// DeleteSeveralForm asks for confirmation to delete several endpoints.
func (h *Endpoints) DeleteSeveralForm(c echo.Context) error {
	return page.AskSeveral(h.pages, c, h.several)
}

// DeleteSeveral starts to delete several endpoints. Each is a change of its own.
func (h *Endpoints) DeleteSeveral(c echo.Context) error {
	return page.ActOnSeveral(h.pages, c, h.several, page.OneByOne(func(id vpn.EndpointID) error {
		return h.endpoints.DeleteEndpoint(page.Context(c), page.Principal(c), id, c.FormValue("confirm"))
	}), func(n int) string { return parts.Are(n, "Client VPN endpoint") + " being deleted." })
}
