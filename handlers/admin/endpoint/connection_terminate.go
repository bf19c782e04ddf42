package endpoint

import (
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// TerminateForm asks for confirmation to end connections: those that the query names, or all of a user. On the page of
// every endpoint's connections they may belong to several.
func (h *Connections) TerminateForm(c echo.Context) error {
	crumbs := []parts.Crumb{{Label: "Connections", Href: "/connections"}}
	if id := endpointID(c); id != "" {
		view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), id)
		if err != nil {
			return err
		}
		crumbs = endpointCrumbs(view.Endpoint, "connections")
	}
	section := "endpoints"
	if endpointID(c) == "" {
		section = "connections"
	}
	chrome := func() layout.Chrome { return h.pages.Chrome(c, "Terminate connection", section) }
	user := c.QueryParam("user")
	back := page.LocalPath(c.QueryParam("return"), connectionsPath(endpointID(c)))
	if len(page.Picked[string](c)) == 0 && user == "" {
		return page.Render(c, http.StatusOK, views.ConfirmPage(chrome(), parts.Confirm{
			Crumbs: crumbs, Title: "Terminate connection", Blocked: "Select at least one connection.", Cancel: back,
		}))
	}
	list, err := h.endpoints.ConnectionsPreview(page.Context(c), page.Principal(c), endpointID(c), page.Picked[vpn.ConnectionID](c), user)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "There is nothing to terminate: the connection has already ended.")
	}
	confirm := parts.Confirm{
		Crumbs: crumbs,
		Title:  "Terminate " + parts.Count(len(list), "connection") + "?",
		Text:   "The VPN session ends immediately, and its traffic is interrupted. A client with a valid certificate can connect again.",
		People: disconnected(list),
		Action: connectionsPath(endpointID(c)) + "/terminate", Cancel: back, Button: parts.YesNo(len(list) == 1, "Terminate connection", "Terminate connections"),
		Hidden: []parts.Hidden{{Name: "return", Value: back}},
	}
	if user != "" {
		confirm.Title = "Terminate all connections of " + user + "?"
		confirm.Hidden = append(confirm.Hidden, parts.Hidden{Name: "user", Value: user})
	}
	for _, conn := range list {
		if user == "" {
			confirm.Hidden = append(confirm.Hidden, parts.Hidden{Name: parts.PickName, Value: string(conn.ID)})
		}
	}
	return page.Render(c, http.StatusOK, views.TerminatePage(chrome(), confirm, list))
}

// connectionsPath is the list of an endpoint's connections, or of all of them.
func connectionsPath(id vpn.EndpointID) string {
	if id == "" {
		return "/connections"
	}
	return views.EndpointPath(id, "connections")
}

// disconnected says how many people lose their connections.
func disconnected(list []vpn.Connection) string {
	users := map[string]bool{}
	for _, c := range list {
		users[c.Username] = true
	}
	people := "1 user is"
	if n := len(users); n != 1 {
		people = parts.Number(n) + " users are"
	}
	text := people + " disconnected"
	if len(list) > len(users) {
		text += " on " + parts.Count(len(list), "device")
	}
	return text + "."
}

type terminateInput struct {
	User   string `form:"user"`
	Return string `form:"return"`
}

// Terminate ends connections.
func (h *Connections) Terminate(c echo.Context) error {
	var in terminateInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	list, err := h.endpoints.ConnectionsPreview(page.Context(c), page.Principal(c), endpointID(c), page.Picked[vpn.ConnectionID](c), in.User)
	if err != nil {
		return err
	}
	of := map[vpn.EndpointID][]vpn.ConnectionID{}
	for _, conn := range list {
		of[conn.Endpoint] = append(of[conn.Endpoint], conn.ID)
	}
	total := 0
	for _, id := range slices.Sorted(maps.Keys(of)) {
		n, err := h.endpoints.TerminateConnections(page.Context(c), page.Principal(c), id, of[id])
		if err != nil {
			return err
		}
		total += n
	}
	text := parts.Count(total, "connection") + " will be terminated."
	if total == 0 {
		text = "There was nothing to terminate."
	}
	return h.pages.Done(c, text, page.LocalPath(in.Return, connectionsPath(endpointID(c))))
}
