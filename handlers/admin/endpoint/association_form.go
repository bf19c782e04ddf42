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
	Network    string `form:"network"`
	Subnet     string `form:"subnet"`
	CopyRoutes string `form:"copy_routes"` // an association; copyNothing; empty: nothing is chosen
}

// copyNothing is the choice of the form that no routes are copied.
const copyNothing = "none"

// copyRoutes is the association whose routes are copied; "" for none.
func (in associationInput) copyRoutes() string {
	if in.CopyRoutes == copyNothing {
		return ""
	}
	return in.CopyRoutes
}

// copyField offers the routes of the other target networks. There is none where they have no routes of their own.
func (in associationInput) copyField(choices endpoint.AssociationChoices) []parts.Field {
	var options []parts.Option
	for _, a := range choices.Present {
		if a.Routes == 0 {
			continue
		}
		label := "Copy the " + parts.Count(a.Routes, "route") + " of " + views.NameOr(a.SubnetName, a.Subnet)
		if len(options) == 0 {
			label += " (recommended)"
		}
		options = append(options, parts.Option{Value: string(a.ID), Label: label})
	}
	if len(options) == 0 {
		return nil
	}
	options = append(options, parts.Option{Value: copyNothing, Label: "Copy no routes"})
	if in.CopyRoutes == "" {
		in.CopyRoutes = options[0].Value
	}
	return []parts.Field{{Section: sectionTarget, Name: "copy_routes", Label: "Routes", Type: "select", Value: in.CopyRoutes, Options: options, Required: true,
		Help: "The routes to the network itself are added in any case. Other routes belong to one target network: without a copy of them, the sessions of this one do not reach their destinations."}}
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
	var free []string
	for _, s := range choices.Subnets {
		if in.Network != "" && string(s.Network) != in.Network {
			continue
		}
		o := parts.Option{Value: string(s.ID), Label: s.Label() + ", " + s.CIDR.String() + ", " + s.Zone, Disabled: choices.Taken[s.ID] != ""}
		if len(choices.Networks) > 1 {
			o.Label = names[s.Network] + ": " + o.Label
		}
		if way := choices.Ways[s.CIDR]; way.Known() {
			o.Label += ", " + views.ReachedBy(way)
		}
		if o.Disabled {
			o.Label += " (cannot be chosen)"
		} else {
			free = append(free, o.Value)
		}
		subnets = append(subnets, o)
	}
	if in.Subnet == "" && len(free) == 1 && !choices.MoreSubnets {
		in.Subnet = free[0]
	}
	id := choices.Endpoint.ID
	return parts.Form{
		Action: views.EndpointPath(id, "associations", "new"), Submit: "Associate target network", Cancel: views.EndpointPath(id, "associations"),
		Sections: []parts.Section{{Title: sectionTarget}},
		Fields: append([]parts.Field{
			{Section: sectionTarget, Name: "network", Label: "Network (VPC)", Type: "select", Value: in.Network, Options: networks, Required: true,
				Help: "The network in which the subnet is located. All target networks of an endpoint must be in the same network."},
			{Section: sectionTarget, Name: "subnet", Label: "Choose a subnet to associate", Type: "select", Value: in.Subnet, Options: subnets, Required: true,
				Help: subnetHelp(choices)},
		}, in.copyField(choices)...),
	}
}

func subnetHelp(choices endpoint.AssociationChoices) string {
	help := "It must not overlap with the client CIDR, and each target network must be in a different availability zone."
	if choices.WaysUnknown != "" && len(choices.Subnets) > 0 {
		help += " By which way this host reaches the subnets is not known: " + choices.WaysUnknown
	}
	return help
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

// subnetWays lists the subnets that can be chosen with the ways by which the host reaches them, where it tells.
func (in associationInput) subnetWays(choices endpoint.AssociationChoices) (out []vpn.SubnetStatus) {
	for _, s := range choices.Subnets {
		if way := choices.Ways[s.CIDR]; way.Known() && choices.Taken[s.ID] == "" && (in.Network == "" || in.Network == string(s.Network)) {
			out = append(out, vpn.SubnetStatus{Subnet: s, Way: way})
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
			Text: "There are more subnets than the form below can list. Choose the network below and show only its subnets, or search for the network first."}
	default:
		return page.Finder(c, path, "networks", choices.MoreNetworks)
	}
}
