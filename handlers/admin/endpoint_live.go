package admin

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"regexp"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
)

// fragment tells whether only the part of a page that renews itself is asked for.
func fragment(c echo.Context) bool { return c.Request().Header.Get("HX-Request") == "true" }

// relativeTimes move with the clock while nothing changes; the page's script keeps them current.
var relativeTimes = regexp.MustCompile(`"Relative":"[^"]*"`)

// live describes the part of the page that renews itself and shows the given things.
func live(c echo.Context, id string, shown ...any) (views.Live, error) {
	encoded, err := json.Marshal(shown)
	if err != nil {
		return views.Live{}, fmt.Errorf("digest of %s: %w", c.Path(), err)
	}
	h := fnv.New64a()
	_, _ = h.Write(relativeTimes.ReplaceAll(encoded, nil))
	u := url.URL{Path: c.Request().URL.Path}
	query := c.QueryParams()
	kept := url.Values{}
	for name, values := range query {
		if name != "seen" && name != ticked {
			kept[name] = values
		}
	}
	u.RawQuery = kept.Encode()
	return views.Live{ID: id, Self: u.String(), Seen: fmt.Sprintf("%x", h.Sum64())}, nil
}

// ticked is the name of the checkboxes that travel with a renewal, so that ticks survive it.
const ticked = "connection"

// renderLive draws a page, or answers that nothing has changed on it.
func renderLive(c echo.Context, l views.Live, page templ.Component) error {
	if fragment(c) && c.QueryParam("seen") == l.Seen {
		return c.NoContent(http.StatusNoContent)
	}
	return render(c, http.StatusOK, page)
}
