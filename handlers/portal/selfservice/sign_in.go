package selfservice

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/portal"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Door shows how users of an endpoint sign in.
func (h *Pages) Door(c echo.Context) error {
	door, err := h.door(c)
	if door == nil || err != nil {
		return err
	}
	page.SetEndpoint(c, door.Endpoint)
	if u, err := h.service.Authenticate(page.Context(c), page.PortalToken(c), page.Visitor(c)); err == nil && u.Session.Provider == door.Provider {
		return c.Redirect(http.StatusSeeOther, portal.Path)
	}
	v := shown(*door)
	v.Ended, v.SignedOut = c.QueryParams().Has(EndedParam), c.QueryParams().Has(signedOutParam)
	return page.Render(c, http.StatusOK, views.PortalSignIn(v))
}

// door finds where users of the endpoint in the path sign in. Nil: the answer is that it has no portal.
func (h *Pages) door(c echo.Context) (*portal.Door, error) {
	door, err := h.service.Door(page.Context(c), vpn.EndpointID(c.Param("endpoint")))
	if errors.Is(err, vpn.ErrPortalClosed) {
		return nil, closed(c)
	}
	return &door, err
}

func shown(d portal.Door) views.PortalDoor {
	return views.PortalDoor{Path: d.Endpoint.PortalPath(), Endpoint: string(d.Endpoint), Provider: d.Label, Code: d.Code}
}

type signInInput struct {
	Username string `form:"username"`
	Password string `form:"password"`
	Code     string `form:"code"`
	Recovery string `form:"recovery"` // in place of the code
}

// SignIn takes a user name and a password, and the MFA code where the directory asks for one.
func (h *Pages) SignIn(c echo.Context) error {
	var in signInInput
	if err := c.Bind(&in); err != nil {
		return err
	}
	door, err := h.door(c)
	if door == nil || err != nil {
		return err
	}
	token, err := h.service.SignIn(page.Context(c), portal.SignInRequest{
		Endpoint: door.Endpoint, Username: in.Username, Password: vpn.Secret(in.Password), Code: cmp.Or(strings.TrimSpace(in.Recovery), in.Code), By: page.Visitor(c), Former: page.PortalToken(c),
	})
	if errors.Is(err, vpn.ErrPortalClosed) {
		return closed(c)
	}
	refused, known := errors.AsType[*vpn.Error](err)
	if status, shows := refusalStatus[vpn.KindOf(err)]; err != nil && known && shows {
		v := shown(*door)
		v.Username, v.Errs = in.Username, vpn.FieldsOf(err)
		if len(v.Errs) == 0 {
			v.Sentence, v.ErrCode = refused.Msg, string(refused.Code)
		}
		if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
			c.Response().Header().Set("Retry-After", "30")
		}
		return page.Render(c, status, views.PortalSignIn(v))
	}
	if err != nil {
		return err
	}
	page.SetPortalToken(c, token)
	return c.Redirect(http.StatusSeeOther, portal.Path)
}

// refusalStatus are the refusals that are shown beside the form.
var refusalStatus = map[vpn.Kind]int{
	vpn.Invalid: http.StatusUnprocessableEntity, vpn.Denied: http.StatusForbidden, vpn.Throttled: http.StatusTooManyRequests, vpn.Unavailable: http.StatusServiceUnavailable,
}

// Begin leads to the endpoint's SAML provider. It is a link and no form: browsers apply form-action to the redirect as well.
func (h *Pages) Begin(c echo.Context) error {
	cookie := vpn.Secret(page.LoginToken(c))
	if len(cookie) != len(vpn.NewToken()) {
		cookie = vpn.NewToken()
	}
	to, err := h.service.Begin(page.Context(c), vpn.EndpointID(c.Param("endpoint")), cookie, page.Visitor(c))
	if errors.Is(err, vpn.ErrPortalClosed) {
		return closed(c)
	}
	if err != nil {
		return err
	}
	page.SetLoginToken(c, cookie.Reveal(), cookieLife)
	return c.Redirect(http.StatusSeeOther, to)
}

// cookieLife is how long a browser keeps the cookie of a sign-in: longer than a request is answered.
const cookieLife = vpn.SAMLRequestTime * 3 / 2

// SignOut ends the session.
func (h *Pages) SignOut(c echo.Context) error {
	if err := h.service.SignOut(page.Context(c), page.User(c)); err != nil {
		return err
	}
	page.EndPortalToken(c)
	return c.Redirect(http.StatusSeeOther, BackTo(c, signedOutParam))
}

// What the page says to which a browser is led whose session is over.
const (
	EndedParam     = "ended"      // it was ended
	signedOutParam = "signed-out" // the user signed out
)

// BackTo is where a browser signs in again: at the endpoint that it knows. why is one of the parameters above; empty: none.
func BackTo(c echo.Context, why string) string {
	to := url.URL{Path: "/", RawQuery: why}
	if id := page.Endpoint(c); id != "" && vpn.PrintableText(string(id)) == string(id) {
		to.Path, to.RawQuery = "/find", "endpoint="+url.QueryEscape(string(id))
		if why != "" {
			to.RawQuery += "&" + why
		}
	}
	return to.String()
}
