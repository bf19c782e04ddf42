package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/handlers/admin"
)

// Config is what the console needs.
type Config struct {
	Control        *control.Service
	Log            *slog.Logger
	Now            func() time.Time
	SessionLife    time.Duration  // lifetime of the session cookie: the absolute limit of a session
	PlainHTTP      bool           // no TLS: only this host and TrustedProxies get an answer
	TrustedProxies []netip.Prefix // their X-Forwarded-For and X-Forwarded-Proto are trusted
	Names          []string       // allowed host names, besides localhost and every IP address
}

// New makes the handler of the console. The same-origin check comes first: a request that another
// site made the browser send reaches only the error page.
func New(c Config) http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(io.Discard) // slog is used instead
	e.IPExtractor = clientAddress(c.TrustedProxies)

	sessions := &browserSessions{control: c.Control, life: c.SessionLife}
	console := admin.New(admin.Config{Control: c.Control, Sessions: sessions, Log: c.Log, Now: c.Now})
	e.HTTPErrorHandler = errorHandler(c.Log, console)
	e.Use(
		identify,
		logRequests(c.Log, c.Now),
		recoverPanics,
		secureHeaders,
		allowedHosts(c.Names),
		refuseCrossOrigin,
		limitBody(maxBody),
		sessions.load,
	)
	register(e, c.Control, routes(console, c.Control))
	h := trustProxyHeaders(c.TrustedProxies, c.Log, sameOrigin(e))
	if c.PlainHTTP {
		h = onlyProxies(c.TrustedProxies, h)
	}
	return h
}
