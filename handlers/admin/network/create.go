package network

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// networkCrumbs are the breadcrumbs of the pages about one network.
var networkCrumbs = []parts.Crumb{{Label: "Networks", Href: "/networks"}}

type networkInput struct {
	Name  string `form:"name"`
	CIDRs string `form:"cidrs"`

	page.TagInput
}

func (in networkInput) form() parts.Form {
	return parts.Form{
		Action: "/networks/new", Submit: "Create network", Cancel: "/networks",
		Fields: []parts.Field{
			{Name: "name", Label: "Name", Value: in.Name, Required: true, Autocomplete: "off", Focus: !in.Rearranged()},
			{Name: "cidrs", Label: "IPv4 CIDRs", Type: "textarea", Rows: 3, Value: in.CIDRs, Required: true, Mono: true, Placeholder: "10.0.0.0/16",
				Help: "The network's address ranges in CIDR notation, one per line, at most five. They must not overlap with each other or with the client CIDR of an endpoint that uses the network."},
			in.Field(),
		},
		Sections: []parts.Section{{Title: "Tags"}},
	}
}

func networkHeader() parts.Header {
	return parts.Header{Crumbs: networkCrumbs, Title: "Create network",
		Note: "A private network that this host can route to. It corresponds to a VPC of AWS Client VPN."}
}

func (h *Networks) renderNew(c echo.Context, in networkInput, refused error) error {
	form := in.form()
	page.Fail(&form, refused)
	return page.RenderForm(c, refused, views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Create network", "networks"), Header: networkHeader(), Form: form,
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
	n, err := h.networks.CreateNetwork(page.Context(c), page.Principal(c), vpn.NetworkSpec{Name: in.Name, CIDRs: in.CIDRs, Tags: in.Tags()})
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Network "+n.Name+" created. Create a subnet in it next.", views.NetworkPath(n.ID))
}
