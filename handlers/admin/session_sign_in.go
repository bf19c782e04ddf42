package admin

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type signInInput struct {
	Username string `form:"username"`
	Password string `form:"password"`
	Next     string `form:"next"`
}

func (in signInInput) form() parts.Form {
	return parts.Form{
		Title: "Sign in", Action: "/sign-in", Submit: "Sign in",
		Hidden: []parts.Hidden{{Name: "next", Value: localPath(in.Next, "/")}},
		Fields: []parts.Field{
			{Name: "username", Label: "User name", Value: in.Username, Autocomplete: "username", Required: true, Focus: in.Username == ""},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true, Focus: in.Username != ""},
		},
	}
}

// SignInForm asks who is there.
func (h *Console) SignInForm(c echo.Context) error {
	next := localPath(c.QueryParam("next"), "/")
	if _, ok := CallerOf(c); ok {
		return c.Redirect(http.StatusSeeOther, next)
	}
	return h.drawSignIn(c, http.StatusOK, signInInput{Next: next}.form())
}

func (h *Console) drawSignIn(c echo.Context, status int, form parts.Form) error {
	unclaimed, err := h.access.SetupNeeded(ctx(c))
	if err != nil {
		return err
	}
	return render(c, status, views.SignIn(h.chrome(c, "Sign in", ""), unclaimed, form))
}

// SignIn checks a user name and password and starts a session.
func (h *Console) SignIn(c echo.Context) error {
	var in signInInput
	if err := bind(c, &in); err != nil {
		return err
	}
	signed, err := h.access.SignIn(ctx(c), access.SignInRequest{
		Username: in.Username, Password: in.Password,
		Source: c.RealIP(), Request: RequestID(c), OldToken: h.sessions.Token(c),
	})
	status := http.StatusUnprocessableEntity
	switch vpn.KindOf(err) {
	case vpn.Throttled:
		status = http.StatusTooManyRequests
		fallthrough
	case vpn.Denied, vpn.Invalid:
		form := in.form()
		fail(&form, err)
		return h.drawSignIn(c, status, form)
	}
	if err != nil {
		return err
	}
	if err := h.sessions.Begin(c, signed.Token); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, localPath(in.Next, "/"))
}

// SignOut ends the session at the server and in the browser. Whoever has none is led to the
// sign-in page all the same.
func (h *Console) SignOut(c echo.Context) error {
	if caller, ok := CallerOf(c); ok {
		if err := h.access.SignOut(ctx(c), principal(c), caller.Token); err != nil {
			return err
		}
	}
	if err := h.sessions.End(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in")
}

// SignInFirst leads a stranger to the sign-in page and back afterwards. A form that was posted
// cannot be posted again by a redirect, so that leads to the start page; and a part of a page
// that renews itself must take the whole page along rather than swap the sign-in form in.
func SignInFirst(c echo.Context) error {
	to := "/sign-in"
	r := c.Request()
	if r.Header.Get("HX-Request") != "" {
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusUnauthorized)
	}
	if next := r.URL.RequestURI(); r.Method == http.MethodGet && next != "/" {
		to += "?next=" + url.QueryEscape(next)
	}
	return c.Redirect(http.StatusSeeOther, to)
}
