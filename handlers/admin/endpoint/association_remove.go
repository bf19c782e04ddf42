package endpoint

import (
	"slices"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
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
		People: moved(d),
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
	if len(d.Others) == 0 {
		confirm.Text = "This is the last one: the endpoint becomes pending-associate, all its sessions end, and clients cannot connect until a target network is associated. " + confirm.Text
	}
	return confirm
}

// moved says how many of the connections a disassociation concerns, and where they lead afterwards.
func moved(d endpoint.Disassociation) string {
	if len(d.Others) == 0 || d.Connections == 0 {
		return connectedNow(d.Connections)
	}
	to := "the other target networks"
	if len(d.Others) == 1 {
		to = views.NameOr(d.Others[0].SubnetName, d.Others[0].Subnet)
	}
	return parts.Number(d.Moved) + " of " + parts.Count(d.Connections, "connection") + parts.YesNo(d.Moved == 1, " moves to ", " move to ") + to + "."
}

func (h *Associations) renderRemove(c echo.Context, refused error) error {
	d, err := h.endpoints.DisassociatePreview(page.Context(c), page.Principal(c), endpointID(c), associationID(c))
	if err != nil {
		return err
	}
	confirm := disassociateConfirm(endpointID(c), d)
	if confirm.Crumbs, err = h.crumbs(c, "associations"); err != nil {
		return err
	}
	confirm.Err = page.Refusal(refused)
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, "Disassociate target network", "endpoints"), confirm))
}

// RemoveForm asks for confirmation to disassociate a target network.
func (h *Associations) RemoveForm(c echo.Context) error { return h.renderRemove(c, nil) }

// Remove disassociates a target network.
func (h *Associations) Remove(c echo.Context) error {
	if err := h.endpoints.Disassociate(page.Context(c), page.Principal(c), endpointID(c), associationID(c)); err != nil {
		return err // there is no form to return to: the association is gone
	}
	return h.pages.Done(c, "The target network is being disassociated.", views.EndpointPath(endpointID(c), "associations"))
}

// several are the associations that a request chooses.
func (h *Associations) several(c echo.Context) (page.Several, []vpn.AssociationID, error) {
	ids := page.Picked[vpn.AssociationID](c)
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	s := page.Several{
		Crumbs: endpointCrumbs(view.Endpoint, "associations"),
		Text:   "Their routes are removed from the route table, and clients no longer reach the network through them.",
		People: connectedNow(view.Connections), Button: "Disassociate target networks", Section: "endpoints",
		Path: views.EndpointPath(endpointID(c), "associations", "delete"), List: views.EndpointPath(endpointID(c), "associations"),
	}
	stay := false
	for _, a := range view.Associations {
		if slices.Contains(ids, a.ID) {
			s.Rows = append(s.Rows, page.Row{ID: string(a.ID), Name: views.NameOr(a.SubnetName, a.Subnet) + " (" + a.CIDR.String() + ", " + a.Zone + ")"})
		} else if a.Removed == 0 {
			stay = true
		}
	}
	s.Title = "Disassociate " + parts.Count(len(s.Rows), "target network") + "?"
	if !stay {
		s.Text = "No target network is left: the endpoint becomes pending-associate, all its sessions end, and clients cannot connect until a target network is associated. " + s.Text
	}
	return s, ids, err
}

// RemoveSeveralForm asks for confirmation to disassociate several target networks.
func (h *Associations) RemoveSeveralForm(c echo.Context) error {
	return page.AskSeveral(h.pages, c, h.several)
}

// RemoveSeveral disassociates several target networks in one change.
func (h *Associations) RemoveSeveral(c echo.Context) error {
	return page.ActOnSeveral(h.pages, c, h.several, func(ids []vpn.AssociationID) (int, []control.RefusedRow, error) {
		return h.endpoints.DisassociateSeveral(page.Context(c), page.Principal(c), endpointID(c), ids)
	}, func(n int) string { return parts.Are(n, "target network") + " being disassociated." })
}
