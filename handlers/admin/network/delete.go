package network

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// DeleteForm asks for confirmation to delete a network.
func (h *Networks) DeleteForm(c echo.Context) error { return h.renderDelete(c, nil) }

func (h *Networks) renderDelete(c echo.Context, refused error) error {
	n, err := h.networks.Network(page.Context(c), page.Principal(c), networkID(c))
	if err != nil {
		return err
	}
	subnets, err := h.networks.Subnets(page.Context(c), page.Principal(c), n.ID, vpn.List{Size: 1, Page: 1})
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Crumbs: append(networkCrumbs[:1:1], parts.Crumb{Label: views.NameOr(n.Name, n.ID), Href: views.NetworkPath(n.ID)}),
		Title:  "Delete network " + views.NameOr(n.Name, n.ID) + "?",
		Text:   "Endpoints can no longer use it. The network itself and its hosts are not changed.",
		Losses: []string{"the network " + string(n.ID) + " with " + views.Prefixes(n.CIDRs)}, Err: page.Refusal(refused),
		Action: views.NetworkPath(n.ID, "delete"), Cancel: views.NetworkPath(n.ID), Button: "Delete",
	}
	if subnets.Total > 0 {
		confirm.Blocked = "This network cannot be deleted while it has subnets."
		confirm.Facts = []parts.Pair{{Label: "Subnets", Value: parts.Count(subnets.Total, "subnet"), Href: views.NetworkPath(n.ID), Help: "Delete the subnets first."}}
	}
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, "Delete network", "networks"), confirm))
}

// Delete deletes a network.
func (h *Networks) Delete(c echo.Context) error {
	deleted, err := h.networks.Network(page.Context(c), page.Principal(c), networkID(c))
	if err != nil {
		return err
	}
	err = h.networks.DeleteNetwork(page.Context(c), page.Principal(c), networkID(c))
	if page.BelongsInForm(err) {
		return h.renderDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Network "+views.NameOr(deleted.Name, deleted.ID)+" deleted.", "/networks")
}

// several are the networks that a request chooses.
func (h *Networks) several(c echo.Context) (page.Several, []vpn.NetworkID, error) {
	ids := page.Picked[vpn.NetworkID](c)
	rows, err := page.RowsByID(ids, func(id vpn.NetworkID) (string, error) {
		n, err := h.networks.Network(page.Context(c), page.Principal(c), id)
		return views.NameOr(n.Name, id) + " (" + views.Prefixes(n.CIDRs) + ")", err
	})
	return page.Several{
		Crumbs: networkCrumbs,
		Title:  "Delete " + parts.Count(len(rows), "network") + "?",
		Text:   "Endpoints can no longer use them. The networks themselves and their hosts are not changed. A network that has subnets stays.",
		Rows:   rows,
		Button: "Delete networks", Section: "networks", Path: "/networks/delete", List: "/networks",
	}, ids, err
}

// DeleteSeveralForm asks for confirmation to delete several networks.
func (h *Networks) DeleteSeveralForm(c echo.Context) error {
	return page.AskSeveral(h.pages, c, h.several)
}

// DeleteSeveral deletes several networks. Each is a change of its own.
func (h *Networks) DeleteSeveral(c echo.Context) error {
	return page.ActOnSeveral(h.pages, c, h.several, page.OneByOne(func(id vpn.NetworkID) error {
		return h.networks.DeleteNetwork(page.Context(c), page.Principal(c), id)
	}), func(n int) string { return parts.Count(n, "network") + " deleted." })
}
