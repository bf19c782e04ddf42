package admin

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func associationID(c echo.Context) vpn.AssociationID {
	return vpn.AssociationID(c.Param("association"))
}

func disassociateConfirm(id vpn.EndpointID, d endpoint.Disassociation) parts.Confirm {
	a := d.Association
	confirm := parts.Confirm{
		Title: "Disassociate target network " + views.NameOr(a.SubnetName, a.Subnet) + "?",
		Text:  "Its routes are removed from the route table, and clients no longer reach the network through it.",
		Losses: []string{
			"the association " + string(a.ID) + " with subnet " + string(a.Subnet) + " (" + a.CIDR.String() + ", " + a.Zone + ")",
		},
		People: connectedNow(d.Connections),
		Action: views.EndpointPath(id, "associations", string(a.ID), "delete"), Cancel: views.EndpointPath(id, "associations"),
		Button: "Disassociate target network",
	}
	for _, r := range d.Routes {
		loss := "the route to " + r.Destination.String()
		if r.Origin == vpn.OriginAssociate {
			loss += " (added automatically)"
		} else if r.Description != "" {
			loss += " (" + r.Description + ")"
		}
		confirm.Losses = append(confirm.Losses, loss)
	}
	if d.Last {
		confirm.Text = "This is the last one: the endpoint becomes pending-associate, all its sessions end, and clients cannot connect until a target network is associated. " + confirm.Text
	}
	return confirm
}

func (h *Console) drawDisassociate(c echo.Context, refused error) error {
	d, err := h.endpoints.DisassociatePreview(ctx(c), principal(c), endpointID(c), associationID(c))
	if err != nil {
		return err
	}
	confirm := disassociateConfirm(endpointID(c), d)
	confirm.Err = refusal(refused)
	return renderForm(c, refused, views.ConfirmPage(h.chrome(c, "Disassociate target network", "endpoints"), confirm))
}

// AssociationRemoveForm asks before a target network is disassociated.
func (h *Console) AssociationRemoveForm(c echo.Context) error { return h.drawDisassociate(c, nil) }

// AssociationRemove disassociates a target network.
func (h *Console) AssociationRemove(c echo.Context) error {
	if err := h.endpoints.Disassociate(ctx(c), principal(c), endpointID(c), associationID(c)); err != nil {
		return err // it was disassociated meanwhile: there is nothing left to confirm
	}
	return h.done(c, "The target network is being disassociated.", views.EndpointPath(endpointID(c), "associations"))
}
