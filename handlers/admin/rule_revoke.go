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
	preview, err := h.endpoints.RevokePreview(ctx(c), principal(c), endpointID(c), vpn.RuleID(c.Param("rule")))
	if err != nil {
		return err
	}
	r := preview.Rule
	loss := "the rule that grants " + r.Grantee() + " access to " + views.Destination(r.Destination)
	if r.Description != "" {
		loss += " (" + r.Description + ")"
	}
	return render(c, http.StatusOK, views.ConfirmPage(h.chrome(c, "Remove authorization rule", "endpoints"), parts.Confirm{
		Title:  "Remove authorization rule for " + r.Destination.String() + "?",
		Text:   preview.After.Message() + " The change takes effect at once, for running transfers as well.",
		Losses: []string{loss}, People: connectedNow(preview.Connections),
		Action: views.EndpointPath(r.Endpoint, "rules", string(r.ID), "delete"), Cancel: views.EndpointPath(r.Endpoint, "rules"), Button: "Remove authorization rule",
	}))
}

// RuleRevoke removes an authorization rule.
func (h *Console) RuleRevoke(c echo.Context) error {
	if err := h.endpoints.Revoke(ctx(c), principal(c), endpointID(c), vpn.RuleID(c.Param("rule"))); err != nil {
		return err // it was removed meanwhile: there is nothing left to confirm
	}
	return h.done(c, "The authorization rule is being removed.", views.EndpointPath(endpointID(c), "rules"))
}
