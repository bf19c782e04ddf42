package endpoint

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var endpointCells = []page.Cell[vpn.EndpointSummary]{
	{Label: "Name", Text: func(e vpn.EndpointSummary) string { return e.Name }},
	{Label: "ID", Text: func(e vpn.EndpointSummary) string { return string(e.ID) }},
	{Label: "State", Text: func(e vpn.EndpointSummary) string { return string(e.State) }},
	{Label: "Trouble", Text: func(e vpn.EndpointSummary) string { return e.Trouble }},
	{Label: "Client IPv4 CIDR", Text: func(e vpn.EndpointSummary) string { return e.ClientCIDR.String() }},
	{Label: "Transport", Text: func(e vpn.EndpointSummary) string { return views.TransportName(e.Listen.Transport) }},
	{Label: "Port", Text: func(e vpn.EndpointSummary) string { return strconv.Itoa(int(e.Listen.Port)) }},
	{Label: "Target networks", Text: func(e vpn.EndpointSummary) string { return strconv.Itoa(e.Associations) }},
	{Label: "Connections", Text: func(e vpn.EndpointSummary) string { return strconv.Itoa(e.Connections) }},
	{Label: "Tags", Text: func(e vpn.EndpointSummary) string { return views.Tags(e.Tags) }},
}

// networkFilter narrows the endpoints to those of one network.
func networkFilter(networks map[vpn.NetworkID]string) parts.Filter {
	f := parts.Filter{Name: "network", Label: "Network", Options: []parts.Option{{Label: "Every network"}}}
	for _, id := range slices.SortedFunc(maps.Keys(networks), func(a, b vpn.NetworkID) int {
		return cmp.Or(cmp.Compare(networks[a], networks[b]), cmp.Compare(a, b))
	}) {
		f.Options = append(f.Options, parts.Option{Value: string(id), Label: views.NameOr(networks[id], id)})
	}
	return f
}

// List lists the Client VPN endpoints.
func (h *Endpoints) List(c echo.Context) error {
	l := page.ListOf(c)
	choices, err := h.endpoints.FilterChoices(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	filters := page.Narrow(c, &l, page.StateFilter(vpn.EndpointPendingAssociate, vpn.EndpointAvailable, vpn.EndpointDeleting, "trouble"),
		networkFilter(choices.Networks), page.ChoiceFilter("zone", "Availability zone", "Every zone", choices.Zones...), page.TagFilter())
	read := func(l vpn.List) (vpn.Page[vpn.EndpointSummary], error) {
		return h.endpoints.Endpoints(page.Context(c), page.Principal(c), l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "client-vpn-endpoints", l, read, endpointCells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	v := views.EndpointList{Fragment: page.Fragment(c), List: page.ListView(c, l, found), Rows: found.Items}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Client VPN endpoints", "endpoint", "endpoints", "name, ID, client CIDR, description or tag (key=value)"
	v.List.Filters, v.List.Part = filters, "endpoints"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Key: "state", Label: "State"}, {Key: "client_cidr", Label: "Client IPv4 CIDR"},
		{Key: "transport", Label: "Transport"}, {Key: "associations", Label: "Target networks", Right: true}, {Key: "connections", Label: "Connections", Right: true},
	}
	v.List.Empty = parts.Empty{
		Title: "No Client VPN endpoint yet",
		Text:  "An endpoint is what clients connect to. It needs a server certificate; a target network and authorization rules follow.",
	}
	if page.Principal(c).Role.MayChange() {
		v.List.Empty.Action = parts.Button{Label: "Create Client VPN endpoint", Href: "/endpoints/new", Tone: "primary"}
	}
	if page.Principal(c).Role.MayChange() {
		v.List.Bulk = []parts.BulkAction{{Label: "Delete endpoints", Path: "/endpoints/delete"}}
	}
	v.Live = page.Live(c, "endpoints", page.RenewOften, v.Rows, v.List.Total)
	if !v.Fragment {
		v.Chrome = h.pages.Chrome(c, "Client VPN endpoints", "endpoints")
	}
	return page.RenderLive(c, v.Live, views.Endpoints(v))
}
