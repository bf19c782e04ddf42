package admin

import (
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control"
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

// endpointPath is the address of an endpoint or of one of its parts.
func endpointPath(id vpn.EndpointID, more ...string) string {
	p := "/endpoints/" + url.PathEscape(string(id))
	for _, m := range more {
		p += "/" + url.PathEscape(m)
	}
	return p
}

// endpointCrumbs is the way to a form of an endpoint.
func endpointCrumbs(e vpn.Endpoint, tab string) []parts.Crumb {
	crumbs := []parts.Crumb{
		{Label: "Client VPN endpoints", Href: "/endpoints"},
		{Label: nameOr(e.Name, string(e.ID)), Href: endpointPath(e.ID)},
	}
	for _, t := range endpointTabs {
		if t.key != "" && t.key == tab {
			crumbs = append(crumbs, parts.Crumb{Label: t.label, Href: endpointPath(e.ID, t.key)})
		}
	}
	return crumbs
}

// nameOr is what a thing is called where its ID stands nearby.
func nameOr(name, id string) string {
	if name == "" {
		return id
	}
	return name
}

// endpointFrame reads an endpoint and makes what all its tabs share.
func (h *Console) endpointFrame(c echo.Context, tab string) (views.EndpointFrame, control.EndpointView, error) {
	view, err := h.control.Endpoint(ctx(c), actor(c), endpointID(c))
	if err != nil {
		if fragment(c) && vpn.KindOf(err) == vpn.NotFound {
			c.Response().Header().Set("HX-Redirect", "/endpoints") // it was deleted while somebody watched
		}
		return views.EndpointFrame{}, view, err
	}
	f := views.EndpointFrame{
		ID: string(view.ID), Title: nameOr(view.Name, string(view.ID)), Named: view.Name != "",
		State: string(view.State), Why: endpointWhy(view),
		Base: endpointPath(view.ID), Deleting: view.Deleting, Fragment: fragment(c),
	}
	for _, t := range endpointTabs {
		link := parts.Tab{Label: t.label, Href: f.Base, Current: t.key == tab}
		switch t.key {
		case "":
		case "associations":
			link.Count, link.CountID = count(len(view.Associations)), views.AssociationCountID
		case "connections":
			link.Count, link.CountID = count(view.Connections), views.ConnectionCountID
		}
		if t.key != "" {
			link.Href = endpointPath(view.ID, t.key)
		}
		f.Tabs = append(f.Tabs, link)
	}
	if f.Fragment {
		f.Chrome.MayChange = actor(c).Role.MayChange()
	} else {
		f.Chrome = h.chrome(c, f.Title, "endpoints")
	}
	return f, view, nil
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// endpointWhy says what an endpoint that is not available waits for.
func endpointWhy(v control.EndpointView) string {
	switch {
	case v.State == vpn.EndpointDeleting:
		return v.Observation.Waiting()
	case v.State != vpn.EndpointPendingAssociate:
		return ""
	}
	for _, a := range v.Associations {
		if a.Reason != "" {
			return a.Reason
		}
	}
	if len(v.Associations) > 0 {
		return v.Observation.Waiting()
	}
	return "Clients can connect after you associate the first target network."
}
