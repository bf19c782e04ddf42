package web

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"
)

// unknownHost is a request for a host name that is not one of the listener.
type unknownHost struct {
	name     string
	sentence string // says to the user what to do about it
}

func (e unknownHost) Error() string { return "request for the unknown host name " + e.name }

// notConsole is a request for a host name that the console does not answer to.
func notConsole(name string) unknownHost {
	if name == "" {
		return unknownHost{name, "The request does not say which host it is for. Open the console by its name or address."}
	}
	return unknownHost{name, "This console does not accept the host name " + name + ". If it is a name of this host, add it to the setting console_names and restart Sallyport; otherwise open the console by its address."}
}

// notPublic is a request to the console for the host name of the public pages.
func notPublic(name string) unknownHost {
	return unknownHost{name, name + " is the name of the public pages (public_url), and the console does not answer to it. Open the console by another name or by its address."}
}

// allowedHosts refuses requests for host names that are not configured. It stops DNS rebinding: a
// foreign page whose name server resolves its name to this host would have the origin of the console
// in the browser, and could read every page and send every form. An IP address cannot be rebound, so
// it is always allowed.
// The host of the public pages is never allowed: browsers send cookies to every port of a host.
// publicName gives the public name that is in force: it can be changed while the console runs.
func allowedHosts(names []string, publicHost string, publicName func(context.Context) (string, error)) echo.MiddlewareFunc {
	allowed := map[string]bool{"localhost": true}
	for _, n := range names {
		allowed[plainHost(n)] = true
	}
	delete(allowed, "")
	public := plainHost(publicHost)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			name := plainHost(c.Request().Host)
			if public != "" && name == public {
				return notPublic(name)
			}
			if _, err := netip.ParseAddr(name); err == nil || allowed[name] {
				return next(c)
			}
			set, err := publicName(c.Request().Context())
			if err != nil {
				return err
			}
			if set != "" && name == plainHost(set) {
				return next(c)
			}
			return notConsole(name)
		}
	}
}

// plainHost normalizes a host for comparison: no port, no brackets, no final dot, lower case, and of an
// address the usual form.
func plainHost(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().String()
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
