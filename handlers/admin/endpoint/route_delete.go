package endpoint

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// DeleteForm asks for confirmation to delete a route.
func (h *Routes) DeleteForm(c echo.Context) error { return h.renderDelete(c, nil) }

func (h *Routes) renderDelete(c echo.Context, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	r, err := h.endpoints.Route(page.Context(c), page.Principal(c), view.ID, vpn.RouteID(c.Param("route")))
	if err != nil {
		return err
	}
	target := "the clients of this endpoint (local)"
	if !r.Local() {
		target = "subnet " + string(r.Subnet)
	}
	loss := "the route to " + views.Destination(r.Destination) + " through " + target
	if r.Description != "" {
		loss += " (" + r.Description + ")"
	}
	confirm := parts.Confirm{
		Crumbs: endpointCrumbs(view.Endpoint, "routes"),
		Title:  "Delete route to " + r.Destination.String() + "?",
		Text:   "Clients no longer reach the destination through this route, even if a rule authorizes it.",
		Losses: []string{loss}, People: connectedNow(view.Connections), Err: page.Refusal(refused),
		Action: views.EndpointPath(view.ID, "routes", string(r.ID), "delete"), Cancel: views.EndpointPath(view.ID, "routes"), Button: "Delete route",
	}
	confirm.Blocked = page.Refusal(r.CheckRemove())
	if r.Origin == vpn.OriginAssociate {
		confirm.Facts = []parts.Pair{{Label: "Target network", Value: string(r.Subnet), Href: views.EndpointPath(view.ID, "associations"), Help: "Disassociate it to remove the route."}}
	}
	status := http.StatusOK
	if refused != nil {
		status = http.StatusUnprocessableEntity
	}
	return page.Render(c, status, views.ConfirmPage(h.pages.Chrome(c, "Delete route", "endpoints"), confirm))
}

// Delete deletes a manual route.
func (h *Routes) Delete(c echo.Context) error {
	err := h.endpoints.DeleteRoute(page.Context(c), page.Principal(c), endpointID(c), vpn.RouteID(c.Param("route")))
	if page.BelongsInForm(err) {
		return h.renderDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The route is being deleted.", views.EndpointPath(endpointID(c), "routes"))
}

// several are the routes that a request chooses.
func (h *Routes) several(c echo.Context) (page.Several, []vpn.RouteID, error) {
	ids := page.Picked[vpn.RouteID](c)
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return page.Several{}, nil, err
	}
	routes, err := h.endpoints.RoutesNamed(page.Context(c), page.Principal(c), endpointID(c), ids)
	return page.Several{
		Crumbs: endpointCrumbs(view.Endpoint, "routes"),
		Title:  "Delete " + parts.Count(len(routes), "route") + "?",
		Text:   "Clients no longer reach the destinations through these routes, even if a rule authorizes it.",
		Rows: page.RowsOf(routes, func(r vpn.Route) page.Row {
			return page.Row{ID: string(r.ID), Name: views.Destination(r.Destination) + " through " + views.RouteTarget(r)}
		}),
		People: connectedNow(view.Connections), Button: "Delete routes", Section: "endpoints",
		Path: views.EndpointPath(endpointID(c), "routes", "delete"), List: views.EndpointPath(endpointID(c), "routes"),
	}, ids, err
}

// DeleteSeveralForm asks for confirmation to delete several routes.
func (h *Routes) DeleteSeveralForm(c echo.Context) error {
	return page.AskSeveral(h.pages, c, h.several)
}

// DeleteSeveral deletes several manual routes in one change.
func (h *Routes) DeleteSeveral(c echo.Context) error {
	return page.ActOnSeveral(h.pages, c, h.several, func(ids []vpn.RouteID) (int, []control.RefusedRow, error) {
		return h.endpoints.DeleteRoutes(page.Context(c), page.Principal(c), endpointID(c), ids)
	}, func(n int) string { return parts.Are(n, "route") + " being deleted." })
}
