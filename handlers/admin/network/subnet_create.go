package network

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type subnetInput struct {
	Name string `form:"name"`
	CIDR string `form:"cidr"`
	Zone string `form:"zone"`
}

func (in subnetInput) form(n vpn.Network) parts.Form {
	return parts.Form{
		Action: views.NetworkPath(n.ID, "subnets", "new"), Submit: "Create subnet", Cancel: views.NetworkPath(n.ID),
		Fields: []parts.Field{
			{Name: "name", Label: "Name", Value: in.Name, Autocomplete: "off", Focus: true},
			{Name: "cidr", Label: "IPv4 CIDR", Value: in.CIDR, Required: true, Mono: true, Placeholder: "10.0.0.0/24", Autocomplete: "off",
				Help: "A range inside the network (" + views.Prefixes(n.CIDRs) + "), at least a /27, that does not overlap with other subnets."},
			{Name: "zone", Label: "Availability zone", Value: in.Zone, Required: true, Mono: true, Placeholder: "zone-a", Autocomplete: "off",
				Help: "A name of your choice for the location of the subnet. An endpoint has at most one target network in each zone."},
		},
	}
}

func (h *Subnets) renderNew(c echo.Context, in subnetInput, refused error) error {
	n, err := h.networks.Network(page.Context(c), page.Principal(c), networkID(c))
	if err != nil {
		return err
	}
	form := in.form(n)
	page.Fail(&form, refused)
	head := parts.Header{
		Crumbs: []parts.Crumb{{Label: "Networks", Href: "/networks"}, {Label: views.NameOr(n.Name, n.ID), Href: views.NetworkPath(n.ID)}},
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
	s, err := h.networks.CreateSubnet(page.Context(c), page.Principal(c), networkID(c), vpn.SubnetSpec{Name: in.Name, CIDR: in.CIDR, Zone: in.Zone})
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Subnet "+views.NameOr(s.Name, s.ID)+" created.", views.NetworkPath(s.Network))
}
