package page

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

type themeInput struct {
	Theme  string `form:"theme"`
	Return string `form:"return"`
}

// ChooseTheme keeps the chosen theme in a cookie: it belongs to the browser, not to the account.
func ChooseTheme(c echo.Context) error {
	var in themeInput
	if err := Bind(c, &in); err != nil {
		return err
	}
	if in.Theme != "light" && in.Theme != "dark" {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure where the page is; a plain console has a theme too
		Name: ThemeCookie, Value: in.Theme, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.Scheme() == "https",
	})
	return c.Redirect(http.StatusSeeOther, LocalPath(in.Return, "/"))
}

func theme(c echo.Context) string {
	cookie, err := c.Cookie(ThemeCookie)
	if err != nil || (cookie.Value != "light" && cookie.Value != "dark") {
		return ""
	}
	return cookie.Value
}

// ThemeCookie holds the chosen theme. It identifies no account, so it needs no session.
const ThemeCookie = "sallyport-theme"
