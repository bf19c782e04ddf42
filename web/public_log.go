package web

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// logPublicRequests logs each request, those that only read at debug level. It logs the route and not the path, which
// holds the secret of a sign-in. It answers an error first, so that the line has the status that was sent.
func logPublicRequests(log *slog.Logger, now func() time.Time) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			started := now()
			if err := next(c); err != nil {
				c.Error(err)
			}
			level := slog.LevelInfo
			if c.Request().Method == http.MethodGet || c.Request().Method == http.MethodHead {
				level = slog.LevelDebug
			}
			log.LogAttrs(c.Request().Context(), level, "public request",
				slog.String("method", truncate(c.Request().Method)), slog.String("route", c.Path()),
				slog.Int("status", c.Response().Status), slog.Int64("bytes", c.Response().Size),
				slog.Duration("took", now().Sub(started)), slog.String("source", c.RealIP()), slog.String("request_id", requestID(c)))
			return nil
		}
	}
}
