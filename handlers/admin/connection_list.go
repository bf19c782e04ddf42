package admin

import (
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// connectionStatuses are what the list can be narrowed to.
var connectionStatuses = []vpn.ConnectionStatus{
	vpn.ConnectionActive, vpn.ConnectionTerminating, vpn.ConnectionTerminated, vpn.ConnectionFailedToTerminate,
}

// EndpointConnections shows the tab Connections.
func (h *Console) EndpointConnections(c echo.Context) error {
	f, view, err := h.endpointFrame(c, "connections")
	if err != nil {
		return err
	}
	l := listOf(c)
	status := c.QueryParam("status")
	if !slices.Contains(connectionStatuses, vpn.ConnectionStatus(status)) {
		status = ""
	} else {
		l.Filter = map[string]string{"status": status}
	}
	page, err := h.control.Connections(ctx(c), actor(c), view.ID, l)
	if err != nil {
		return err
	}
	refused, err := h.control.Attempts(ctx(c), actor(c), view.ID)
	if err != nil {
		return err
	}
	v := views.ConnectionTab{Frame: f, List: listView(c, l, page), Status: statusFilter(status)}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Connections", "connection", "connections", "user, client IP, device address or ID"
	v.List.Columns = connectionColumns(f.Chrome.MayChange)
	v.List.Empty = emptyConnections(view.ID, status)
	if status != "" {
		v.List.Extra = url.Values{"status": {status}}
	}
	picked := c.QueryParams()[ticked]
	for _, conn := range page.Items {
		row := connectionRow(conn, h.now())
		if f.Chrome.MayChange && (conn.Status == vpn.ConnectionActive || conn.Status == vpn.ConnectionFailedToTerminate) {
			end := endpointPath(view.ID, "connections", "terminate")
			row.End = end + "?" + url.Values{ticked: {row.ID}}.Encode()
			row.EndUser = end + "?" + url.Values{"user": {conn.Username}}.Encode()
			row.Checked = slices.Contains(picked, row.ID)
		}
		v.Rows = append(v.Rows, row)
	}
	for _, a := range refused {
		v.Attempts = append(v.Attempts, views.AttemptRow{At: parts.At(h.now(), a.At), Device: known(a.Device.IsValid(), a.Device.String()), CommonName: a.CommonName, Reason: a.Reason})
	}
	if v.Frame.Live, err = live(c, "connections", f.State, f.Why, f.Tabs, unticked(v.Rows), v.Attempts, v.List.Total); err != nil {
		return err
	}
	return renderLive(c, v.Frame.Live, views.EndpointConnections(v))
}

// unticked leaves the ticks out of the digest: the browser has them.
func unticked(rows []views.ConnectionRow) []views.ConnectionRow {
	out := slices.Clone(rows)
	for i := range out {
		out[i].Checked = false
	}
	return out
}

func connectionRow(conn vpn.Connection, now time.Time) views.ConnectionRow {
	row := views.ConnectionRow{
		ID: string(conn.ID), Username: nameOr(conn.Username, "unknown"),
		UserHref: endpointPath(conn.Endpoint, "connections") + "?" + url.Values{"q": {conn.Username}}.Encode(),
		ClientIP: known(conn.ClientIP.IsValid(), conn.ClientIP.String()), Device: known(conn.Device.IsValid(), conn.Device.String()), Platform: joined(conn.Platform, conn.ClientVersion),
		Since:   parts.At(now, conn.EstablishedAt),
		BytesIn: parts.Bytes(conn.Counters.BytesIn), BytesOut: parts.Bytes(conn.Counters.BytesOut),
		PacketsIn: packets(conn.Counters.PacketsIn), PacketsOut: packets(conn.Counters.PacketsOut),
		Status: string(conn.Status), Why: conn.EndReason, Live: conn.Live(),
	}
	if !conn.EndedAt.IsZero() {
		ended := parts.At(now, conn.EndedAt)
		row.Ended = &ended
	}
	return row
}

// known says “unknown” of an address that nobody reported; netip would say “invalid”.
func known(is bool, s string) string {
	if is {
		return s
	}
	return "unknown"
}

func packets(n uint64) string { return parts.Count(int(min(n, 1<<62)), "packet") }

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

func statusFilter(status string) views.Filter {
	f := views.Filter{Name: "status", Label: "Status", Value: status, Options: []parts.Option{{Label: "Every status"}}}
	for _, s := range connectionStatuses {
		f.Options = append(f.Options, parts.Option{Value: string(s), Label: string(s)})
	}
	return f
}

func emptyConnections(id vpn.EndpointID, status string) parts.Empty {
	if status != "" {
		return parts.Empty{Title: "No connection is " + status, Action: parts.Button{Label: "Show all connections", Href: endpointPath(id, "connections")}}
	}
	return parts.Empty{
		Title:  "Nobody has connected yet",
		Text:   "Give your users the configuration file; their connections appear here.",
		Action: parts.Button{Label: "Download client configuration", Href: endpointPath(id, "configuration")},
	}
}
