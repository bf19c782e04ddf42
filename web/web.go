package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin"
)

// Config is what the console needs.
type Config struct {
	Services       admin.Services
	Log            *slog.Logger
	Now            func() time.Time
	SessionLife    time.Duration  // lifetime of the session cookie: the absolute limit of a session
	PlainHTTP      bool           // no TLS: only this host and TrustedProxies get an answer
	TrustedProxies []netip.Prefix // their X-Forwarded-For and X-Forwarded-Proto are trusted
	Names          []string       // allowed host names, besides localhost and every IP address
	PublicHost     string         // host of the public pages, which is never allowed; "" on loopback
}

// New makes the handler of the console. The same-origin check comes first: a request that another
// site made the browser send reaches only the error page.
func New(c Config) http.Handler {
	e := newEcho(c.TrustedProxies)
	sessions := &browserSessions{access: c.Services.Access, life: c.SessionLife}
	console := admin.New(admin.Config{Services: c.Services, Cookie: sessions, Log: c.Log, Now: c.Now})
	e.HTTPErrorHandler = errorHandler(c.Log, console)
	e.Use(
		identify,
		logRequests(c.Log, c.Now),
		recoverPanics,
		secureHeaders,
		allowedHosts(c.Names, c.PublicHost, c.Services.Core.PublicName),
		refuseCrossOrigin("This request came from another site and was refused. Open the console itself and try again."),
		limitBodyOf(consoleLimit, maxDrained),
		sessions.load,
	)
	register(e, c.Services, routes(console, c.Services.Core))
	h := trustProxyHeaders(c.TrustedProxies, c.Log, sameOrigin(e))
	if c.PlainHTTP {
		h = onlyProxies("The console", c.TrustedProxies, h)
	}
	return h
}

// consoleLimit is the longest body of a route of the console.
func consoleLimit(route string) int64 {
	if strings.HasSuffix(route, "/revocation-list/import") {
		return maxListBody
	}
	return maxBody
}

// newEcho makes an instance that takes the client's address and scheme from declared proxies.
func newEcho(proxies []netip.Prefix) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.Logger.SetOutput(io.Discard) // slog is used instead
	e.IPExtractor, e.SchemeExtractor = clientAddress(proxies), clientScheme
	return e
}
