package web

import (
	"github.com/labstack/echo/v4"
)

// contentSecurityPolicy allows the files of this server only: no inline script or style, no frame,
// no plugin. Images as data: URLs are the icons in the style sheet of Tabler.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secureHeaders adds the security headers to every answer. Pages are never cached; the handler of
// static files sets its own Cache-Control.
func secureHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		setHeaders(c, contentSecurityPolicy)
		return next(c)
	}
}

// setHeaders sets the headers that both listeners have, and the policy of one.
func setHeaders(c echo.Context, policyOfContent string) {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", policyOfContent)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if secure(c) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// secure tells whether the connection of the browser is encrypted, here or at a trusted proxy.
// trustProxyHeaders has removed the headers of all others.
func secure(c echo.Context) bool { return c.Scheme() == "https" }
