package admin

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// Endpoints lists the Client VPN endpoints.
func (h *Console) Endpoints(c echo.Context) error {
	l := listOf(c)
	page, err := h.endpoints.Endpoints(ctx(c), principal(c), l)
	if err != nil {
		return err
	}
	v := views.EndpointList{Fragment: fragment(c), List: listView(c, l, page), Rows: page.Items}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Client VPN endpoints", "endpoint", "endpoints", "name, ID, client CIDR or description"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Label: "State"}, {Key: "client_cidr", Label: "Client IPv4 CIDR"},
		{Label: "Transport"}, {Label: "Target networks", Right: true}, {Label: "Connections", Right: true},
	}
	v.List.Empty = parts.Empty{
		Title: "No Client VPN endpoint yet",
		Text:  "An endpoint is what clients connect to. It needs a server certificate; a target network and authorization rules follow.",
	}
	if principal(c).Role.MayChange() {
		v.List.Empty.Action = parts.Button{Label: "Create Client VPN endpoint", Href: "/endpoints/new", Tone: "primary"}
	}
	v.Live = live(c, "endpoints", renewOften, v.Rows, v.List.Total)
	if !v.Fragment {
		v.Chrome = h.chrome(c, "Client VPN endpoints", "endpoints")
	}
	return renderLive(c, v.Live, views.Endpoints(v))
}
