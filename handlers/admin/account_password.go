package admin

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
)

func accountForm(username string) parts.Form {
	return parts.Form{
		Title: "Change password", Action: "/account/password", Submit: "Change password",
		Intro: "Saving ends your other sessions.", Username: username,
		Fields: append([]parts.Field{
			{Name: "current", Label: "Current password", Type: "password", Autocomplete: "current-password", Required: true},
		}, passwordFields("New password")...),
	}
}

// Account shows one's own account.
func (h *Console) Account(c echo.Context) error {
	return h.drawAccount(c, nil)
}

func (h *Console) drawAccount(c echo.Context, refused error) error {
	form := accountForm(principal(c).Name)
	fail(&form, refused)
	caller, _ := CallerOf(c)
	a := caller.Administrator
	facts := []parts.Pair{
		parts.Fact("User name", a.Username),
		parts.Fact("Role", views.RoleName(a.Role)),
		parts.FactTime("Last sign-in", parts.At(h.now(), a.LastSignIn)),
		parts.FactTime("This session began", parts.At(h.now(), caller.Session.CreatedAt)),
	}
	return renderForm(c, refused, views.Account(h.chrome(c, "Your account", ""), facts, form))
}

// AccountPassword changes one's own password.
func (h *Console) AccountPassword(c echo.Context) error {
	var in passwordInput
	if err := bind(c, &in); err != nil {
		return err
	}
	caller, _ := CallerOf(c)
	err := h.access.ChangeOwnPassword(ctx(c), principal(c), caller.Token, in.Current, in.Password, in.Again)
	if belongsInForm(err) {
		return h.drawAccount(c, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, "Your password is changed. Your other sessions have ended.", "/account")
}
