package endpoint

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
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

// TerminateForm asks for confirmation to end connections: those that the query names, or all of a user.
func (h *Connections) TerminateForm(c echo.Context) error {
	in := terminateInput{Connections: c.QueryParams()[page.Ticked], User: c.QueryParam("user")}
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	list, err := h.endpoints.ConnectionsPreview(page.Context(c), page.Principal(c), view.ID, in.ids(), in.User)
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
			confirm.Hidden = append(confirm.Hidden, parts.Hidden{Name: page.Ticked, Value: string(conn.ID)})
		}
	}
	return page.Render(c, http.StatusOK, views.TerminatePage(h.pages.Chrome(c, "Terminate connection", "endpoints"), confirm, list))
}

// endingNow says how many of the connected clients are affected.
func endingNow(n, all int) string {
	if n >= all {
		return connectedNow(all)
	}
	return parts.Number(n) + " of the " + parts.Number(all) + " clients that are connected at this moment."
}

// Terminate ends connections.
func (h *Connections) Terminate(c echo.Context) error {
	var in terminateInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	var n int
	var err error
	if in.User != "" {
		n, err = h.endpoints.TerminateUser(page.Context(c), page.Principal(c), endpointID(c), in.User)
	} else {
		n, err = h.endpoints.TerminateConnections(page.Context(c), page.Principal(c), endpointID(c), in.ids())
	}
	if err != nil {
		return err
	}
	text := parts.Count(n, "connection") + " will be terminated."
	if n == 0 {
		text = "There was nothing to terminate."
	}
	return h.pages.Done(c, text, views.EndpointPath(endpointID(c), "connections"))
}
