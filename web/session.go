package web

import (
	"net/http"
	"time"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	"sallyport/handlers/admin/page"
	"sallyport/vpn"
)

// browserSessions gives the session store to the actions (access.SessionCookie) and to the middleware that
// authenticates requests.
type browserSessions struct {
	access *access.Service
	life   time.Duration
}

func (b *browserSessions) session(c echo.Context) (*sessions.Session, error) {
	name := plainCookie
	if secure(c) {
		name = secureCookie
	}
	return sessionStore{b.access, b.life}.Get(c.Request(), name)
}

// load authenticates the request, for every route that needs a session.
func (b *browserSessions) load(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if sessionless[c.Path()] {
			return next(c)
		}
		session, err := b.session(c)
		if err != nil {
			return err
		}
		if administrator, ok := session.Values[valueAdministrator].(vpn.Administrator); ok {
			row, _ := session.Values[valueSession].(vpn.WebSession)
			page.SetCaller(c, page.Caller{Administrator: administrator, Session: row, Token: session.ID})
		}
		return next(c)
	}
}

// Token is the session identifier that the browser sent, valid or not.
func (b *browserSessions) Token(c echo.Context) string {
	session, err := b.session(c)
	if err != nil {
		return ""
	}
	return session.ID
}

// Browser is the mark of an earlier sign-in in this browser; "" for none.
func (b *browserSessions) Browser(c echo.Context) string {
	cookie, err := c.Request().Cookie(browserCookie(c).Name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// browserCookie is the cookie that keeps the mark of a browser. It stays after a sign-out.
func browserCookie(c echo.Context) *http.Cookie {
	cookie := &http.Cookie{
		Name: "sallyport-browser", Path: "/", MaxAge: int(access.BrowserLife.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if secure(c) {
		cookie.Name, cookie.Secure = "__Host-sallyport-browser", true
	}
	return cookie
}

// Begin sets the cookie of a new session, and the one of the browser's mark.
func (b *browserSessions) Begin(c echo.Context, token, browser string) error {
	session, err := b.session(c)
	if err != nil {
		return err
	}
	session.ID = token
	if err := session.Save(c.Request(), c.Response()); err != nil {
		return err
	}
	cookie := browserCookie(c) //nolint:gosec // G124: browserCookie sets the attributes
	cookie.Value = browser
	c.SetCookie(cookie)
	return nil
}

// End removes the session cookie.
func (b *browserSessions) End(c echo.Context) error {
	session, err := b.session(c)
	if err != nil {
		return err
	}
	session.Options.MaxAge = -1
	return session.Save(c.Request(), c.Response())
}
