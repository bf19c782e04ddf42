package admin

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// EndpointAssociations shows the tab Target network associations.
func (h *Console) EndpointAssociations(c echo.Context) error {
	f, view, err := h.endpointFrame(c, "associations")
	if err != nil {
		return err
	}
	n := len(view.Associations)
	v := views.AssociationTab{Frame: f, List: parts.List{
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
		v.List.Empty.Action = parts.Button{Label: "Associate target network", Href: endpointPath(view.ID, "associations", "new"), Tone: "primary"}
	}
	v.Network = parts.Pair{Value: nameOr(view.NetworkName, string(view.Network)), Href: networkPath(view.Network)}
	for _, a := range view.Associations {
		row := views.AssociationRow{
			ID: string(a.ID), Subnet: string(a.Subnet), Name: a.SubnetName, CIDR: a.CIDR.String(), Zone: a.Zone,
			State: string(a.State), Why: a.Reason, Created: parts.At(h.now(), a.CreatedAt),
		}
		if view.Network == "" { // the last one is leaving
			v.Network = parts.Pair{Value: string(a.Network), Href: networkPath(a.Network)}
		}
		if f.MayChange() && a.Removed == 0 {
			row.Remove = endpointPath(view.ID, "associations", string(a.ID), "delete")
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Frame.Live, err = live(c, "associations", f.State, f.Why, f.Tabs, v.Rows); err != nil {
		return err
	}
	return renderLive(c, v.Frame.Live, views.EndpointAssociations(v))
}
