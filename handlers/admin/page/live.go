package page

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"sallyport/views/parts"
)

// Fragment tells whether the request is for the part of a page that renews itself.
func Fragment(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// How often parts renew themselves: states, connections and counters often, other things seldom.
const (
	RenewOften  = 3 * time.Second
	RenewSeldom = 5 * time.Second
)

// Live describes the part of this page that renews itself. shown is everything that the part shows,
// except relative times, which a script updates.
func Live(c echo.Context, id string, every time.Duration, shown ...any) parts.Live {
	query := url.Values{}
	for name, values := range c.QueryParams() {
		if name != "seen" && name != "pick" && name != "return" && name != parts.PickName {
			query[name] = values
		}
	}
	self := url.URL{Path: c.Request().URL.Path, RawQuery: query.Encode()}
	return parts.Live{ID: id, Self: self.String(), Seen: Digest(shown), Every: every}
}

// Digest is a hash of what a page shows.
func Digest(shown any) string {
	h := fnv.New64a()
	if err := json.NewEncoder(h).Encode(shown); err != nil {
		panic(fmt.Sprintf("handlers/admin: digest of a page: %v", err))
	}
	return fmt.Sprintf("%x", h.Sum64())
}

// RenderLive answers with a page, or with 204 if the browser already has what its live part shows.
func RenderLive(c echo.Context, l parts.Live, page templ.Component) error {
	if Fragment(c) && c.QueryParam("seen") == l.Seen {
		return c.NoContent(http.StatusNoContent)
	}
	return Render(c, http.StatusOK, page)
}
