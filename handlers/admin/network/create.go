package network

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Networks) renderNew(c echo.Context, in networkInput, refused error) error {
	form := in.form("")
	form.Action, form.Submit, form.Cancel = "/networks/new", "Create network", "/networks"
	page.Fail(&form, refused)
	return page.RenderForm(c, refused, views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Create network", "networks"), Form: form,
		Header: parts.Header{Crumbs: networkCrumbs, Title: "Create network",
			Note: "A private network that this host can route to. It corresponds to a VPC of AWS Client VPN."},
	}))
}

// New shows the form for a network.
func (h *Networks) New(c echo.Context) error { return h.renderNew(c, networkInput{}, nil) }

// Create creates a network.
func (h *Networks) Create(c echo.Context) error {
	var in networkInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if in.Rearrange() {
		return h.renderNew(c, in, nil)
	}
	n, err := h.networks.CreateNetwork(page.Context(c), page.Principal(c), vpn.NetworkSpec{Name: in.Name, Description: in.Description, CIDRs: in.CIDRs, Tags: in.Tags()})
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Network "+n.Name+" created.", views.NetworkPath(n.ID), page.Next{Label: "Create a subnet in it", Href: views.NetworkPath(n.ID, "subnets", "new")})
}
