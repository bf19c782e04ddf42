package network

import (
	"strconv"
	"strings"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var networkCrumbs = []parts.Crumb{{Label: "Networks", Href: "/networks"}}

// below are the crumbs of a page below that of a network.
func below(n vpn.Network) []parts.Crumb {
	return append(networkCrumbs[:1:1], parts.Crumb{Label: views.NameOr(n.Name, n.ID), Href: views.NetworkPath(n.ID)})
}

// networkInput is a network as typed.
type networkInput struct {
	Version     string `form:"version"`
	Name        string `form:"name"`
	Description string `form:"description"`
	CIDRs       string `form:"cidrs"`

	page.TagInput
}

// inputOf is the input as it shows a stored network.
func inputOf(n vpn.Network) networkInput {
	var cidrs []string
	for _, p := range n.CIDRs {
		cidrs = append(cidrs, p.String())
	}
	return networkInput{Version: strconv.Itoa(n.Version), Name: n.Name, Description: n.Description, CIDRs: strings.Join(cidrs, "\n"), TagInput: page.TagsTyped(n.Tags)}
}

func (in networkInput) edit() vpn.NetworkEdit {
	return vpn.NetworkEdit{Version: typedVersion(in.Version), Name: in.Name, Description: in.Description, CIDRs: in.CIDRs, Tags: in.Tags()}
}

// typedVersion reads the hidden version of a form. Text that is no number is a version that was never saved.
func typedVersion(s string) int {
	version, _ := strconv.Atoi(s)
	return version
}

// form is the form without its buttons. more is a sentence about the ranges, after a space.
func (in networkInput) form(more string) parts.Form {
	return parts.Form{
		Fields: []parts.Field{
			{Name: "name", Label: "Name", Value: in.Name, Required: true, Autocomplete: "off", Focus: !in.Rearranged()},
			{Name: "description", Label: "Description", Value: in.Description, Autocomplete: "off"},
			{Name: "cidrs", Label: "IPv4 CIDRs", Type: "textarea", Rows: 3, Value: in.CIDRs, Required: true, Mono: true, Placeholder: "10.0.0.0/16",
				Help: "The network's address ranges in CIDR notation, one per line, at most five. They must not overlap with each other or with the client CIDR of an endpoint that uses the network." + more},
			in.Field(),
		},
		Sections: []parts.Section{{Title: "Tags"}},
	}
}

// plain are the fields as one line of text each, to be compared.
func (in networkInput) plain() []parts.Field {
	return []parts.Field{
		{Name: "name", Label: "Name", Value: strings.TrimSpace(in.Name)},
		{Name: "description", Label: "Description", Value: strings.TrimSpace(in.Description)},
		{Name: "cidrs", Label: "IPv4 CIDRs", Value: strings.Join(strings.Fields(in.CIDRs), ", ")},
		{Name: "tags", Label: "Tags", Value: tagText(in.Tags())},
	}
}

func tagText(tags []vpn.Tag) string {
	if len(tags) == 0 {
		return ""
	}
	return views.Tags(tags)
}
