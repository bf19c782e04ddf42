package endpoint

import (
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// connectionStatuses are the values of the filter of the list.
var connectionStatuses = []vpn.ConnectionStatus{
	vpn.ConnectionActive, vpn.ConnectionTerminating, vpn.ConnectionTerminated, vpn.ConnectionFailedToTerminate,
}

// List shows the tab Connections.
func (h *Connections) List(c echo.Context) error {
	f, view, err := h.frame(c, "connections")
	if err != nil {
		return err
	}
	l := page.ListOf(c)
	filters := page.Narrow(c, &l, statusFilter())
	status := l.Filter["status"]
	found, err := h.endpoints.Connections(page.Context(c), page.Principal(c), view.ID, l)
	if err != nil {
		return err
	}
	refused, err := h.endpoints.Attempts(page.Context(c), page.Principal(c), view.ID)
	if err != nil {
		return err
	}
	v := views.ConnectionTab{
		Frame: f, List: page.ListView(c, l, found), Rows: found.Items, Attempts: refused,
		Picked: map[vpn.ConnectionID]bool{},
	}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Connections", "connection", "connections", "user, client IP, device address or ID"
	v.List.Columns = connectionColumns(f.Chrome.MayChange)
	v.List.Empty = emptyConnections(view.ID, status)
	v.List.Filters, v.List.Part, v.List.NoFile = filters, "connections", true
	for _, id := range c.QueryParams()[page.Ticked] {
		v.Picked[vpn.ConnectionID(id)] = true
	}
	v.Frame.Live = liveTab(c, f, "connections", uncounted(v.Rows), v.Attempts, v.List.Total)
	return page.RenderLive(c, v.Frame.Live, views.EndpointConnections(v))
}

// uncounted leaves out the times when the counters were read: the page does not show them.
func uncounted(list []vpn.Connection) []vpn.Connection {
	out := slices.Clone(list)
	for i := range out {
		out[i].CountedAt = time.Time{}
	}
	return out
}

func connectionColumns(mayChange bool) []parts.Column {
	columns := []parts.Column{
		{Key: "username", Label: "User"}, {Key: "established_at", Label: "Status and since"},
		{Key: "client_ip", Label: "Client IP and device"}, {Label: "Traffic"},
	}
	if mayChange {
		columns = append([]parts.Column{{Label: "Select"}}, columns...)
	}
	return columns
}

func statusFilter() parts.Filter {
	f := parts.Filter{Name: "status", Label: "Status", Options: []parts.Option{{Label: "Every status"}}}
	for _, s := range connectionStatuses {
		f.Options = append(f.Options, parts.Option{Value: string(s), Label: string(s)})
	}
	return f
}

func emptyConnections(id vpn.EndpointID, status string) parts.Empty {
	if status != "" {
		return parts.Empty{Title: "No connection is " + status, Action: parts.Button{Label: "Show all connections", Href: views.EndpointPath(id, "connections")}}
	}
	return parts.Empty{
		Title:  "No connections yet",
		Text:   "Give your users the configuration file; their connections appear here.",
		Action: parts.Button{Label: "Download client configuration", Href: views.EndpointPath(id, "configuration")},
	}
}
