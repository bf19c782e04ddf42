package web

import (
	"github.com/labstack/echo/v4"
)

// publicPolicyOfContent allows style sheets and images of this server: no script, no frame. Chromium applies
// form-action to the redirects after a form as well, so the way to an identity provider is a link, never a form.
const publicPolicyOfContent = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// scriptedPolicyOfContent also allows the script of the pages of users who are signed in, and of one-time links. A person signs in
// where nothing runs.
const scriptedPolicyOfContent = publicPolicyOfContent + "; script-src 'self'"

// scripted lets the script run on the page of a handler.
func scripted(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set("Content-Security-Policy", scriptedPolicyOfContent)
		return next(c)
	}
}

// publicHeaders adds the security headers to every answer. Pages are never cached; the handler of static files sets its
// own Cache-Control. The address of a sign-in stays on this site: the identity provider is told no referrer.
func publicHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		setHeaders(c, publicPolicyOfContent)
		c.Response().Header().Set("X-Robots-Tag", "noindex")
		return next(c)
	}
}
