package network

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var subnetCells = []page.Cell[vpn.SubnetStatus]{
	{Label: "Subnet", Text: func(r vpn.SubnetStatus) string { return r.Name }},
	{Label: "ID", Text: func(r vpn.SubnetStatus) string { return string(r.ID) }},
	{Label: "CIDR", Text: func(r vpn.SubnetStatus) string { return r.CIDR.String() }},
	{Label: "Availability zone", Text: func(r vpn.SubnetStatus) string { return r.Zone }},
	{Label: "Reached by", Text: func(r vpn.SubnetStatus) string { return r.Way.Label() }},
	{Label: "Description", Text: func(r vpn.SubnetStatus) string { return r.Description }},
	{Label: "Tags", Text: func(r vpn.SubnetStatus) string { return views.Tags(r.Tags) }},
}

// View shows one network with its subnets.
func (h *Networks) View(c echo.Context) error {
	n, err := h.networks.Network(page.Context(c), page.Principal(c), networkID(c))
	if err != nil {
		return err
	}
	l := page.ListOf(c)
	zones, err := h.networks.Zones(page.Context(c), page.Principal(c), n.ID)
	if err != nil {
		return err
	}
	filters := page.Narrow(c, &l, page.ChoiceFilter("zone", "Availability zone", "Every availability zone", zones...), page.TagFilter())
	read := func(l vpn.List) (vpn.Page[vpn.SubnetStatus], error) {
		return h.networks.Subnets(page.Context(c), page.Principal(c), n.ID, l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "subnets-"+string(n.ID), l, read, subnetCells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	ranges, unknown, err := h.networks.Ranges(page.Context(c), page.Principal(c), n)
	if err != nil {
		return err
	}
	v := views.NetworkPage{
		Header: parts.Header{Crumbs: networkCrumbs, Title: views.NameOr(n.Name, n.ID)},
		ID:     n.ID,
		Facts: []parts.Pair{
			{Label: "Network (VPC) ID", Value: string(n.ID), Copy: true},
			parts.Fact("Description", n.Description),
			{Label: "IPv4 CIDRs", Value: views.Prefixes(n.CIDRs), Body: views.NetworkRanges(ranges)},
			parts.Fact("Tags", views.Tags(n.Tags)),
			parts.FactTime("Created", parts.At(h.pages.Now(), n.CreatedAt)),
		},
		List: page.ListView(c, l, found), Rows: found.Items, WaysUnknown: unknown,
	}
	v.List.Part, v.List.Filters = "subnets", filters
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Subnets", "subnet", "subnets", "name, ID, description, CIDR, zone or tag (key=value)"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Subnet"}, {Key: "cidr", Label: "CIDR"}, {Key: "zone", Label: "Availability zone"}, {Label: "Reached by"}, {Label: "Target network of"},
	}
	if page.Principal(c).Role.MayChange() {
		v.List.Columns = append(v.List.Columns, parts.ActionsColumn())
	}
	v.List.Empty = parts.Empty{Title: "No subnets yet", Text: "A subnet lies inside the network, in an availability zone. Associated with an endpoint it is a target network."}
	if page.Principal(c).Role.MayChange() {
		v.List.Bulk = []parts.BulkAction{{Label: "Delete subnets", Path: views.NetworkPath(n.ID, "subnets", "delete")}}
		v.List.Empty.Action = parts.Button{Label: "Create subnet", Href: views.NetworkPath(n.ID, "subnets", "new"), Tone: "primary"}
	}
	v.Chrome = h.pages.Chrome(c, v.Header.Title, "networks")
	return page.Render(c, http.StatusOK, views.Network(v))
}
