package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// RuleRevokeForm asks before an authorization rule is removed.
func (h *Console) RuleRevokeForm(c echo.Context) error {
	view, err := h.control.Endpoint(ctx(c), actor(c), endpointID(c))
	if err != nil {
		return err
	}
	r, err := h.control.Rule(ctx(c), actor(c), view.ID, vpn.RuleID(c.Param("rule")))
	if err != nil {
		return err
	}
	loss := "the rule that grants " + r.Grantee() + " access to " + destinationName(r.Destination)
	if r.Description != "" {
		loss += " (" + r.Description + ")"
	}
	return render(c, http.StatusOK, views.ConfirmPage(h.chrome(c, "Remove authorization rule", "endpoints"), parts.Confirm{
		Title:  "Remove authorization rule for " + r.Destination.String() + "?",
		Text:   "Access to the network ends at once, running transfers included, unless another rule that contains it grants it.",
		Losses: []string{loss}, People: connectedNow(view.Connections),
		Action: endpointPath(view.ID, "rules", string(r.ID), "delete"), Cancel: endpointPath(view.ID, "rules"), Button: "Remove authorization rule",
	}))
}

// RuleRevoke removes an authorization rule.
func (h *Console) RuleRevoke(c echo.Context) error {
	if err := h.control.Revoke(ctx(c), actor(c), endpointID(c), vpn.RuleID(c.Param("rule"))); err != nil {
		return err // it was removed meanwhile: there is nothing left to confirm
	}
	return h.done(c, "The authorization rule is being removed.", endpointPath(endpointID(c), "rules"))
}
