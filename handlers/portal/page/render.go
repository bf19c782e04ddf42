// Package page holds what the actions of the public pages share: rendering, the error page, the request's identifier,
// and the cookie of a sign-in.
package page

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	views "sallyport/views/portal"
)

// Render answers with a page. The page is rendered into memory first: if a component fails, the answer is an error
// page, not half a page with status 200.
func Render(c echo.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(Context(c), &b); err != nil {
		return fmt.Errorf("render %s: %w", c.Path(), err)
	}
	return c.HTMLBlob(status, b.Bytes())
}

// Failure answers with the error page. Package web translates errors into the status and the text.
func Failure(c echo.Context, status int, f views.Failure) error {
	return Render(c, status, views.ErrorPage(f))
}

// Context is the context of the request.
func Context(c echo.Context) context.Context { return c.Request().Context() }

// Address is that of the browser.
func Address(c echo.Context) netip.Addr {
	addr, _ := netip.ParseAddr(c.RealIP()) // of a connection of this host's own listener it is one
	return addr.Unmap()
}

// RequestID is the identifier of the request, for logs and audit records. Package web sets it.
func RequestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }
