package web

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

const (
	// maxListBody is for the form of a certificate revocation list: 100,000 entries in PEM, whose line ends and plus signs take three
	// characters each in a form.
	maxListBody = 8 << 20

	maxBody = 1 << 20 // bytes; the largest forms hold certificates of a few kilobytes

	// maxDrained is how much of a refused body is read and discarded, in bytes. If the server closed
	// the connection while the browser still sends, the browser would show a connection error instead
	// of the error page.
	maxDrained = 32 << 20

	// Likewise of the public pages. The largest form is the answer of an identity provider: 128 KiB in base64,
	// some characters of which take three in a form.
	maxPublicBody    = 256 << 10
	maxPublicDrained = 2 << 20
	// The other forms of the public pages hold a name, a password and a code.
	maxPublicForm = 32 << 10
)

// limitBody refuses request bodies above limit bytes, and reads a refused one up to drained bytes.
func limitBody(limit, drained int64) echo.MiddlewareFunc {
	return limitBodyOf(func(string) int64 { return limit }, drained)
}

// limitBodyOf is limitBody with a limit that depends on the route.
func limitBodyOf(limitOf func(route string) int64, drained int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r, limit := c.Request(), limitOf(c.Path())
			if r.Method == http.MethodPost && c.Path() == uploadRoute {
				return next(c)
			}
			if r.ContentLength > limit {
				_, _ = io.CopyN(io.Discard, r.Body, drained)
				return &http.MaxBytesError{Limit: limit}
			}
			r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
			return next(c)
		}
	}
}
