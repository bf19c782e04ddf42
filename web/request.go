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

	"sallyport/handlers/admin"
)

// identify gives each request an identifier of our own making: what a client sends would end up
// in the audit trail.
func identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		var b [8]byte
		_, _ = rand.Read(b[:])
		id := hex.EncodeToString(b[:])
		admin.SetRequestID(c, id)
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

// logRequests writes a line for each request: at debug level for those that only read. Neither
// query nor body is in it: a set-up link's secret is in the query. It turns the error into its
// page first, so that the line has the status that was sent.
func logRequests(log *slog.Logger, now func() time.Time) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			began := now()
			if err := next(c); err != nil {
				c.Error(err)
			}
			level := slog.LevelInfo
			if c.Request().Method == http.MethodGet || c.Request().Method == http.MethodHead {
				level = slog.LevelDebug
			}
			caller, _ := admin.CallerOf(c)
			log.LogAttrs(c.Request().Context(), level, "request",
				slog.String("method", short(c.Request().Method)), slog.String("path", short(c.Request().URL.Path)),
				slog.Int("status", c.Response().Status), slog.Int64("bytes", c.Response().Size),
				slog.Duration("took", now().Sub(began)), slog.String("source", c.RealIP()),
				slog.String("user", caller.Administrator.Username), slog.String("request_id", admin.RequestID(c)))
			return nil
		}
	}
}

// longestLogged bounds what a stranger can make a log line hold.
const longestLogged = 256

func short(s string) string {
	if len(s) <= longestLogged {
		return s
	}
	return strings.ToValidUTF8(s[:longestLogged], "") + "…"
}

// recoverPanics makes a panic an internal error of its request.
func recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p) // net/http's own way to drop a connection
			default:
				err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		return next(c)
	}
}
