package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// List shows the tab Target network associations.
func (h *Associations) List(c echo.Context) error {
	f, view, err := h.frame(c, "associations")
	if err != nil {
		return err
	}
	n := len(view.Associations)
	v := views.AssociationTab{Frame: f, Rows: view.Associations, List: parts.List{
		Path: c.Request().URL.Path, Page: 1, Pages: 1, Total: n,
		Caption: "Target network associations", Noun: "association", Plural: "associations",
		Columns: []parts.Column{
			{Label: "Target network"}, {Label: "CIDR"}, {Label: "Availability zone"}, {Label: "State"},
			{Label: "Association ID"}, {Label: "Actions", Right: true},
		},
		Empty: parts.Empty{
			Title: "No target network is associated",
			Text:  "Clients cannot connect yet. Associate a subnet: the endpoint becomes available, and the routes of its network are added.",
		},
	}}
	if f.MayChange() {
		v.List.Empty.Action = parts.Button{Label: "Associate target network", Href: views.EndpointPath(view.ID, "associations", "new"), Tone: "primary"}
	}
	v.Network, v.Name = view.Network, view.NetworkName
	if view.Network == "" && n > 0 { // the last one is being removed
		v.Network = view.Associations[n-1].Network
	}
	v.Frame.Live = liveTab(c, f, "associations", v.Network, v.Name, v.Rows)
	return page.RenderLive(c, v.Frame.Live, views.EndpointAssociations(v))
}
