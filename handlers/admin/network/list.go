package network

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var networkCells = []page.Cell[vpn.NetworkStatus]{
	{Label: "Name", Text: func(r vpn.NetworkStatus) string { return r.Name }},
	{Label: "ID", Text: func(r vpn.NetworkStatus) string { return string(r.ID) }},
	{Label: "Description", Text: func(r vpn.NetworkStatus) string { return r.Description }},
	{Label: "CIDRs", Text: func(r vpn.NetworkStatus) string { return views.Prefixes(r.CIDRs) }},
	{Label: "Subnets", Text: func(r vpn.NetworkStatus) string { return strconv.Itoa(r.Subnets) }},
	{Label: "Tags", Text: func(r vpn.NetworkStatus) string { return views.Tags(r.Tags) }},
}

// List lists the networks.
func (h *Networks) List(c echo.Context) error {
	l := page.ListOf(c)
	filters := page.Narrow(c, &l, page.TagFilter())
	read := func(l vpn.List) (vpn.Page[vpn.NetworkStatus], error) {
		return h.networks.Networks(page.Context(c), page.Principal(c), l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "networks", l, read, networkCells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	list := page.ListView(c, l, found)
	list.Part, list.Filters = "networks", filters
	list.Caption, list.Noun, list.Plural, list.Hint = "Networks", "network", "networks", "name, ID, description, CIDR, address or tag (key=value)"
	list.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Label: "CIDRs"}, {Label: "Subnets", Right: true}, {Key: "created_at", Label: "Created"},
	}
	list.Empty = parts.Empty{
		Title: "No networks yet",
		Text:  "A network is a private network that clients need to reach. Create it with its address ranges, then add subnets to it.",
	}
	if page.Principal(c).Role.MayChange() {
		list.Bulk = []parts.BulkAction{{Label: "Delete networks", Path: "/networks/delete"}}
		list.Empty.Action = parts.Button{Label: "Create network", Href: "/networks/new", Tone: "primary"}
	}
	return page.Render(c, http.StatusOK, views.Networks(h.pages.Chrome(c, "Networks", "networks"), list, found.Items))
}
