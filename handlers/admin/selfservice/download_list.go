package selfservice

import (
	"cmp"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var cells = []page.Cell[endpoint.PortalDownload]{
	{Label: "User", Text: func(d endpoint.PortalDownload) string { return d.By }},
	{Label: "Provider ID", Text: func(d endpoint.PortalDownload) string { return string(d.User.Provider) }},
	{Label: "Endpoint", Text: func(d endpoint.PortalDownload) string { return d.Endpoint.Name }},
	{Label: "Endpoint ID", Text: func(d endpoint.PortalDownload) string { return string(d.ProfileDownload.Endpoint) }},
	{Label: "Downloaded", Text: func(d endpoint.PortalDownload) string { return d.At.UTC().Format(time.RFC3339) }},
	{Label: "File", Text: fileState},
}

func fileState(d endpoint.PortalDownload) string { return parts.YesNo(d.Present, "present", "older") }

// Downloads lists who has downloaded what.
func (h *Portal) Downloads(c echo.Context) error {
	ctx, by := page.Context(c), page.Principal(c)
	l := page.ListOf(c)
	endpoints, err := h.endpoints.PortalEndpoints(ctx, by)
	if err != nil {
		return err
	}
	filter := parts.Filter{Name: "endpoint", Label: "Endpoint", Options: []parts.Option{{Label: "Every endpoint"}}}
	for _, e := range endpoints {
		filter.Options = append(filter.Options, parts.Option{Value: string(e.ID), Label: cmp.Or(e.Name, string(e.ID))})
	}
	filters := page.Narrow(c, &l, filter)
	read := func(l vpn.List) (vpn.Page[endpoint.PortalDownload], error) {
		return h.endpoints.PortalDownloads(ctx, by, l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "downloads", l, read, cells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	v := views.PortalDownloads{Chrome: h.pages.Chrome(c, "Downloads", section), Tabs: tabs(true), List: page.ListView(c, l, found)}
	for _, d := range found.Items {
		v.Rows = append(v.Rows, views.PortalDownload{User: d.UserID, Name: d.By, Endpoint: d.ProfileDownload.Endpoint, EndpointName: cmp.Or(d.Endpoint.Name, string(d.ProfileDownload.Endpoint)), At: d.At, File: fileState(d)})
	}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint, v.List.Part = "Downloads", "download", "downloads", "user name", "downloads"
	v.List.Columns = []parts.Column{{Label: "User"}, {Label: "Endpoint"}, {Key: "at", Label: "Downloaded"}, {Label: "File"}}
	v.List.Empty = parts.Empty{Title: "No user has downloaded a file yet", Text: "Give your users the address of the portal. The list names each configuration file that a user fetched there.",
		Action: parts.Button{Label: "Open the self-service portal", Href: "/self-service-portal"}}
	v.List.Filters = filters
	return page.Render(c, http.StatusOK, views.PortalDownloadsPage(v))
}
