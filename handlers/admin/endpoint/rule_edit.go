package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Rules) renderEdit(c echo.Context, typed *descriptionInput, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	r, err := h.endpoints.Rule(page.Context(c), page.Principal(c), view.ID, vpn.RuleID(c.Param("rule")))
	if err != nil {
		return err
	}
	form := descriptionForm(typed, r.Description, refused, "Modify authorization rule", views.EndpointPath(view.ID, "rules"),
		parts.Field{Name: "destination", Label: "Destination network to enable access", Type: "fact", Value: views.Destination(r.Destination)},
		parts.Field{Name: "access", Label: "Grant access to", Type: "fact", Value: r.Grantee(), Help: "To change the destination or the access, add another rule and remove this one."})
	form.Action = views.EndpointPath(view.ID, "rules", string(r.ID), "edit")
	return renderDescription(c, refused, views.FormPage{
		Chrome: h.pages.Chrome(c, "Modify authorization rule", "endpoints"), Form: form,
		Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, "rules"), Title: "Modify authorization rule for " + views.Destination(r.Destination)},
	})
}

// EditForm shows the form that modifies an authorization rule.
func (h *Rules) EditForm(c echo.Context) error { return h.renderEdit(c, nil, nil) }

// Edit changes the description of an authorization rule.
func (h *Rules) Edit(c echo.Context) error {
	var in descriptionInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	r, err := h.endpoints.DescribeRule(page.Context(c), page.Principal(c), endpointID(c), vpn.RuleID(c.Param("rule")), in.edit())
	if page.BelongsInForm(err) {
		return h.renderEdit(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Authorization rule for "+views.Destination(r.Destination)+" modified.", views.EndpointPath(r.Endpoint, "rules"))
}
