package admin

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

// render answers with a page. The page is drawn into memory first: a component that fails midway
// must become an error page, not half a page with status 200.
func render(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(ctx(c), &b); err != nil {
		return fmt.Errorf("draw %s: %w", c.Path(), err)
	}
	return c.HTMLBlob(status, b.Bytes())
}

// renderForm answers 200 where the form is new, 422 where it was refused, and 503 where nothing can
// be saved at present (a full disk): what was typed is in the form, to be sent again.
func renderForm(c echo.Context, refused error, page templ.Component) error {
	switch {
	case refused == nil:
		return render(c, http.StatusOK, page)
	case vpn.KindOf(refused) == vpn.Unavailable:
		c.Response().Header().Set("Retry-After", "30")
		return render(c, http.StatusServiceUnavailable, page)
	default:
		return render(c, http.StatusUnprocessableEntity, page)
	}
}
