package network

import (
	"github.com/labstack/echo/v4"

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
	n, err := h.networks.Network(page.Context(c), page.Principal(c), s.Network)
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Crumbs: append(networkCrumbs[:1:1], parts.Crumb{Label: views.NameOr(n.Name, n.ID), Href: views.NetworkPath(n.ID)}),
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
	rows, err := page.RowsByID(ids, func(id vpn.SubnetID) (string, error) {
		s, err := h.networks.Subnet(page.Context(c), page.Principal(c), id)
		return views.NameOr(s.Name, id) + " (" + s.CIDR.String() + ", " + s.Zone + ")", err
	})
	if err != nil {
		return page.Several{}, nil, err
	}
	n, err := h.networks.Network(page.Context(c), page.Principal(c), networkID(c))
	return page.Several{
		Crumbs: below(n),
		Title:  "Delete " + parts.Count(len(rows), "subnet") + "?",
		Text:   "They can no longer be associated with an endpoint. The hosts in them are not changed.",
		Rows:   rows,
		Button: "Delete subnets", Section: "networks", Path: views.NetworkPath(networkID(c), "subnets", "delete"), List: views.NetworkPath(networkID(c)),
	}, ids, err
}

// DeleteSeveralForm asks for confirmation to delete several subnets.
func (h *Subnets) DeleteSeveralForm(c echo.Context) error {
	if _, err := h.networks.Network(page.Context(c), page.Principal(c), networkID(c)); err != nil {
		return err
	}
	return page.AskSeveral(h.pages, c, h.several)
}

// DeleteSeveral deletes several subnets. Each is a change of its own.
func (h *Subnets) DeleteSeveral(c echo.Context) error {
	return page.ActOnSeveral(h.pages, c, h.several, page.OneByOne(func(id vpn.SubnetID) error {
		_, err := h.networks.DeleteSubnet(page.Context(c), page.Principal(c), id)
		return err
	}), func(n int) string { return parts.Count(n, "subnet") + " deleted." })
}
