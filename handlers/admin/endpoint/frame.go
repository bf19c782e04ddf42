package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// The tabs of an endpoint, with the labels and the order of the guide.
var endpointTabs = []struct{ key, label string }{
	{"", "Details"},
	{"associations", "Target network associations"},
	{"rules", "Authorization rules"},
	{"routes", "Route table"},
	{"connections", "Connections"},
	{"tags", "Tags"},
}

// listCrumbs are the breadcrumbs of the pages about one endpoint, or several.
var listCrumbs = []parts.Crumb{{Label: "Client VPN endpoints", Href: "/endpoints"}}

// crumbs are the breadcrumbs of a page about a part of the endpoint that the path names.
func (h *common) crumbs(c echo.Context, tab string) ([]parts.Crumb, error) {
	id := endpointID(c)
	names, err := h.endpoints.EndpointNames(page.Context(c), page.Principal(c), id)
	return endpointCrumbs(vpn.Endpoint{ID: id, Name: names[id]}, tab), err
}

// endpointCrumbs are the breadcrumbs of a form of an endpoint.
func endpointCrumbs(e vpn.Endpoint, tab string) []parts.Crumb {
	crumbs := append(listCrumbs[:1:1], parts.Crumb{Label: views.NameOr(e.Name, e.ID), Href: views.EndpointPath(e.ID)})
	for _, t := range endpointTabs {
		if t.key != "" && t.key == tab {
			crumbs = append(crumbs, parts.Crumb{Label: t.label, Href: views.EndpointPath(e.ID, t.key)})
		}
	}
	return crumbs
}

// frame reads an endpoint and makes what is common to its tabs.
func (h *common) frame(c echo.Context, tab string) (views.EndpointFrame, endpoint.View, error) {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		if page.Fragment(c) && vpn.KindOf(err) == vpn.NotFound {
			c.Response().Header().Set("HX-Redirect", "/endpoints") // the endpoint was deleted while a browser showed it
		}
		return views.EndpointFrame{}, view, err
	}
	f := views.EndpointFrame{Endpoint: view.Endpoint, State: view.State, Reason: view.Reason, Fragment: page.Fragment(c),
		Trouble: view.Trouble, Faults: view.Faults, Remote: view.Remote, Connected: view.Connections, Away: view.Away, Unequal: view.Unequal, SubnetNames: subnetNames(view)}
	for _, a := range view.Associations {
		if a.Removed == 0 {
			f.Associations++
		}
		if a.Way.Doubtful() && !a.Test.Proves(a.Way) {
			if f.Untested == nil {
				f.Untested = map[string]bool{}
			}
			f.Untested[string(a.ID)] = true
		}
	}
	title := views.NameOr(view.Name, view.ID)
	for _, t := range endpointTabs {
		link := parts.Tab{Label: t.label, Href: f.Path(), Current: t.key == tab}
		switch t.key {
		case "":
		case "associations":
			link.Count, link.CountID = count(len(view.Associations)), views.AssociationCountID
		case "rules":
			link.Count, link.CountID = count(view.Rules), views.RuleCountID
		case "routes":
			link.Count, link.CountID = count(view.Routes), views.RouteCountID
		case "tags":
			link.Count = count(len(view.Tags))
		case "connections":
			link.Count, link.CountID = count(view.Connections+view.Away), views.ConnectionCountID
		}
		if link.Current {
			title = t.label + " · " + title
		}
		if t.key != "" {
			link.Href = f.Path(t.key)
		}
		f.Tabs = append(f.Tabs, link)
	}
	if f.Fragment {
		f.Chrome.MayChange, f.Chrome.Now = page.Principal(c).Role.MayChange(), h.pages.Now()
	} else {
		f.Chrome = h.pages.Chrome(c, title, "endpoints")
	}
	return f, view, nil
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return parts.Number(n)
}

// liveTab is page.Live for a tab of an endpoint: the state and the counts of the tabs are renewed too.
func liveTab(c echo.Context, f views.EndpointFrame, id string, shown ...any) parts.Live {
	l := page.Live(c, id, page.RenewOften, f.State, f.Reason, f.Trouble, f.Faults, f.Connected, f.Away, f.Tabs, f.Endpoint.Deleting, shown)
	l.Also = []string{
		views.EndpointStateID, views.EndpointTroubleID, views.SessionCountID,
		views.AssociationCountID, views.RuleCountID, views.RouteCountID, views.ConnectionCountID,
	}
	return l
}
