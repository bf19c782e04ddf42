package access

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type setupInput struct {
	Token    string `form:"token"`
	Username string `form:"username"`
	Password string `form:"password"`
	Again    string `form:"password_again"`
}

func (in setupInput) form() parts.Form {
	return parts.Form{
		Title: "Create the first administrator", Action: "/setup", Submit: "Create administrator and sign in",
		Intro:  "No administrator exists yet. This link works once.",
		Hidden: []parts.Hidden{{Name: "token", Value: in.Token}},
		Fields: append([]parts.Field{
			{Name: "username", Label: "User name", Value: in.Username, Autocomplete: "username", Required: true, Focus: true, Help: usernameHelp},
		}, passwordFields("Password")...),
	}
}

// Form shows the set-up form to the holder of the link that was printed at the first start.
func (h *Setup) Form(c echo.Context) error {
	in := setupInput{Token: c.QueryParam("token")}
	valid, err := h.access.SetupLinkValid(page.Context(c), in.Token)
	if err != nil {
		return err
	}
	if !valid {
		return h.renderUsedLink(c)
	}
	return page.Render(c, http.StatusOK, views.Setup(h.pages.Chrome(c, "Set up", ""), in.form()))
}

func (h *Setup) renderUsedLink(c echo.Context) error {
	return page.Render(c, http.StatusForbidden, views.PlainMessage(h.pages.Chrome(c, "Set up", ""),
		"This set-up link cannot be used",
		"It was used already, has expired, or was replaced by a newer one. On the host, sallyport admin setup-link creates a new one as long as no administrator exists.",
		parts.Button{Label: "To the sign-in page", Href: "/sign-in"}))
}

// Complete creates the first administrator and signs in.
func (h *Setup) Complete(c echo.Context) error {
	var in setupInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	signed, err := h.access.CompleteSetup(page.Context(c), access.SetupRequest{
		Token: in.Token, Username: in.Username, Password: in.Password, Again: in.Again,
		Source: c.RealIP(), Request: page.RequestID(c),
	})
	switch {
	case page.BelongsInForm(err):
		form := in.form()
		page.Fail(&form, err)
		return page.Render(c, http.StatusUnprocessableEntity, views.Setup(h.pages.Chrome(c, "Set up", ""), form))
	case err != nil && vpn.KindOf(err) == vpn.Denied:
		return h.renderUsedLink(c)
	case err != nil:
		return err
	}
	if err := h.cookie.Begin(c, signed.Token, signed.Browser); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/")
}
