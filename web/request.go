package web

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
)

// identify gives each request a random identifier. An identifier from the client is not used: it
// would end up in the audit trail.
func identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var b [8]byte
		_, _ = rand.Read(b[:])
		id := hex.EncodeToString(b[:])
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

func requestID(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// logRequests logs each request, those that only read at debug level. It logs neither query nor body:
// the secret of a set-up link is in the query. It answers an error first, so that the line has the
// status that was sent.
func logRequests(log *slog.Logger, now func() time.Time) echo.MiddlewareFunc {
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
			caller, _ := page.CallerOf(c)
			log.LogAttrs(c.Request().Context(), level, "request",
				slog.String("method", truncate(c.Request().Method)), slog.String("path", truncate(c.Request().URL.Path)),
				slog.Int("status", c.Response().Status), slog.Int64("bytes", c.Response().Size),
				slog.Duration("took", now().Sub(started)), slog.String("source", c.RealIP()),
				slog.String("user", caller.Administrator.Username), slog.String("request_id", requestID(c)))
			return nil
		}
	}
}

// maxLogged is how many bytes of a method or path are logged: an unauthenticated client chooses them.
const maxLogged = 256

func truncate(s string) string {
	if len(s) <= maxLogged {
		return s
	}
	return strings.ToValidUTF8(s[:maxLogged], "") + "…"
}

// recoverPanics turns a panic into an internal error of its request.
func recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p) // net/http drops the connection
			default:
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return next(c)
	}
}
