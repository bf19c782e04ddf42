package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type terminateInput struct {
	Connections []string `form:"connection"`
	User        string   `form:"user"`
}

func (in terminateInput) ids() []vpn.ConnectionID {
	var out []vpn.ConnectionID
	for _, id := range in.Connections {
		out = append(out, vpn.ConnectionID(id))
	}
	return out
}

// ConnectionTerminateForm asks before connections are ended: those named in the query, or all of
// a user.
func (h *Console) ConnectionTerminateForm(c echo.Context) error {
	in := terminateInput{Connections: c.QueryParams()[ticked], User: c.QueryParam("user")}
	view, err := h.endpoints.Endpoint(ctx(c), principal(c), endpointID(c))
	if err != nil {
		return err
	}
	list, err := h.endpoints.ConnectionsPreview(ctx(c), principal(c), view.ID, in.ids(), in.User)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "There is nothing to terminate: the connection has already ended.")
	}
	confirm := parts.Confirm{
		Title:  "Terminate " + parts.Count(len(list), "connection") + "?",
		Text:   "The VPN session ends immediately, and its traffic is interrupted. A client with a valid certificate can connect again.",
		People: endingNow(len(list), view.Connections),
		Action: views.EndpointPath(view.ID, "connections", "terminate"), Cancel: views.EndpointPath(view.ID, "connections"), Button: "Terminate connection",
	}
	if in.User != "" {
		confirm.Title = "Terminate all connections of " + in.User + "?"
		confirm.Hidden = []parts.Hidden{{Name: "user", Value: in.User}}
	}
	for _, conn := range list {
		if in.User == "" {
			confirm.Hidden = append(confirm.Hidden, parts.Hidden{Name: ticked, Value: string(conn.ID)})
		}
	}
	return render(c, http.StatusOK, views.TerminatePage(h.chrome(c, "Terminate connection", "endpoints"), confirm, list))
}

// endingNow says how many of the connected a termination is about.
func endingNow(n, all int) string {
	if n >= all {
		return connectedNow(all)
	}
	return parts.Number(n) + " of the " + parts.Number(all) + " clients that are connected at this moment."
}

// ConnectionTerminate ends connections.
func (h *Console) ConnectionTerminate(c echo.Context) error {
	var in terminateInput
	if err := bind(c, &in); err != nil {
		return err
	}
	var n int
	var err error
	if in.User != "" {
		n, err = h.endpoints.TerminateUser(ctx(c), principal(c), endpointID(c), in.User)
	} else {
		n, err = h.endpoints.TerminateConnections(ctx(c), principal(c), endpointID(c), in.ids())
	}
	if err != nil {
		return err
	}
	text := parts.Count(n, "connection") + " will be terminated."
	if n == 0 {
		text = "There was nothing to terminate."
	}
	return h.done(c, text, views.EndpointPath(endpointID(c), "connections"))
}
