package endpoint

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var routeCells = []page.Cell[vpn.RouteStatus]{
	{Label: "Route destination", Text: func(r vpn.RouteStatus) string { return r.Destination.String() }},
	{Label: "Target", Text: func(r vpn.RouteStatus) string { return string(r.Subnet) }},
	{Label: "Origin", Text: func(r vpn.RouteStatus) string { return string(r.Origin) }},
	{Label: "Description", Text: func(r vpn.RouteStatus) string { return r.Description }},
	{Label: "State", Text: func(r vpn.RouteStatus) string { return string(r.State) }},
	{Label: "Reason", Text: func(r vpn.RouteStatus) string { return r.Reason }},
	{Label: "Reached by", Text: func(r vpn.RouteStatus) string { return views.RouteWay(r) }},
	{Label: "Warning", Text: func(r vpn.RouteStatus) string { return strings.TrimSpace(r.Warning + " " + r.Doubt) }},
	{Label: "Added", Text: func(r vpn.RouteStatus) string { return r.CreatedAt.UTC().Format(time.RFC3339) }},
}

// targetFilter narrows the routes to those through one target network.
func targetFilter(associations []vpn.AssociationStatus) parts.Filter {
	f := parts.Filter{Name: "target", Label: "Target", Options: []parts.Option{{Label: "Every target"}}}
	for _, a := range associations {
		f.Options = append(f.Options, parts.Option{Value: string(a.Subnet), Label: views.NameOr(a.SubnetName, a.Subnet)})
	}
	return f
}

// List shows the tab Route table.
func (h *Routes) List(c echo.Context) error {
	f, view, err := h.frame(c, "routes")
	if err != nil {
		return err
	}
	l := page.ListOf(c)
	filters := page.Narrow(c, &l, page.StateFilter(vpn.RouteCreating, vpn.RouteActive, vpn.RouteFailed, vpn.RouteDeleting),
		parts.Filter{Name: "origin", Label: "Origin", Options: []parts.Option{
			{Label: "Every origin"}, {Value: string(vpn.OriginAssociate), Label: "Automatic"}, {Value: string(vpn.OriginAddRoute), Label: "Manual"},
		}}, targetFilter(view.Associations))
	read := func(l vpn.List) (vpn.Page[vpn.RouteStatus], error) {
		return h.endpoints.Routes(page.Context(c), page.Principal(c), view.ID, l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "route-table-"+string(view.ID), l, read, routeCells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	v := views.RouteTab{Frame: f, List: page.ListView(c, l, found), Rows: found.Items}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Route table", "route", "routes", "destination, subnet or description"
	v.List.Filters, v.List.Part = filters, "routes"
	v.List.Columns = []parts.Column{
		{Key: "destination", Label: "Route destination"}, {Key: "target", Label: "Target"}, {Key: "origin", Label: "Origin"}, {Key: "description", Label: "Description"}, {Key: "state", Label: "State", Below: []parts.Column{{Label: "Reached by"}}},
		{Key: "created_at", Label: "Added"},
	}
	if f.MayChange() {
		v.List.Columns = append(v.List.Columns, parts.ActionsColumn())
	}
	v.List.Empty = parts.Empty{
		Title: "The route table is empty",
		Text:  "When you associate a target network, the routes of its network are added here. Further networks, such as the internet (0.0.0.0/0), need a route of their own.",
	}
	if f.MayChange() {
		v.List.Bulk = []parts.BulkAction{{Label: "Delete routes", Path: views.EndpointPath(view.ID, "routes", "delete")}}
		v.List.Empty.Action = parts.Button{Label: "Associate target network", Href: views.EndpointPath(view.ID, "associations", "new"), Tone: "primary"}
	}
	v.Frame.Live = liveTab(c, f, "routes", v.Rows, f.SubnetNames, f.Unequal, v.List.Total)
	return page.RenderLive(c, v.Frame.Live, views.EndpointRoutes(v))
}
