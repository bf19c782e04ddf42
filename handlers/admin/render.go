package admin

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// Render draws a page. It is drawn into memory first: a component that fails midway must become
// an error page, not half a page with status 200.
func Render(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(ctx(c), &b); err != nil {
		return fmt.Errorf("draw %s: %w", c.Path(), err)
	}
	return c.HTMLBlob(status, b.Bytes())
}

func render(c echo.Context, status int, page templ.Component) error { return Render(c, status, page) }

// renderForm answers 422 where the form was refused and 200 where it is new.
func renderForm(c echo.Context, refused bool, page templ.Component) error {
	if refused {
		return Render(c, http.StatusUnprocessableEntity, page)
	}
	return Render(c, http.StatusOK, page)
}
