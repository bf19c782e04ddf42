package admin

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// EndpointRules shows the tab Authorization rules.
func (h *Console) EndpointRules(c echo.Context) error {
	f, view, err := h.endpointFrame(c, "rules")
	if err != nil {
		return err
	}
	l := listOf(c)
	page, err := h.control.Rules(ctx(c), actor(c), view.ID, l)
	if err != nil {
		return err
	}
	routes, err := h.destinations(c, view)
	if err != nil {
		return err
	}
	v := views.RuleTab{Frame: f, List: listView(c, l, page)}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Authorization rules", "authorization rule", "authorization rules", "destination or description"
	v.List.Columns = []parts.Column{
		{Key: "destination", Label: "Destination"}, {Label: "Access"}, {Label: "Description"}, {Label: "State"},
		{Key: "created_at", Label: "Added"}, {Label: "Actions", Right: true},
	}
	v.List.Empty = parts.Empty{Title: "No authorization rule yet", Text: "Connected clients reach nothing until a rule grants them access to a network."}
	if f.MayChange() {
		v.List.Empty.Action = parts.Button{Label: "Add authorization rule", Href: endpointPath(view.ID, "rules", "new"), Tone: "primary"}
	}
	for _, r := range page.Items {
		row := views.RuleRow{
			ID: string(r.ID), Destination: destinationName(r.Destination), Grantee: r.Grantee(), Description: r.Description,
			State: string(r.State), Why: r.Reason, Created: parts.At(h.now(), r.CreatedAt),
		}
		if r.Removed == 0 {
			row.Warn = routeless(r.Destination, routes)
		}
		if f.MayChange() && r.Removed == 0 {
			row.Remove = endpointPath(view.ID, "rules", string(r.ID), "delete")
		}
		v.Rows = append(v.Rows, row)
	}
	if v.Frame.Live, err = live(c, "rules", f.State, f.Why, f.Tabs, v.Rows, v.List.Total); err != nil {
		return err
	}
	return renderLive(c, v.Frame.Live, views.EndpointRules(v))
}
