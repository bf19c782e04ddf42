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
	err := h.networks.DeleteNetwork(page.Context(c), page.Principal(c), networkID(c))
	if page.BelongsInForm(err) {
		return h.renderDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Network "+string(networkID(c))+" deleted.", "/networks")
}
