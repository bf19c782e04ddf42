package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	selfservice "sallyport/control/portal"
	"sallyport/handlers/portal/page"
	pages "sallyport/handlers/portal/selfservice"
	"sallyport/vpn"
)

// usersOnly admits users who are signed in to the self-service portal, and leads others to where they sign in. A session that
// is for setting up an authenticator is led there, unless forMFA.
func usersOnly(users *selfservice.Service, forMFA bool, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		token := page.PortalToken(c)
		u, err := users.Authenticate(page.Context(c), token, page.Visitor(c))
		if vpn.KindOf(err) == vpn.Denied {
			why := ""
			if token != "" {
				page.EndPortalToken(c)
				why = pages.EndedParam
			}
			return c.Redirect(http.StatusSeeOther, pages.BackTo(c, why))
		}
		if err != nil {
			return err
		}
		if u.Session.ForMFA() && !forMFA {
			return c.Redirect(http.StatusSeeOther, selfservice.MFAPath)
		}
		page.SetUser(c, u)
		return scripted(next)(c)
	}
}
