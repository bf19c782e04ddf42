package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// List lists the Client VPN endpoints.
func (h *Endpoints) List(c echo.Context) error {
	l := page.ListOf(c)
	found, err := h.endpoints.Endpoints(page.Context(c), page.Principal(c), l)
	if err != nil {
		return err
	}
	v := views.EndpointList{Fragment: page.Fragment(c), List: page.ListView(c, l, found), Rows: found.Items}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Client VPN endpoints", "endpoint", "endpoints", "name, ID, client CIDR or description"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Label: "State"}, {Key: "client_cidr", Label: "Client IPv4 CIDR"},
		{Label: "Transport"}, {Label: "Target networks", Right: true}, {Label: "Connections", Right: true},
	}
	v.List.Empty = parts.Empty{
		Title: "No Client VPN endpoint yet",
		Text:  "An endpoint is what clients connect to. It needs a server certificate; a target network and authorization rules follow.",
	}
	if page.Principal(c).Role.MayChange() {
		v.List.Empty.Action = parts.Button{Label: "Create Client VPN endpoint", Href: "/endpoints/new", Tone: "primary"}
	}
	v.Live = page.Live(c, "endpoints", page.RenewOften, v.Rows, v.List.Total)
	if !v.Fragment {
		v.Chrome = h.pages.Chrome(c, "Client VPN endpoints", "endpoints")
	}
	return page.RenderLive(c, v.Live, views.Endpoints(v))
}
