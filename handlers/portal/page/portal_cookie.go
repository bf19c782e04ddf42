package page

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/portal"
	"sallyport/vpn"
)

// The cookies of the self-service portal: of the session, and of the endpoint that the browser signed in to.
const (
	securePrefix   = "__Host-"
	portalCookie   = "sallyport-portal"
	endpointCookie = "sallyport-endpoint"
)

// endpointLife is how long a browser remembers the endpoint.
const endpointLife = 180 * 24 * time.Hour

// longestCookie bounds what is looked up.
const longestCookie = 64

// PortalToken is the cookie of the session; empty: the browser has none.
func PortalToken(c echo.Context) vpn.Secret { return vpn.Secret(value(c, portalCookie)) }

// SetPortalToken gives the browser the cookie of a session, until it is closed: the session itself ends by its own limits.
func SetPortalToken(c echo.Context, token vpn.Secret) { set(c, portalCookie, token.Reveal(), 0) }

// EndPortalToken takes the cookie of the session from the browser.
func EndPortalToken(c echo.Context) { set(c, portalCookie, "", -1) }

// Endpoint is the endpoint that the browser signed in to; empty: it is not known.
func Endpoint(c echo.Context) vpn.EndpointID { return vpn.EndpointID(value(c, endpointCookie)) }

// SetEndpoint has the browser remember the endpoint.
func SetEndpoint(c echo.Context, id vpn.EndpointID) {
	set(c, endpointCookie, string(id), int(endpointLife.Seconds()))
}

// named is the name of a cookie over the request's scheme: browsers take the prefix with Secure only.
func named(c echo.Context, name string) string {
	if c.Scheme() == "https" {
		return securePrefix + name
	}
	return name
}

func value(c echo.Context, name string) string {
	cookie, err := c.Cookie(named(c, name))
	if err != nil || len(cookie.Value) > longestCookie {
		return ""
	}
	return cookie.Value
}

func set(c echo.Context, name, value string, maxAge int) {
	c.SetCookie(&http.Cookie{ //nolint:gosec // G124: plain HTTP is for loopback only
		Name: named(c, name), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: c.Scheme() == "https", SameSite: http.SameSiteLaxMode,
	})
}

const userKey = "portal user"

// SetUser tells the actions who has signed in to the self-service portal. Package web calls it.
func SetUser(c echo.Context, u portal.User) { c.Set(userKey, u) }

// User is who has signed in to the self-service portal, where the route's policy demands it.
func User(c echo.Context) portal.User {
	u, _ := c.Get(userKey).(portal.User) // without a user no use case allows anything
	return u
}

// Visitor is the browser of the request.
func Visitor(c echo.Context) portal.Visitor {
	return portal.Visitor{Addr: Address(c), Request: RequestID(c)}
}
