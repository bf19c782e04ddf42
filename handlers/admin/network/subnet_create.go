package network

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/tutorial"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Subnets) renderNew(c echo.Context, in subnetInput, refused error) error {
	n, err := h.networks.Network(page.Context(c), page.Principal(c), networkID(c))
	if err != nil {
		return err
	}
	form := in.form(n)
	page.Fail(&form, refused)
	head := parts.Header{
		Crumbs: below(n),
		Title:  "Create subnet",
	}
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, "Create subnet", "networks"), Header: head, Form: form}))
}

// New shows the form for a subnet.
func (h *Subnets) New(c echo.Context) error { return h.renderNew(c, subnetInput{}, nil) }

// Create creates a subnet.
func (h *Subnets) Create(c echo.Context) error {
	var in subnetInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if in.Rearrange() {
		return h.renderNew(c, in, nil)
	}
	s, err := h.networks.CreateSubnet(page.Context(c), page.Principal(c), networkID(c), vpn.SubnetSpec{
		Name: in.Name, Description: in.Description, CIDR: in.CIDR, Zone: in.Zone, Tags: in.Tags(),
	})
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	next := h.steps.Next(c, tutorial.Certificates, tutorial.Association, page.Next{Label: "Associate it with a Client VPN endpoint", Href: "/endpoints"})
	return h.pages.Done(c, "Subnet "+views.NameOr(s.Name, s.ID)+" created.", views.NetworkPath(s.Network), next...)
}
