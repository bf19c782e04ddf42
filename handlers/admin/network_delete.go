package admin

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// NetworkDeleteForm asks before a network is deleted.
func (h *Console) NetworkDeleteForm(c echo.Context) error { return h.drawNetworkDelete(c, nil) }

func (h *Console) drawNetworkDelete(c echo.Context, refused error) error {
	n, err := h.networks.Network(ctx(c), principal(c), networkID(c))
	if err != nil {
		return err
	}
	subnets, err := h.networks.Subnets(ctx(c), principal(c), n.ID, vpn.List{Size: 1, Page: 1})
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Title:  "Delete network " + views.NameOr(n.Name, n.ID) + "?",
		Text:   "Endpoints can no longer use it. The network itself and its hosts are not changed.",
		Losses: []string{"the network " + string(n.ID) + " with " + views.Prefixes(n.CIDRs)}, Err: refusal(refused),
		Action: views.NetworkPath(n.ID, "delete"), Cancel: views.NetworkPath(n.ID), Button: "Delete",
	}
	if subnets.Total > 0 {
		confirm.Blocked = "This network cannot be deleted while it has subnets."
		confirm.Facts = []parts.Pair{{Label: "Subnets", Value: parts.Count(subnets.Total, "subnet"), Href: views.NetworkPath(n.ID), Help: "Delete the subnets first."}}
	}
	return renderForm(c, refused, views.ConfirmPage(h.chrome(c, "Delete network", "networks"), confirm))
}

// NetworkDelete deletes a network.
func (h *Console) NetworkDelete(c echo.Context) error {
	err := h.networks.DeleteNetwork(ctx(c), principal(c), networkID(c))
	if belongsInForm(err) {
		return h.drawNetworkDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, "Network "+string(networkID(c))+" deleted.", "/networks")
}
