package access

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	"sallyport/handlers/admin/page"
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
		Hidden: []parts.Hidden{{Name: "next", Value: page.LocalPath(in.Next, "/")}},
		Fields: []parts.Field{
			{Name: "username", Label: "User name", Value: in.Username, Autocomplete: "username", Required: true, Focus: in.Username == ""},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Required: true, Focus: in.Username != ""},
		},
	}
}

// Form shows the sign-in form.
func (h *Session) Form(c echo.Context) error {
	next := page.LocalPath(c.QueryParam("next"), "/")
	if _, ok := page.CallerOf(c); ok {
		return c.Redirect(http.StatusSeeOther, next)
	}
	form := signInInput{Next: next}.form()
	if c.QueryParam("unsaved") != "" {
		form.Intro = "Your session had ended, so what you sent was not saved. Sign in to go back to its page."
	}
	return h.renderSignIn(c, http.StatusOK, form)
}

func (h *Session) renderSignIn(c echo.Context, status int, form parts.Form) error {
	unclaimed, err := h.access.SetupNeeded(page.Context(c))
	if err != nil {
		return err
	}
	return page.Render(c, status, views.SignIn(h.pages.Chrome(c, "Sign in", ""), unclaimed, form))
}

// SignIn checks a user name and password and starts a session.
func (h *Session) SignIn(c echo.Context) error {
	var in signInInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	signed, err := h.access.SignIn(page.Context(c), access.SignInRequest{
		Username: in.Username, Password: in.Password,
		Source: c.RealIP(), Request: page.RequestID(c), OldToken: h.cookie.Token(c), Browser: h.cookie.Browser(c),
	})
	status := http.StatusUnprocessableEntity
	switch vpn.KindOf(err) {
	case vpn.Throttled:
		status = http.StatusTooManyRequests
	case vpn.Unavailable:
		status = http.StatusServiceUnavailable
		c.Response().Header().Set("Retry-After", "30")
	}
	switch vpn.KindOf(err) {
	case vpn.Denied, vpn.Invalid, vpn.Throttled, vpn.Unavailable:
		form := in.form()
		page.Fail(&form, err)
		return h.renderSignIn(c, status, form)
	}
	if err != nil {
		return err
	}
	if err := h.cookie.Begin(c, signed.Token, signed.Browser); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, page.LocalPath(in.Next, "/"))
}

// SignOut ends the session at the server and in the browser. A request without a session is redirected
// to the sign-in page as well.
func (h *Session) SignOut(c echo.Context) error {
	if caller, ok := page.CallerOf(c); ok {
		if err := h.access.SignOut(page.Context(c), page.Principal(c), caller.Token); err != nil {
			return err
		}
	}
	if err := h.cookie.End(c); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in")
}

// SignInFirst redirects a request without a session to the sign-in page, and back afterwards. A posted
// form cannot be posted again by a redirect: the sign-in page says that it was not saved, and leads back to the page
// that it was on. A part of a page that
// renews itself makes the browser load the sign-in page as a whole.
func SignInFirst(c echo.Context) error {
	to := "/sign-in"
	r := c.Request()
	if r.Header.Get("HX-Request") != "" {
		c.Response().Header().Set("HX-Redirect", to)
		return c.NoContent(http.StatusUnauthorized)
	}
	next := r.URL.RequestURI()
	query := url.Values{}
	if r.Method != http.MethodGet {
		query.Set("unsaved", "1")
		next = "/"
		if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
			next = page.LocalPath(from.RequestURI(), "/")
		}
	}
	if next != "/" {
		query.Set("next", next)
	}
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	return c.Redirect(http.StatusSeeOther, to)
}
