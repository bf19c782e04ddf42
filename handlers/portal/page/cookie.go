package page

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// Names of the cookie of a sign-in in the browser. With the prefix __Host- browsers refuse the cookie from another host
// or path and without Secure. Neither name is one of the console's: on one host browsers send cookies to every port.
const (
	secureLoginCookie = "__Host-sallyport-login"
	plainLoginCookie  = "sallyport-login" // over plain HTTP, which is for loopback only
)

// LoginToken is what SetLoginToken has given to this browser; "" for nothing.
func LoginToken(c echo.Context) string {
	cookie, err := c.Cookie(loginCookie(c).Name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// SetLoginToken gives a token to this browser that binds a sign-in to it, for so long. The identity provider's page
// sends the browser back by a form of another site, and only a cookie with SameSite=None comes along.
func SetLoginToken(c echo.Context, token string, life time.Duration) {
	cookie := loginCookie(c) //nolint:gosec // G124: loginCookie sets the attributes
	cookie.Value, cookie.MaxAge = token, int(life.Seconds())
	c.SetCookie(cookie)
}

// EndLoginToken takes the token from the browser.
func EndLoginToken(c echo.Context) {
	cookie := loginCookie(c) //nolint:gosec // G124: loginCookie sets the attributes
	cookie.MaxAge = -1
	c.SetCookie(cookie)
}

// loginCookie is the cookie without a value. Browsers take SameSite=None with Secure only; they take Secure from
// http://localhost as well, but some of them not with the prefix.
func loginCookie(c echo.Context) *http.Cookie {
	name := plainLoginCookie
	if c.Scheme() == "https" {
		name = secureLoginCookie
	}
	return &http.Cookie{Name: name, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteNoneMode} //nolint:gosec // G124: see SetLoginToken for SameSite
}

// CookieNames are the names of all cookies of the public pages.
func CookieNames() []string {
	names := []string{secureLoginCookie, plainLoginCookie}
	for _, n := range []string{portalCookie, endpointCookie} {
		names = append(names, securePrefix+n, n)
	}
	return names
}
