package endpoint

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// RevokeForm asks for confirmation to remove an authorization rule.
func (h *Rules) RevokeForm(c echo.Context) error {
	preview, err := h.endpoints.RevokePreview(page.Context(c), page.Principal(c), endpointID(c), vpn.RuleID(c.Param("rule")))
	if err != nil {
		return err
	}
	r := preview.Rule
	loss := "the rule that grants " + r.Grantee() + " access to " + views.Destination(r.Destination)
	if r.Description != "" {
		loss += " (" + r.Description + ")"
	}
	return page.Render(c, http.StatusOK, views.ConfirmPage(h.pages.Chrome(c, "Remove authorization rule", "endpoints"), parts.Confirm{
		Title:  "Remove authorization rule for " + r.Destination.String() + "?",
		Text:   preview.After.Message() + " The change takes effect at once, for running transfers as well.",
		Losses: []string{loss}, People: connectedNow(preview.Connections),
		Action: views.EndpointPath(r.Endpoint, "rules", string(r.ID), "delete"), Cancel: views.EndpointPath(r.Endpoint, "rules"), Button: "Remove authorization rule",
	}))
}

// Revoke removes an authorization rule.
func (h *Rules) Revoke(c echo.Context) error {
	if err := h.endpoints.Revoke(page.Context(c), page.Principal(c), endpointID(c), vpn.RuleID(c.Param("rule"))); err != nil {
		return err // there is no form to return to: the rule is gone
	}
	return h.pages.Done(c, "The authorization rule is being removed.", views.EndpointPath(endpointID(c), "rules"))
}
