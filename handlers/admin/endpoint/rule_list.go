package endpoint

import (
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var ruleCells = []page.Cell[vpn.RuleStatus]{
	{Label: "Destination", Text: func(r vpn.RuleStatus) string { return r.Destination.String() }},
	{Label: "Access", Text: func(r vpn.RuleStatus) string { return r.Grantee() }},
	{Label: "Access group ID", Text: func(r vpn.RuleStatus) string { return r.Group }},
	{Label: "Description", Text: func(r vpn.RuleStatus) string { return r.Description }},
	{Label: "State", Text: func(r vpn.RuleStatus) string { return string(r.State) }},
	{Label: "Reason", Text: func(r vpn.RuleStatus) string { return r.Reason }},
	{Label: "Added", Text: func(r vpn.RuleStatus) string { return r.CreatedAt.UTC().Format(time.RFC3339) }},
}

// List shows the tab Authorization rules.
func (h *Rules) List(c echo.Context) error {
	f, view, err := h.frame(c, "rules")
	if err != nil {
		return err
	}
	l := page.ListOf(c)
	filters := page.Narrow(c, &l, page.StateFilter(vpn.RuleAuthorizing, vpn.RuleActive, vpn.RuleFailed, vpn.RuleRevoking))
	read := func(l vpn.List) (vpn.Page[vpn.RuleStatus], error) {
		return h.endpoints.Rules(page.Context(c), page.Principal(c), view.ID, l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "authorization-rules-"+string(view.ID), l, read, ruleCells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	v := views.RuleTab{Frame: f, List: page.ListView(c, l, found), Rows: found.Items}
	v.Asked, _ = vpn.SearchedRange(l.Search)
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Authorization rules", "authorization rule", "authorization rules", "address, CIDR, group or description"
	v.List.Filters, v.List.Part = filters, "rules"
	v.List.Columns = []parts.Column{
		{Key: "destination", Label: "Destination"}, {Key: "group", Label: "Access"}, {Key: "description", Label: "Description"}, {Key: "state", Label: "State"},
		{Key: "created_at", Label: "Added"},
	}
	if f.MayChange() {
		v.List.Columns = append(v.List.Columns, parts.ActionsColumn())
	}
	v.List.Empty = parts.Empty{Title: "No authorization rule yet", Text: "Connected clients cannot reach a network until a rule grants access to it."}
	if f.MayChange() {
		v.List.Bulk = []parts.BulkAction{{Label: "Remove authorization rules", Path: views.EndpointPath(view.ID, "rules", "delete")}}
		v.List.Empty.Action = parts.Button{Label: "Add authorization rule", Href: views.EndpointPath(view.ID, "rules", "new"), Tone: "primary"}
	}
	v.Frame.Live = liveTab(c, f, "rules", v.Rows, v.List.Total, v.Asked)
	return page.RenderLive(c, v.Frame.Live, views.EndpointRules(v))
}
