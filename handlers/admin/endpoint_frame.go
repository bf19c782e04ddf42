package admin

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// The tabs of an endpoint, in the guide's words and order. Security groups come later.
var endpointTabs = []struct{ key, label string }{
	{"", "Details"},
	{"associations", "Target network associations"},
	{"rules", "Authorization rules"},
	{"routes", "Route table"},
	{"connections", "Connections"},
	{"tags", "Tags"},
}

func endpointID(c echo.Context) vpn.EndpointID { return vpn.EndpointID(c.Param("endpoint")) }

// endpointCrumbs is the way to a form of an endpoint.
func endpointCrumbs(e vpn.Endpoint, tab string) []parts.Crumb {
	crumbs := []parts.Crumb{
		{Label: "Client VPN endpoints", Href: "/endpoints"},
		{Label: views.NameOr(e.Name, e.ID), Href: views.EndpointPath(e.ID)},
	}
	for _, t := range endpointTabs {
		if t.key != "" && t.key == tab {
			crumbs = append(crumbs, parts.Crumb{Label: t.label, Href: views.EndpointPath(e.ID, t.key)})
		}
	}
	return crumbs
}

// endpointFrame reads an endpoint and makes what all its tabs share.
func (h *Console) endpointFrame(c echo.Context, tab string) (views.EndpointFrame, endpoint.View, error) {
	view, err := h.endpoints.Endpoint(ctx(c), principal(c), endpointID(c))
	if err != nil {
		if fragment(c) && vpn.KindOf(err) == vpn.NotFound {
			c.Response().Header().Set("HX-Redirect", "/endpoints") // it was deleted while somebody watched
		}
		return views.EndpointFrame{}, view, err
	}
	f := views.EndpointFrame{Endpoint: view.Endpoint, State: view.State, Reason: view.Reason, Fragment: fragment(c)}
	for _, t := range endpointTabs {
		link := parts.Tab{Label: t.label, Href: f.Path(), Current: t.key == tab}
		switch t.key {
		case "":
		case "associations":
			link.Count, link.CountID = count(len(view.Associations)), views.AssociationCountID
		case "connections":
			link.Count, link.CountID = count(view.Connections), views.ConnectionCountID
		}
		if t.key != "" {
			link.Href = f.Path(t.key)
		}
		f.Tabs = append(f.Tabs, link)
	}
	if f.Fragment {
		f.Chrome.MayChange, f.Chrome.Now = principal(c).Role.MayChange(), h.now()
	} else {
		f.Chrome = h.chrome(c, views.NameOr(view.Name, view.ID), "endpoints")
	}
	return f, view, nil
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
