package admin

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func subnetID(c echo.Context) vpn.SubnetID { return vpn.SubnetID(c.Param("subnet")) }

// SubnetDeleteForm asks before a subnet is deleted.
func (h *Console) SubnetDeleteForm(c echo.Context) error { return h.drawSubnetDelete(c, nil) }

func (h *Console) drawSubnetDelete(c echo.Context, refused error) error {
	s, err := h.networks.Subnet(ctx(c), principal(c), subnetID(c))
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Title:  "Delete subnet " + views.NameOr(s.Name, s.ID) + "?",
		Text:   "It can no longer be associated with an endpoint. The hosts in it are not changed.",
		Losses: []string{"the subnet " + string(s.ID) + " (" + s.CIDR.String() + ", " + s.Zone + ")"}, Err: refusal(refused),
		Action: views.SubnetPath(s.ID, "delete"), Cancel: views.NetworkPath(s.Network), Button: "Delete",
	}
	if len(s.Endpoints) > 0 {
		confirm.Blocked = "This subnet cannot be deleted while it is the target network of an endpoint."
		used := views.FactEndpoints("Target network of", s.Endpoints)
		used.Help = "Disassociate it there first."
		confirm.Facts = []parts.Pair{used}
	}
	return renderForm(c, refused, views.ConfirmPage(h.chrome(c, "Delete subnet", "networks"), confirm))
}

// SubnetDelete deletes a subnet.
func (h *Console) SubnetDelete(c echo.Context) error {
	s, err := h.networks.DeleteSubnet(ctx(c), principal(c), subnetID(c))
	if belongsInForm(err) {
		return h.drawSubnetDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, "Subnet "+views.NameOr(s.Name, s.ID)+" deleted.", views.NetworkPath(s.Network))
}
