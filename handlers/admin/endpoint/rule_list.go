package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// List shows the tab Authorization rules.
func (h *Rules) List(c echo.Context) error {
	f, view, err := h.frame(c, "rules")
	if err != nil {
		return err
	}
	l := page.ListOf(c)
	found, err := h.endpoints.Rules(page.Context(c), page.Principal(c), view.ID, l)
	if err != nil {
		return err
	}
	v := views.RuleTab{Frame: f, List: page.ListView(c, l, found), Rows: found.Items}
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
	return page.RenderLive(c, v.Frame.Live, views.EndpointRules(v))
}
