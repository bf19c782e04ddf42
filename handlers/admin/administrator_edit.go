package admin

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type administratorEditInput struct {
	Version  int    `form:"version"`
	Role     string `form:"role"`
	Disabled string `form:"disabled"`
}

func (in administratorEditInput) form(id vpn.AdministratorID) parts.Form {
	return parts.Form{
		Title: "Rights", Action: views.AdministratorPath(id), Submit: "Save", Cancel: "/administrators",
		Intro:  "Saving ends the sessions of the account; its user must sign in again.",
		Hidden: []parts.Hidden{{Name: "version", Value: strconv.Itoa(in.Version)}},
		Fields: []parts.Field{
			roleField(in.Role),
			{Name: "disabled", Label: "Disabled: this account cannot sign in", Type: "checkbox", Checked: in.Disabled != ""},
		},
	}
}

func resetForm(id vpn.AdministratorID) parts.Form {
	return parts.Form{
		Title: "Reset password", Action: views.AdministratorPath(id, "password"), Submit: "Reset password",
		Intro:  "Saving ends the sessions of the account. Give the new password to its user in person; they can change it under “Your account”.",
		Fields: passwordFields("New password"),
	}
}

func administratorID(c echo.Context) vpn.AdministratorID {
	return vpn.AdministratorID(c.Param("administrator"))
}

// AdministratorForm shows an account with what may be changed of it.
func (h *Console) AdministratorForm(c echo.Context) error {
	a, err := h.access.Administrator(ctx(c), principal(c), administratorID(c))
	if err != nil {
		return err
	}
	in := administratorEditInput{Version: a.Version, Role: string(a.Role)}
	if a.Disabled {
		in.Disabled = "on"
	}
	return h.drawAdministrator(c, a, http.StatusOK, in.form(a.ID), resetForm(a.ID))
}

func (h *Console) drawAdministrator(c echo.Context, a vpn.Administrator, status int, form, reset parts.Form) error {
	head := parts.Header{
		Title: a.Username, State: views.AccountState(a),
		Crumbs: []parts.Crumb{{Label: "Administrators", Href: "/administrators"}},
	}
	own := string(a.ID) == principal(c).ID
	if own { // one's own password is changed with the present one, on the account page
		reset = parts.Form{}
	}
	return render(c, status, views.AdministratorEdit(h.chrome(c, a.Username, "administrators"), head, form, reset, own))
}

// AdministratorEdit saves an account's role, or disables or enables it.
func (h *Console) AdministratorEdit(c echo.Context) error {
	var in administratorEditInput
	if err := bind(c, &in); err != nil {
		return err
	}
	a, err := h.access.EditAdministrator(ctx(c), principal(c), administratorID(c), access.AdministratorEdit{
		Version: in.Version, Role: vpn.Role(in.Role), Disabled: in.Disabled != "",
	})
	if belongsInForm(err) {
		return h.refusedAdministrator(c, err, in)
	}
	if err != nil {
		return err
	}
	return h.done(c, "Account "+a.Username+" saved.", "/administrators")
}

// refusedAdministrator draws the form again with what was chosen. After a lost race it carries
// the present version: the sentence has told of the other change, and saving again decides.
func (h *Console) refusedAdministrator(c echo.Context, cause error, in administratorEditInput) error {
	a, err := h.access.Administrator(ctx(c), principal(c), administratorID(c))
	if err != nil {
		return err
	}
	in.Version = a.Version
	form := in.form(a.ID)
	fail(&form, cause)
	return h.drawAdministrator(c, a, http.StatusUnprocessableEntity, form, resetForm(a.ID))
}
