package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"sallyport/handlers/portal"
)

// PublicConfig is what the public pages need.
type PublicConfig struct {
	Services       portal.Services
	Log            *slog.Logger
	Now            func() time.Time
	URL            *url.URL       // base of the pages
	Loopback       bool           // they are served on a loopback address: localhost and addresses are names of theirs as well
	PlainHTTP      bool           // no TLS: only this host and TrustedProxies get an answer
	TrustedProxies []netip.Prefix // their X-Forwarded-For and X-Forwarded-Proto are trusted
}

// acsPattern is the only unsafe request that another site may make a browser send: the page of an identity provider
// sends its answer as a form. What the answer is worth, its signature and the request that it answers decide.
const acsPattern = "POST /saml/{provider}/acs"

// NewPublic makes the handler of the public pages: what end users and identity providers open. It shares no route, session
// or cookie with the console.
func NewPublic(c PublicConfig) http.Handler {
	e := newEcho(c.TrustedProxies)
	e.HTTPErrorHandler = publicErrorHandler(c.Log)
	// The scheme decides the names of the cookies, so no request has a say in it: behind a proxy that does not report the
	// scheme, cookies would lose the prefix that keeps other hosts of the domain from setting them.
	e.SchemeExtractor = func(*http.Request) string { return c.URL.Scheme }
	e.Use(
		identify,
		logPublicRequests(c.Log, c.Now),
		brandPages(c.Services.Branding, c.Log),
		recoverPanics,
		publicHeaders,
		publicHosts(c.URL, c.Loopback),
		refuseCrossOrigin("This request came from another site and was refused. Start the connection in your VPN client again."),
		limitBody(maxPublicBody, maxPublicDrained),
	)
	for _, r := range publicRoutes(portal.New(portal.Config{Services: c.Services, Log: c.Log, Now: c.Now}), c.Services) {
		add(e, r.method, r.path, r.policy.guard(r.handler, c.Services.Portal))
	}
	h := trustProxyHeaders(c.TrustedProxies, c.Log, sameOrigin(e, acsPattern))
	if c.PlainHTTP {
		h = onlyProxies("These pages", c.TrustedProxies, h)
	}
	return h
}
