package endpoint

import (
	"net/url"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func deleteEndpointConfirm(v endpoint.View) parts.Confirm {
	confirm := parts.Confirm{
		Crumbs: endpointCrumbs(v.Endpoint, ""),
		Title:  "Delete Client VPN endpoint " + views.NameOr(v.Name, v.ID) + "?",
		Text:   "Clients can no longer connect to it, and the configuration files that users have stop working. This cannot be undone.",
		Losses: []string{
			"the endpoint " + string(v.ID) + " with its client range " + v.ClientCIDR.String(),
			"its authorization rules, routes and tags",
			"the shared key inside its configuration files",
		},
		People: connectedNow(v.Connections),
		Action: views.EndpointPath(v.ID, "delete"), Cancel: views.EndpointPath(v.ID), Button: "Delete", Typed: vpn.DeleteWord,
	}
	n, all := 0, url.Values{"return": {views.EndpointPath(v.ID, "delete")}}
	for _, a := range v.Associations {
		if a.Removed == 0 {
			n++
			all.Add(parts.PickName, string(a.ID))
		}
	}
	confirm.Blocked = page.Refusal(v.CheckDelete(n))
	if n > 0 {
		confirm.Facts = []parts.Pair{{
			Label: "Target network associations", Value: parts.Count(n, "association"), Href: views.EndpointPath(v.ID, "associations"),
			Help: "Disassociate all target networks before you delete the endpoint.",
		}, {
			Label: "To do that", Value: "Disassociate all of them", Href: views.EndpointPath(v.ID, "associations", "delete") + "?" + all.Encode(),
		}}
	}
	return confirm
}

// connectedNow says how many clients are connected.
func connectedNow(n int) string {
	switch n {
	case 0:
		return "No client is connected at this moment."
	case 1:
		return "1 client is connected at this moment."
	default:
		return parts.Number(n) + " clients are connected at this moment."
	}
}

// DeleteForm asks for confirmation to delete an endpoint.
func (h *Endpoints) DeleteForm(c echo.Context) error { return h.renderDelete(c, nil) }

func (h *Endpoints) renderDelete(c echo.Context, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	confirm := deleteEndpointConfirm(view)
	confirm.Err, confirm.TypedErr = page.Refusal(refused), vpn.FieldsOf(refused)["confirm"]
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, "Delete Client VPN endpoint", "endpoints"), confirm))
}

type confirmInput struct {
	Confirm string `form:"confirm"`
}

// Delete starts to delete an endpoint.
func (h *Endpoints) Delete(c echo.Context) error {
	var in confirmInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	deleted, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	err = h.endpoints.DeleteEndpoint(page.Context(c), page.Principal(c), endpointID(c), in.Confirm)
	if page.BelongsInForm(err) {
		return h.renderDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Client VPN endpoint "+views.NameOr(deleted.Name, deleted.ID)+" is being deleted.", "/endpoints")
}
