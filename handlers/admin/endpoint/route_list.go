package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// List shows the tab Route table.
func (h *Routes) List(c echo.Context) error {
	f, view, err := h.frame(c, "routes")
	if err != nil {
		return err
	}
	l := page.ListOf(c)
	found, err := h.endpoints.Routes(page.Context(c), page.Principal(c), view.ID, l)
	if err != nil {
		return err
	}
	names := map[vpn.SubnetID]string{}
	for _, a := range view.Associations {
		names[a.Subnet] = a.SubnetName
	}
	v := views.RouteTab{Frame: f, List: page.ListView(c, l, found), Rows: found.Items, SubnetNames: names}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Route table", "route", "routes", "destination, subnet or description"
	v.List.Columns = []parts.Column{
		{Key: "destination", Label: "Route destination"}, {Label: "Target"}, {Key: "origin", Label: "Origin"}, {Label: "Description"}, {Label: "State"},
		{Key: "created_at", Label: "Added"}, {Label: "Actions", Right: true},
	}
	v.List.Empty = parts.Empty{
		Title: "The route table is empty",
		Text:  "When you associate a target network, the routes of its network are added here. Further networks, such as the internet (0.0.0.0/0), need a route of their own.",
	}
	if f.MayChange() {
		v.List.Empty.Action = parts.Button{Label: "Associate target network", Href: views.EndpointPath(view.ID, "associations", "new"), Tone: "primary"}
	}
	v.Frame.Live = liveTab(c, f, "routes", v.Rows, v.SubnetNames, v.List.Total)
	return page.RenderLive(c, v.Frame.Live, views.EndpointRoutes(v))
}
