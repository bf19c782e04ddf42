package web

import (
	"net/netip"
	"net/url"

	"github.com/labstack/echo/v4"
)

// publicHosts refuses requests for host names other than that of the public pages. On a loopback address localhost and
// addresses are names as well: the reverse proxy on this host may use them.
func publicHosts(base *url.URL, loopback bool) echo.MiddlewareFunc {
	own := plainHost(base.Host)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			name := plainHost(c.Request().Host)
			_, notAddress := netip.ParseAddr(name)
			if name == own || loopback && (name == "localhost" || notAddress == nil) {
				return next(c)
			}
			return unknownHost{name: name, sentence: "These pages are at " + base.String() + "."}
		}
	}
}
