package network

import (
	"strconv"
	"strings"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// subnetInput is a subnet as typed.
type subnetInput struct {
	Version     string `form:"version"`
	Name        string `form:"name"`
	Description string `form:"description"`
	CIDR        string `form:"cidr"`
	Zone        string `form:"zone"`

	page.TagInput
}

// inputOfSubnet is the input as it shows a stored subnet.
func inputOfSubnet(s vpn.Subnet) subnetInput {
	return subnetInput{Version: strconv.Itoa(s.Version), Name: s.Name, Description: s.Description, CIDR: s.CIDR.String(), Zone: s.Zone, TagInput: page.TagsTyped(s.Tags)}
}

// form asks for a new subnet of a network.
func (in subnetInput) form(n vpn.Network) parts.Form {
	f := in.details(
		parts.Field{Name: "cidr", Label: "IPv4 CIDR", Value: in.CIDR, Required: true, Mono: true, Placeholder: "10.0.0.0/24", Autocomplete: "off",
			Help: "A range inside the network (" + views.Prefixes(n.CIDRs) + "), at least a /27, that does not overlap with other subnets."},
		parts.Field{Name: "zone", Label: "Availability zone", Value: in.Zone, Required: true, Mono: true, Placeholder: "zone-a", Autocomplete: "off",
			Help: "A name of your choice for the location of the subnet. An endpoint has at most one target network in each zone."},
	)
	f.Action, f.Submit, f.Cancel = views.NetworkPath(n.ID, "subnets", "new"), "Create subnet", views.NetworkPath(n.ID)
	return f
}

// details is the form with the fields between description and tags.
func (in subnetInput) details(place ...parts.Field) parts.Form {
	fields := []parts.Field{
		{Name: "name", Label: "Name", Value: in.Name, Autocomplete: "off", Focus: !in.Rearranged()},
		{Name: "description", Label: "Description", Value: in.Description, Autocomplete: "off"},
	}
	return parts.Form{Fields: append(append(fields, place...), in.Field()), Sections: []parts.Section{{Title: "Tags"}}}
}

// plain are the fields that can be modified as one line of text each, to be compared.
func (in subnetInput) plain() []parts.Field {
	return []parts.Field{
		{Name: "name", Label: "Name", Value: strings.TrimSpace(in.Name)},
		{Name: "description", Label: "Description", Value: strings.TrimSpace(in.Description)},
		{Name: "tags", Label: "Tags", Value: tagText(in.Tags())},
	}
}
