package admin

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// fragment tells whether only the part of a page that renews itself is asked for.
func fragment(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// How often parts renew themselves: states, connections and counters, and what changes more rarely.
const (
	renewOften  = 3 * time.Second
	renewSeldom = 5 * time.Second
)

// ticked is the name of the checkboxes that travel with a renewal, so that ticks survive it.
const ticked = "connection"

// live describes the part of this page that renews itself. shown is everything that it shows but
// for relative times, which the page's script keeps current.
func live(c echo.Context, id string, every time.Duration, shown ...any) parts.Live {
	query := url.Values{}
	for name, values := range c.QueryParams() {
		if name != "seen" && name != ticked {
			query[name] = values
		}
	}
	self := url.URL{Path: c.Request().URL.Path, RawQuery: query.Encode()}
	return parts.Live{ID: id, Self: self.String(), Seen: digest(shown), Every: every}
}

// liveTab is live for a tab of an endpoint: the state and the counts of the other tabs come with it.
func liveTab(c echo.Context, f views.EndpointFrame, id string, shown ...any) parts.Live {
	l := live(c, id, renewOften, f.State, f.Reason, f.Tabs, f.Endpoint.Deleting, shown)
	l.Also = []string{views.EndpointStateID, views.AssociationCountID, views.ConnectionCountID}
	return l
}

// digest tells two states of what a page shows apart.
func digest(shown any) string {
	h := fnv.New64a()
	if err := json.NewEncoder(h).Encode(shown); err != nil {
		panic(fmt.Sprintf("handlers/admin: what a page shows has no JSON: %v", err))
	}
	return fmt.Sprintf("%x", h.Sum64())
}

// renderLive draws a page, or answers that its live part still shows what the browser has seen.
func renderLive(c echo.Context, l parts.Live, page templ.Component) error {
	if fragment(c) && c.QueryParam("seen") == l.Seen {
		return c.NoContent(http.StatusNoContent)
	}
	return render(c, http.StatusOK, page)
}
