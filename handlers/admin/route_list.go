package admin

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// EndpointRoutes shows the tab Route table.
func (h *Console) EndpointRoutes(c echo.Context) error {
	f, view, err := h.endpointFrame(c, "routes")
	if err != nil {
		return err
	}
	l := listOf(c)
	page, err := h.control.Routes(ctx(c), actor(c), view.ID, l)
	if err != nil {
		return err
	}
	names := map[vpn.SubnetID]string{}
	for _, a := range view.Associations {
		names[a.Subnet] = a.SubnetName
	}
	v := views.RouteTab{Frame: f, List: listView(c, l, page)}
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
		v.List.Empty.Action = parts.Button{Label: "Associate target network", Href: endpointPath(view.ID, "associations", "new"), Tone: "primary"}
	}
	for _, r := range page.Items {
		row := views.RouteRow{
			ID: string(r.ID), Destination: destinationName(r.Destination), Target: string(r.Subnet), TargetName: names[r.Subnet],
			Origin: originWords[r.Origin], Description: r.Description, State: string(r.State), Why: r.Reason, Created: parts.At(h.now(), r.CreatedAt),
		}
		if r.Local() {
			row.Target = vpn.LocalTarget
		}
		if f.MayChange() && r.Removed == 0 && r.Origin != vpn.OriginAssociate {
			row.Remove = endpointPath(view.ID, "routes", string(r.ID), "delete")
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Frame.Live, err = live(c, "routes", f.State, f.Why, f.Tabs, v.Rows, v.List.Total); err != nil {
		return err
	}
	return renderLive(c, v.Frame.Live, views.EndpointRoutes(v))
}

var originWords = map[vpn.RouteOrigin]string{
	vpn.OriginAssociate: "Automatic",
	vpn.OriginAddRoute:  "Manual",
}
