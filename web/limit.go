package web

import (
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

const (
	maxBody = 1 << 20 // no form of ours comes near: certificates are a few kilobytes

	// drained is how much of a refused body is read and thrown away. A server that answers and
	// closes while a browser still sends shows a broken connection instead of our sentence.
	drained = 32 << 20
)

// limitBody bounds what a request may carry.
func limitBody(limit int64) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			if r.ContentLength > limit {
				_, _ = io.CopyN(io.Discard, r.Body, drained)
				return &http.MaxBytesError{Limit: limit}
			}
			r.Body = http.MaxBytesReader(c.Response(), r.Body, limit)
			return next(c)
		}
	}
}
