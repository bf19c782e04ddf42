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

// Config is what the console's front needs.
type Config struct {
	Control        *control.Service
	Log            *slog.Logger
	Now            func() time.Time
	SessionLife    time.Duration  // after which a browser forgets its cookie: the sessions' absolute limit
	PlainHTTP      bool           // no TLS here: then only this host and TrustedProxies are answered
	TrustedProxies []netip.Prefix // whose X-Forwarded-For and X-Forwarded-Proto are believed
	Names          []string       // host names that the console answers to, besides localhost and every address
}

// New makes the console. The same-origin check is outermost: a request that another site made
// the browser send reaches nothing but the error page.
func New(c Config) http.Handler {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(io.Discard) // ours is slog
	e.IPExtractor = clientAddress(c.TrustedProxies)

	sessions := &browserSessions{control: c.Control, life: c.SessionLife}
	console := admin.New(admin.Config{Control: c.Control, Sessions: sessions, Log: c.Log, Now: c.Now})
	e.HTTPErrorHandler = errorHandler(c.Log, console)
	e.Use(
		identify,
		logRequests(c.Log, c.Now),
		recoverPanics,
		secureHeaders,
		knownHosts(c.Names),
		refuseForeign,
		limitBody(maxBody),
		sessions.load,
	)
	register(e, c.Control, routes(console, c.Control))
	h := believeProxies(c.TrustedProxies, c.Log, sameOrigin(e))
	if c.PlainHTTP {
		h = onlyProxies(c.TrustedProxies, h)
	}
	return h
}
