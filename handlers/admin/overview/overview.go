// Package overview holds the console's first page.
package overview

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/overview"
	"sallyport/control/tutorial"
	"sallyport/handlers/admin/page"
	steps "sallyport/handlers/admin/tutorial"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Overview is the first page.
type Overview struct {
	pages    *page.Pages
	overview *overview.Service
}

// New makes the actions.
func New(pages *page.Pages, service *overview.Service) Overview { return Overview{pages, service} }

// View shows what needs attention first, and who is connected.
func (h Overview) View(c echo.Context) error {
	o, err := h.overview.Overview(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	v := views.Overview{
		Attention: attention(o), Figures: figures(o), Endpoints: o.Endpoints, More: o.MoreOfThem, Connections: o.Connections,
		QuickStart: len(o.Endpoints) == 0, Tutorial: card(c, o.Steps),
	}
	v.Live = page.Live(c, "overview", page.RenewOften, v.Attention, v.Figures, v.Tutorial, v.More, shown(o))
	v.Fragment = page.Fragment(c)
	v.Chrome = h.pages.Chrome(c, "Overview", "overview")
	return page.RenderLive(c, v.Live, views.OverviewPage(v))
}

// shown is what the page shows of endpoints and connections: their counters, which change all the time, are not among it.
func shown(o overview.Overview) (out []string) {
	for _, e := range o.Endpoints {
		out = append(out, e.Name, string(e.ID), string(e.State), strconv.Itoa(e.Connections))
	}
	for _, c := range o.Connections {
		out = append(out, string(c.ID), c.Username, string(c.Status), c.EndpointName)
	}
	return out
}

func attention(o overview.Overview) []views.OverviewAttention {
	var out []views.OverviewAttention
	for _, a := range o.Attention {
		row := views.OverviewAttention{Failed: a.Failed, Text: a.Text, Label: a.Endpoint.Label(), Href: views.EndpointPath(a.Endpoint.ID)}
		if a.Untested {
			row.Href = views.EndpointPath(a.Endpoint.ID, "associations")
		}
		out = append(out, row)
	}
	if o.Unnamed && len(o.Endpoints) > 0 {
		out = append(out, views.OverviewAttention{Label: "Public name", Href: "/settings#public_name", Text: "No public name is set: configuration files name this host's own address, which users outside may not reach."})
	}
	return out
}

// kept is the time of which ended connections and refused attempts are kept.
const kept = "in the last 90 days"

func figures(o overview.Overview) []views.OverviewFigure {
	count := func(n int, more bool) string {
		if more {
			return "over " + parts.Number(n)
		}
		return parts.Number(n)
	}
	return []views.OverviewFigure{
		{Label: "connections", Value: parts.Number(o.Counts.Active), Note: "at this moment", Href: "/connections"},
		{Label: "ended", Value: count(o.Counts.Ended, o.Counts.MoreEnded), Note: kept, Href: "/connections?view=" + vpn.ViewEnded},
		{Label: "refused", Value: count(o.Counts.Refused, o.Counts.MoreRefused), Note: kept, Href: "/connections?view=refused"},
	}
}

// card is the tutorial's card until it is done or dismissed.
func card(c echo.Context, list []tutorial.Step) *views.OverviewTutorial {
	if steps.Dismissed(c) {
		return nil
	}
	out := views.OverviewTutorial{Total: len(list)}
	finished := true
	for _, s := range list {
		if s.Done {
			out.Done++
		}
		if s.Next {
			out.Next = steps.Title(s.Key)
		}
		finished = finished && (s.Done || s.Optional)
	}
	if finished {
		return nil
	}
	return &out
}

// Dismiss takes the tutorial's card away in this browser; the tutorial stays in the menu.
func (h Overview) Dismiss(c echo.Context) error {
	steps.Dismiss(c)
	return c.Redirect(http.StatusSeeOther, "/")
}
