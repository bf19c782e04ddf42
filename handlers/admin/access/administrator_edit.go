package access

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	"sallyport/handlers/admin/page"
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

// View shows an account with its forms: role and state, and a new password.
func (h *Administrators) View(c echo.Context) error {
	a, err := h.access.Administrator(page.Context(c), page.Principal(c), administratorID(c))
	if err != nil {
		return err
	}
	in := administratorEditInput{Version: a.Version, Role: string(a.Role)}
	if a.Disabled {
		in.Disabled = "on"
	}
	return h.renderEdit(c, a, http.StatusOK, in.form(a.ID), resetForm(a.ID))
}

func (h *Administrators) renderEdit(c echo.Context, a vpn.Administrator, status int, form, reset parts.Form) error {
	head := parts.Header{
		Title: a.Username, State: views.AccountState(a),
		Crumbs: []parts.Crumb{{Label: "Administrators", Href: "/administrators"}},
	}
	own := string(a.ID) == page.Principal(c).ID
	if own { // the account page changes the own password: it asks for the current one
		reset = parts.Form{}
	}
	return page.Render(c, status, views.AdministratorEdit(h.pages.Chrome(c, a.Username, "administrators"), head, form, reset, own))
}

// Edit saves the role of an account, and whether it is disabled.
func (h *Administrators) Edit(c echo.Context) error {
	var in administratorEditInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	a, err := h.access.EditAdministrator(page.Context(c), page.Principal(c), administratorID(c), access.AdministratorEdit{
		Version: in.Version, Role: vpn.Role(in.Role), Disabled: in.Disabled != "",
	})
	if page.BelongsInForm(err) {
		return h.renderRefused(c, err, in)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Account "+a.Username+" saved.", "/administrators")
}

// renderRefused draws the form again with what was chosen. If another administrator saved first, the
// form now has the stored version: the refusal names the other change, and saving again replaces it.
func (h *Administrators) renderRefused(c echo.Context, cause error, in administratorEditInput) error {
	a, err := h.access.Administrator(page.Context(c), page.Principal(c), administratorID(c))
	if err != nil {
		return err
	}
	in.Version = a.Version
	form := in.form(a.ID)
	page.Fail(&form, cause)
	return h.renderEdit(c, a, http.StatusUnprocessableEntity, form, resetForm(a.ID))
}
