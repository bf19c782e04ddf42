package network

import (
	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// DeleteForm asks for confirmation to delete a subnet.
func (h *Subnets) DeleteForm(c echo.Context) error { return h.renderDelete(c, nil) }

func (h *Subnets) renderDelete(c echo.Context, refused error) error {
	s, err := h.networks.Subnet(page.Context(c), page.Principal(c), subnetID(c))
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Title:  "Delete subnet " + views.NameOr(s.Name, s.ID) + "?",
		Text:   "It can no longer be associated with an endpoint. The hosts in it are not changed.",
		Losses: []string{"the subnet " + string(s.ID) + " (" + s.CIDR.String() + ", " + s.Zone + ")"}, Err: page.Refusal(refused),
		Action: views.SubnetPath(s.ID, "delete"), Cancel: views.NetworkPath(s.Network), Button: "Delete",
	}
	if len(s.Endpoints) > 0 {
		confirm.Blocked = "This subnet cannot be deleted while it is the target network of an endpoint."
		used := views.FactEndpoints("Target network of", s.Endpoints)
		used.Help = "Disassociate it there first."
		confirm.Facts = []parts.Pair{used}
	}
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, "Delete subnet", "networks"), confirm))
}

// Delete deletes a subnet.
func (h *Subnets) Delete(c echo.Context) error {
	s, err := h.networks.DeleteSubnet(page.Context(c), page.Principal(c), subnetID(c))
	if page.BelongsInForm(err) {
		return h.renderDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Subnet "+views.NameOr(s.Name, s.ID)+" deleted.", views.NetworkPath(s.Network))
}

// several are the subnets that a request chooses.
func (h *Subnets) several(c echo.Context) (page.Several, []vpn.SubnetID, error) {
	ids := page.Picked[vpn.SubnetID](c)
	s := page.Several{
		Text:   "They can no longer be associated with an endpoint. The hosts in them are not changed.",
		Button: "Delete subnets", Section: "networks", Path: views.NetworkPath(networkID(c), "subnets", "delete"), List: views.NetworkPath(networkID(c)),
	}
	for _, id := range ids {
		sub, err := h.networks.Subnet(page.Context(c), page.Principal(c), id)
		switch {
		case err == nil:
			s.Rows = append(s.Rows, page.Row{ID: string(id), Name: views.NameOr(sub.Name, id) + " (" + sub.CIDR.String() + ", " + sub.Zone + ")"})
		case vpn.KindOf(err) != vpn.NotFound:
			return s, nil, err
		}
	}
	s.Title = "Delete " + parts.Count(len(s.Rows), "subnet") + "?"
	return s, ids, nil
}

// DeleteSeveralForm asks for confirmation to delete several subnets.
func (h *Subnets) DeleteSeveralForm(c echo.Context) error {
	if _, err := h.networks.Network(page.Context(c), page.Principal(c), networkID(c)); err != nil {
		return err
	}
	s, _, err := h.several(c)
	if err != nil {
		return err
	}
	return h.pages.ConfirmSeveral(c, s)
}

// DeleteSeveral deletes several subnets. Each is a change of its own.
func (h *Subnets) DeleteSeveral(c echo.Context) error {
	s, ids, err := h.several(c)
	if err != nil {
		return err
	}
	done, refused, err := control.Several(ids, func(id vpn.SubnetID) error {
		_, err := h.networks.DeleteSubnet(page.Context(c), page.Principal(c), id)
		return err
	})
	if err != nil {
		return err
	}
	return h.pages.DoneSeveral(c, s, len(done), parts.Count(len(done), "subnet")+" deleted.", refused)
}
