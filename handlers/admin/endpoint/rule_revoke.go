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

// RevokeForm asks for confirmation to remove an authorization rule.
func (h *Rules) RevokeForm(c echo.Context) error {
	preview, err := h.endpoints.RevokePreview(page.Context(c), page.Principal(c), endpointID(c), vpn.RuleID(c.Param("rule")))
	if err != nil {
		return err
	}
	crumbs, err := h.crumbs(c, "rules")
	if err != nil {
		return err
	}
	r := preview.Rule
	loss := "the rule that grants " + r.Grantee() + " access to " + views.Destination(r.Destination)
	if r.Description != "" {
		loss += " (" + r.Description + ")"
	}
	return page.Render(c, http.StatusOK, views.ConfirmPage(h.pages.Chrome(c, "Remove authorization rule", "endpoints"), parts.Confirm{
		Crumbs: crumbs,
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

// several are the authorization rules that a request chooses.
func (h *Rules) several(c echo.Context) (page.Several, []vpn.RuleID, error) {
	ids := page.Picked[vpn.RuleID](c)
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return page.Several{}, nil, err
	}
	rules, err := h.endpoints.RulesNamed(page.Context(c), page.Principal(c), endpointID(c), ids)
	return page.Several{
		Crumbs: endpointCrumbs(view.Endpoint, "rules"),
		Title:  "Remove " + parts.Count(len(rules), "authorization rule") + "?",
		Text:   "For each destination the next wider rule decides then; without one it is denied. The change takes effect at once, for running transfers as well.",
		Rows: page.RowsOf(rules, func(r vpn.RuleStatus) page.Row {
			return page.Row{ID: string(r.ID), Name: views.Destination(r.Destination) + " for " + r.Grantee()}
		}),
		People: connectedNow(view.Connections), Button: "Remove authorization rules", Section: "endpoints",
		Path: views.EndpointPath(endpointID(c), "rules", "delete"), List: views.EndpointPath(endpointID(c), "rules"),
	}, ids, err
}

// RevokeSeveralForm asks for confirmation to remove several authorization rules.
func (h *Rules) RevokeSeveralForm(c echo.Context) error {
	return page.AskSeveral(h.pages, c, h.several)
}

// RevokeSeveral removes several authorization rules in one change.
func (h *Rules) RevokeSeveral(c echo.Context) error {
	return page.ActOnSeveral(h.pages, c, h.several, func(ids []vpn.RuleID) (int, []control.RefusedRow, error) {
		return h.endpoints.RevokeSeveral(page.Context(c), page.Principal(c), endpointID(c), ids)
	}, func(n int) string { return parts.Are(n, "authorization rule") + " being removed." })
}
