package tutorial

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// The cookie of a browser whose user dismissed the tutorial.
const (
	dismissCookie = "tutorial"
	dismissed     = "dismissed"
)

// Dismissed tells whether the tutorial was dismissed in this browser.
func Dismissed(c echo.Context) bool {
	cookie, err := c.Cookie(dismissCookie)
	return err == nil && cookie.Value == dismissed
}

// Dismiss keeps the tutorial from leading through this browser; its page stays in the menu.
func Dismiss(c echo.Context) {
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure where the page is
		Name: dismissCookie, Value: dismissed, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.Scheme() == "https",
	})
}
