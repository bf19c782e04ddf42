package web

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

const (
	maxBody = 1 << 20 // bytes; the largest forms hold certificates of a few kilobytes

	// maxDrained is how much of a refused body is read and discarded, in bytes. If the server closed
	// the connection while the browser still sends, the browser would show a connection error instead
	// of the error page.
	maxDrained = 32 << 20
)

// limitBody refuses request bodies above limit bytes.
func limitBody(limit int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if r.ContentLength > limit {
				_, _ = io.CopyN(io.Discard, r.Body, maxDrained)
				return &http.MaxBytesError{Limit: limit}
			}
			r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
			return next(c)
		}
	}
}
