// Package page holds what the actions of the public pages share: rendering, the error page, the request's identifier,
// and the cookie of a sign-in.
package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/netip"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Render answers with a page. The page is rendered into memory first: if a component fails, the answer is an error
// page, not half a page with status 200.
func Render(c echo.Context, status int, page templ.Component) error {
	b, err := rendered(c, page)
	if err != nil {
		return err
	}
	return c.HTMLBlob(status, b)
}

// RenderPacked is Render for a page that may be long: it is compressed for browsers that take that. It is not for pages with
// secrets or with what another site can make a browser send: the length of an answer would tell of both.
func RenderPacked(c echo.Context, status int, page templ.Component) error {
	b, err := rendered(c, page)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
	if !strings.Contains(c.Request().Header.Get(echo.HeaderAcceptEncoding), "gzip") {
		return c.HTMLBlob(status, b)
	}
	h.Set(echo.HeaderContentEncoding, "gzip")
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(b) // to memory it cannot fail
	_ = w.Close()
	return c.HTMLBlob(status, packed.Bytes())
}

func rendered(c echo.Context, page templ.Component) ([]byte, error) {
	var b bytes.Buffer
	ctx := Context(c)
	if brand, set := c.Get(brandKey).(func(context.Context) views.Brand); set {
		ctx = views.WithBrand(ctx, brand(ctx))
	}
	if err := page.Render(ctx, &b); err != nil {
		return nil, fmt.Errorf("render %s: %w", c.Path(), err)
	}
	return b.Bytes(), nil
}

const brandKey = "brand"

// SetBrand tells what the pages of the request say of themselves. Package web calls it.
func SetBrand(c echo.Context, brand func(context.Context) views.Brand) { c.Set(brandKey, brand) }

// BrandOf is a branding as pages show it.
func BrandOf(b vpn.Branding) views.Brand {
	out := views.Brand{Title: b.Title, Contact: b.Contact, Help: b.Help}
	if b.Logo.Digest != "" {
		out.Logo = LogoPath + b.Logo.Digest + ".png"
		out.LogoWidth, out.LogoHeight = b.Logo.Width, b.Logo.Height
	}
	return out
}

// LogoPath begins the path of the logo on the public pages.
const LogoPath = "/logo/"

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
