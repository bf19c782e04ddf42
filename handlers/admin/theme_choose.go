package admin

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

type themeInput struct {
	Theme  string `form:"theme"`
	Return string `form:"return"`
}

// ThemeChoose keeps the chosen theme in a cookie: it is the browser's matter, not the account's.
func (h *Console) ThemeChoose(c echo.Context) error {
	var in themeInput
	if err := bind(c, &in); err != nil {
		return err
	}
	if in.Theme != "light" && in.Theme != "dark" {
		return echo.NewHTTPError(http.StatusBadRequest)
	}
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure where the page is; a plain console has a theme too
		Name: ThemeCookie, Value: in.Theme, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: c.Scheme() == "https",
	})
	return c.Redirect(http.StatusSeeOther, localPath(in.Return, "/"))
}
