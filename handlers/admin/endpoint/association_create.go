package endpoint

import (
	"cmp"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type associationInput struct {
	Network string `form:"network"`
	Subnet  string `form:"subnet"`
}

func (in associationInput) form(choices endpoint.AssociationChoices) parts.Form {
	networks := []parts.Option{{Label: "The network of the subnet"}}
	if len(choices.Networks) == 1 {
		networks = nil
		in.Network = string(choices.Networks[0].ID)
	}
	names := map[vpn.NetworkID]string{}
	for _, n := range choices.Networks {
		names[n.ID] = n.Name
		networks = append(networks, parts.Option{Value: string(n.ID), Label: n.Label()})
	}
	subnets := []parts.Option{{Label: "Choose a subnet"}}
	for _, s := range choices.Subnets {
		if in.Network != "" && string(s.Network) != in.Network {
			continue
		}
		o := parts.Option{Value: string(s.ID), Label: s.Label() + ", " + s.CIDR.String() + ", " + s.Zone, Disabled: choices.Taken[s.ID] != ""}
		if len(choices.Networks) > 1 {
			o.Label = names[s.Network] + ": " + o.Label
		}
		if o.Disabled {
			o.Label += " (cannot be chosen)"
		}
		subnets = append(subnets, o)
	}
	id := choices.Endpoint.ID
	return parts.Form{
		Action: views.EndpointPath(id, "associations", "new"), Submit: "Associate target network", Cancel: views.EndpointPath(id, "associations"),
		Fields: []parts.Field{
			{Name: "network", Label: "VPC (network)", Type: "select", Value: in.Network, Options: networks, Required: true,
				Help: "The network in which the subnet is located. All target networks of an endpoint must be in the same network."},
			{Name: "subnet", Label: "Choose a subnet to associate", Type: "select", Value: in.Subnet, Options: subnets, Required: true,
				Help: "It must not overlap with the client CIDR, and each target network must be in a different availability zone."},
		},
	}
}

// refusedSubnets lists the subnets that cannot be chosen, with the reasons.
func (in associationInput) refusedSubnets(choices endpoint.AssociationChoices) []string {
	var out []string
	for _, s := range choices.Subnets {
		if why := choices.Taken[s.ID]; why != "" && (in.Network == "" || in.Network == string(s.Network)) {
			out = append(out, cmp.Or(s.Name, string(s.ID))+": "+why)
		}
	}
	return out
}

// finder searches the networks, or the subnets if a network is chosen.
func (in associationInput) finder(c echo.Context, choices endpoint.AssociationChoices) *parts.Finder {
	path := views.EndpointPath(choices.Endpoint.ID, "associations", "new")
	network := in.Network
	if choices.Endpoint.Network != "" {
		network = string(choices.Endpoint.Network)
	}
	switch {
	case network != "":
		return page.Finder(c, path, "subnets", choices.MoreSubnets, parts.Hidden{Name: "network", Value: network})
	case choices.MoreSubnets && !choices.MoreNetworks && page.Find(c) == "":
		return &parts.Finder{Path: path, Label: "Search networks",
			Text: "There are more subnets than the form below can list. Choose the VPC below and show only its subnets, or search for the VPC first."}
	default:
		return page.Finder(c, path, "networks", choices.MoreNetworks)
	}
}

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
		Form: in.form(choices), Refused: in.refusedSubnets(choices), Finder: in.finder(c, choices),
	}
	if len(choices.Networks) > 1 || choices.MoreNetworks {
		v.Narrow = views.EndpointPath(choices.Endpoint.ID, "associations", "new")
	}
	switch {
	case v.Finder != nil: // there are more than the form can list
	case len(choices.Networks) == 0:
		v.Notice = &views.Notice{Tone: "info", Title: "There is no network yet",
			Text:   "A target network is a subnet of a network. Create the network first, then a subnet in it.",
			Action: parts.Button{Label: "Create network", Href: "/networks/new", Tone: "primary"}}
	case len(choices.Subnets) == 0:
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
	return h.renderNew(c, associationInput{Network: c.QueryParam("network"), Subnet: c.QueryParam("subnet")}, nil)
}

// Create associates a target network.
func (h *Associations) Create(c echo.Context) error {
	var in associationInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	a, err := h.endpoints.Associate(page.Context(c), page.Principal(c), endpointID(c), vpn.NetworkID(in.Network), vpn.SubnetID(in.Subnet))
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Target network "+string(a.Subnet)+" is being associated.", views.EndpointPath(a.Endpoint, "associations"))
}
