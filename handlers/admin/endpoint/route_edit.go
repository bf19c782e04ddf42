package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Routes) renderEdit(c echo.Context, typed *descriptionInput, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	r, err := h.endpoints.Route(page.Context(c), page.Principal(c), view.ID, vpn.RouteID(c.Param("route")))
	if err != nil {
		return err
	}
	target := views.RouteTarget(r.Route)
	for _, a := range view.Associations {
		if a.Subnet == r.Subnet && a.SubnetName != "" {
			target = a.SubnetName + " (" + target + ")"
		}
	}
	form := descriptionForm(typed, r.Description, refused, "Modify route", views.EndpointPath(view.ID, "routes"),
		parts.Field{Name: "destination", Label: "Route destination", Type: "fact", Value: views.Destination(r.Destination)},
		parts.Field{Name: "subnet", Label: "Target", Type: "fact", Value: target, Help: "To change the destination or the target, create another route and delete this one."})
	form.Action = views.EndpointPath(view.ID, "routes", string(r.ID), "edit")
	return renderDescription(c, refused, views.FormPage{
		Chrome: h.pages.Chrome(c, "Modify route", "endpoints"), Form: form,
		Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, "routes"), Title: "Modify route to " + views.Destination(r.Destination)},
	})
}

// EditForm shows the form that modifies a route.
func (h *Routes) EditForm(c echo.Context) error { return h.renderEdit(c, nil, nil) }

// Edit changes the description of a route.
func (h *Routes) Edit(c echo.Context) error {
	var in descriptionInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	r, err := h.endpoints.DescribeRoute(page.Context(c), page.Principal(c), endpointID(c), vpn.RouteID(c.Param("route")), in.edit())
	if page.BelongsInForm(err) {
		return h.renderEdit(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Route to "+views.Destination(r.Destination)+" modified.", views.EndpointPath(r.Endpoint, "routes"))
}
