package web

import (
	"net"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
)

// unknownHost is a request under a name that this console is not known by.
type unknownHost struct{ name string }

func (e unknownHost) Error() string { return "request under the unknown host name " + e.name }

// sentence says what to do about it.
func (e unknownHost) sentence() string {
	if e.name == "" {
		return "The request does not say which host it is for. Open the console by its name or address."
	}
	return "This console does not accept the host name " + e.name + ". If it is a name of this host, add it to the setting console_names and restart Sallyport; otherwise open the console by its address."
}

// knownHosts refuses requests under names that are not ours. A page of somebody else's, whose name
// server turns its name into our address once it is loaded, would be of our own origin for the
// browser: it could read every page and press every button. An address is no name that anybody could
// turn, and a reverse proxy passes on either an address or the name that people know us by.
func knownHosts(names []string) echo.MiddlewareFunc {
	known := map[string]bool{"localhost": true}
	for _, n := range names {
		known[plainHost(n)] = true
	}
	delete(known, "")
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			name := plainHost(c.Request().Host)
			if _, err := netip.ParseAddr(name); err == nil || known[name] {
				return next(c)
			}
			return unknownHost{name}
		}
	}
}

// plainHost is a host as it is compared: without port, brackets, final dot and capitals.
func plainHost(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
