package page

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/vpn"
)

// Render answers with a page. The page is rendered into memory first: if a component fails, the answer
// is an error page, not half a page with status 200.
func Render(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(Context(c), &b); err != nil {
		return fmt.Errorf("render %s: %w", c.Path(), err)
	}
	return c.HTMLBlob(status, b.Bytes())
}

// RenderForm answers with a form: 200 for a new one, 422 for a refused one, and 503 while nothing can be
// saved (a full disk). The form keeps what was typed.
func RenderForm(c echo.Context, refused error, page templ.Component) error {
	switch {
	case refused == nil:
		return Render(c, http.StatusOK, page)
	case vpn.KindOf(refused) == vpn.Unavailable:
		c.Response().Header().Set("Retry-After", "30")
		return Render(c, http.StatusServiceUnavailable, page)
	default:
		return Render(c, http.StatusUnprocessableEntity, page)
	}
}

// Failure answers with the error page. Package web translates errors into the status and the text.
func (p *Pages) Failure(c echo.Context, status int, f views.Failure) error {
	return Render(c, status, views.ErrorPage(p.Chrome(c, f.Title, ""), f))
}
