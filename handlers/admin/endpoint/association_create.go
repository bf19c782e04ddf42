package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Associations) renderNew(c echo.Context, in associationInput, refused error) error {
	choices, err := h.endpoints.AssociationChoices(page.Context(c), page.Principal(c), endpointID(c), endpoint.AssociationSearch{
		Network: vpn.NetworkID(in.Network), Find: page.Find(c), Keep: vpn.SubnetID(in.Subnet),
	})
	if err != nil {
		return err
	}
	v := views.AssociationForm{
		Header: parts.Header{Crumbs: endpointCrumbs(choices.Endpoint, "associations"), Title: "Associate target network",
			Note: "Client CIDR " + choices.Endpoint.ClientCIDR.String() + "."},
		Form: in.form(choices), Refused: in.refusedSubnets(choices), Ways: in.subnetWays(choices), Finder: in.finder(c, choices),
	}
	if len(choices.Networks) > 1 || choices.MoreNetworks {
		v.Narrow = views.EndpointPath(choices.Endpoint.ID, "associations", "new")
	}
	switch {
	case v.Finder != nil: // there are more than the form can list
	case refused != nil: // the form says why
	case len(choices.Networks) == 0:
		v.Notice = &views.Notice{Tone: "info", Title: "There is no network yet",
			Text:   "A target network is a subnet of a network. Create the network first, then a subnet in it.",
			Action: parts.Button{Label: "Create network", Href: "/networks/new", Tone: "primary"}}
	case len(choices.Subnets) == 0 && (in.Network == "" || len(choices.Networks) == 1): // else another network can be chosen
		v.Notice = &views.Notice{Tone: "info", Title: "There is no subnet yet",
			Text:   "Create a subnet in the network, then come back to associate it.",
			Action: parts.Button{Label: "Create subnet", Href: views.NetworkPath(choices.Networks[0].ID, "subnets", "new"), Tone: "primary"}}
	}
	page.Fail(&v.Form, refused)
	v.Chrome = h.pages.Chrome(c, "Associate target network", "endpoints")
	return page.RenderForm(c, refused, views.AssociationFormPage(v))
}

// New shows the form for an association. The query parameter network narrows the subnets.
func (h *Associations) New(c echo.Context) error {
	return h.renderNew(c, associationInput{Network: c.QueryParam("network"), Subnet: c.QueryParam("subnet"), CopyRoutes: c.QueryParam("copy_routes")}, nil)
}

// Create associates a target network.
func (h *Associations) Create(c echo.Context) error {
	var in associationInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	a, err := h.endpoints.Associate(page.Context(c), page.Principal(c), endpointID(c), endpoint.AssociationSpec{
		Network: vpn.NetworkID(in.Network), Subnet: vpn.SubnetID(in.Subnet), CopyRoutesOf: vpn.AssociationID(in.copyRoutes()),
	})
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	text := "Target network " + views.NameOr(a.Name, a.Subnet) + " is being associated."
	if a.Copied > 0 {
		text += " " + parts.Count(a.Copied, "route") + parts.YesNo(a.Copied == 1, " was", " were") + " copied."
	}
	return h.pages.Done(c, text, views.EndpointPath(a.Endpoint, "associations"), page.Next{Label: "Authorize who reaches it", Href: views.EndpointPath(a.Endpoint, "rules", "new")})
}
