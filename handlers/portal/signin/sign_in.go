// Package signin holds the actions of the pages on which the person of a VPN login signs in: the link that the client opens,
// the way to the identity provider and back, and the confirmation.
package signin

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/signin"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// SignIns are the actions on sign-ins.
type SignIns struct {
	service *signin.Service
	now     func() time.Time
}

// New makes the actions.
func New(service *signin.Service, now func() time.Time) *SignIns {
	return &SignIns{service: service, now: now}
}

// cookieLife is how long a browser keeps the cookie of a sign-in: longer than a login waits, and than a request is answered.
const cookieLife = 15 * time.Minute

// tokenLength is that of a cookie that this program has made.
const tokenLength = 22

func token(c echo.Context) vpn.Secret { return vpn.Secret(c.Param("token")) }

// browser is who asks.
func browser(c echo.Context) signin.Browser {
	b := signin.Browser{Addr: page.Address(c), Request: page.RequestID(c)}
	if cookie := page.LoginToken(c); len(cookie) == tokenLength {
		b.Cookie = vpn.Secret(cookie)
	}
	return b
}

// Open shows which client asks. It leads on where this browser has signed in.
func (h *SignIns) Open(c echo.Context) error {
	by := browser(c)
	v, err := h.service.Link(page.Context(c), token(c), by)
	switch {
	case err != nil:
		return err
	case v.SameBrowser(cookieDigest(by)) && v.StateAt(h.now()) != vpn.BrowserWaiting:
		return c.Redirect(http.StatusSeeOther, signin.ConfirmPath(v.Token))
	}
	return page.Render(c, http.StatusOK, views.SignInPage(h.shown(v, by)))
}

// Begin leads to the identity provider. It is a link and no form: browsers apply form-action to the redirect as well.
func (h *SignIns) Begin(c echo.Context) error {
	by := browser(c)
	if by.Cookie == "" {
		by.Cookie = vpn.NewToken()
	}
	url, err := h.service.Request(page.Context(c), token(c), by)
	if err != nil {
		return err
	}
	page.SetLoginToken(c, by.Cookie.Reveal(), cookieLife)
	return c.Redirect(http.StatusSeeOther, url)
}

// againStatus is the status of the page that leads to where a person may begin again.
var againStatus = map[vpn.Kind]int{vpn.Denied: http.StatusForbidden, vpn.Unavailable: http.StatusServiceUnavailable}

// Accept takes the answer of an identity provider, and leads to the page that continues.
func (h *SignIns) Accept(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return err
	}
	a, err := h.service.Accept(page.Context(c), vpn.SAMLProviderID(c.Param("provider")), c.Request().PostForm, browser(c))
	if status := againStatus[vpn.KindOf(err)]; err != nil && a.Path != "" && status != 0 {
		return page.Render(c, status, views.SignInRefused(err.Error(), string(vpn.CodeOf(err)), a.Path))
	}
	if err != nil {
		return err
	}
	if a.Portal != "" {
		page.SetPortalToken(c, a.Portal)
		page.EndLoginToken(c)
	}
	return c.Redirect(http.StatusSeeOther, a.Path)
}

// Confirm asks the person who has signed in, and says what became of the login after that.
func (h *SignIns) Confirm(c echo.Context) error {
	by := browser(c)
	v, err := h.service.Settled(page.Context(c), token(c), by)
	if err != nil {
		return err
	}
	switch state := v.StateAt(h.now()); {
	case state == vpn.BrowserWaiting:
		return c.Redirect(http.StatusSeeOther, signin.Path(v.Token))
	case state == vpn.BrowserSignedIn && !v.SameBrowser(cookieDigest(by)):
		return vpn.ErrBrowserOther
	case state == vpn.BrowserSignedIn:
		return page.Render(c, http.StatusOK, views.SignInConfirm(h.shown(v, by)))
	}
	return page.Render(c, http.StatusOK, views.SignInDone(h.shown(v, by)))
}

// Decide takes the answer of the person. A form that was sent twice, or that another answer has overtaken, shows the present
// state.
func (h *SignIns) Decide(c echo.Context) error {
	yes := c.FormValue("answer") == "connect"
	err := h.service.Confirm(page.Context(c), token(c), yes, c.FormValue("request"), browser(c))
	if err != nil && vpn.KindOf(err) != vpn.NotFound && vpn.KindOf(err) != vpn.Conflict {
		return err
	}
	return c.Redirect(http.StatusSeeOther, signin.ConfirmPath(token(c)))
}
