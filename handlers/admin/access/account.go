package access

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
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

// View shows the signed-in account.
func (h *Account) View(c echo.Context) error {
	return h.renderView(c, nil)
}

func (h *Account) renderView(c echo.Context, refused error) error {
	form := accountForm(page.Principal(c).Name)
	page.Fail(&form, refused)
	caller, _ := page.CallerOf(c)
	a := caller.Administrator
	facts := []parts.Pair{
		parts.Fact("User name", a.Username),
		parts.Fact("Role", views.RoleName(a.Role)),
		parts.FactTime("Last sign-in", parts.At(h.pages.Now(), a.LastSignIn)),
		parts.FactTime("This session began", parts.At(h.pages.Now(), caller.Session.CreatedAt)),
	}
	return page.RenderForm(c, refused, views.Account(h.pages.Chrome(c, "Your account", ""), facts, form))
}

// ChangePassword changes the password of the signed-in account.
func (h *Account) ChangePassword(c echo.Context) error {
	var in passwordInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	caller, _ := page.CallerOf(c)
	err := h.access.ChangeOwnPassword(page.Context(c), page.Principal(c), caller.Token, in.Current, in.Password, in.Again)
	if page.BelongsInForm(err) {
		return h.renderView(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Your password is changed. Your other sessions have ended.", "/account")
}
