package admin

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func deleteEndpointConfirm(v endpoint.View) parts.Confirm {
	confirm := parts.Confirm{
		Title: "Delete Client VPN endpoint " + views.NameOr(v.Name, v.ID) + "?",
		Text:  "Clients can no longer connect to it, and the configuration files that users have stop working. This cannot be undone.",
		Losses: []string{
			"the endpoint " + string(v.ID) + " with its client range " + v.ClientCIDR.String(),
			"its authorization rules, routes and tags",
			"the shared key inside its configuration files",
		},
		People: connectedNow(v.Connections),
		Action: views.EndpointPath(v.ID, "delete"), Cancel: views.EndpointPath(v.ID), Button: "Delete", Typed: "delete",
	}
	n := 0
	for _, a := range v.Associations {
		if a.Removed == 0 {
			n++
		}
	}
	if n > 0 {
		confirm.Blocked = "This endpoint cannot be deleted while it has an associated target network."
		confirm.Facts = []parts.Pair{{
			Label: "Target network associations", Value: parts.Count(n, "association"), Href: views.EndpointPath(v.ID, "associations"),
			Help: "Disassociate all target networks before you delete the endpoint.",
		}}
	}
	if v.Deleting {
		confirm.Blocked = "This endpoint is being deleted already."
	}
	return confirm
}

// connectedNow says how many people something would reach.
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

// EndpointDeleteForm asks before an endpoint is deleted.
func (h *Console) EndpointDeleteForm(c echo.Context) error { return h.drawEndpointDelete(c, nil) }

func (h *Console) drawEndpointDelete(c echo.Context, refused error) error {
	view, err := h.endpoints.Endpoint(ctx(c), principal(c), endpointID(c))
	if err != nil {
		return err
	}
	confirm := deleteEndpointConfirm(view)
	confirm.Err, confirm.TypedErr = refusal(refused), vpn.FieldsOf(refused)["confirm"]
	return renderForm(c, refused, views.ConfirmPage(h.chrome(c, "Delete Client VPN endpoint", "endpoints"), confirm))
}

type confirmInput struct {
	Confirm string `form:"confirm"`
}

// EndpointDelete begins the end of an endpoint.
func (h *Console) EndpointDelete(c echo.Context) error {
	var in confirmInput
	if err := bind(c, &in); err != nil {
		return err
	}
	err := h.endpoints.DeleteEndpoint(ctx(c), principal(c), endpointID(c), in.Confirm)
	if belongsInForm(err) {
		return h.drawEndpointDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, "Client VPN endpoint "+string(endpointID(c))+" is being deleted.", "/endpoints")
}
