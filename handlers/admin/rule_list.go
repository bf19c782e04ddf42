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
	page, err := h.endpoints.Rules(ctx(c), principal(c), view.ID, l)
	if err != nil {
		return err
	}
	v := views.RuleTab{Frame: f, List: listView(c, l, page), Rows: page.Items}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Authorization rules", "authorization rule", "authorization rules", "destination or description"
	v.List.Columns = []parts.Column{
		{Key: "destination", Label: "Destination"}, {Label: "Access"}, {Label: "Description"}, {Label: "State"},
		{Key: "created_at", Label: "Added"}, {Label: "Actions", Right: true},
	}
	v.List.Empty = parts.Empty{Title: "No authorization rule yet", Text: "Connected clients cannot reach a network until a rule grants access to it."}
	if f.MayChange() {
		v.List.Empty.Action = parts.Button{Label: "Add authorization rule", Href: views.EndpointPath(view.ID, "rules", "new"), Tone: "primary"}
	}
	v.Frame.Live = liveTab(c, f, "rules", v.Rows, v.List.Total)
	return renderLive(c, v.Frame.Live, views.EndpointRules(v))
}
