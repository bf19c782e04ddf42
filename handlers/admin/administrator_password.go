package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/vpn"
)

type passwordInput struct {
	Current  string `form:"current"`
	Password string `form:"password"`
	Again    string `form:"password_again"`
}

// AdministratorPassword gives somebody else's account a new password.
func (h *Console) AdministratorPassword(c echo.Context) error {
	var in passwordInput
	if err := bind(c, &in); err != nil {
		return err
	}
	id := administratorID(c)
	err := h.access.ResetPassword(ctx(c), principal(c), id, in.Password, in.Again)
	if err != nil && (!belongsInForm(err) || vpn.KindOf(err) == vpn.Conflict) { // one's own account has no such form
		return err
	}
	a, readErr := h.access.Administrator(ctx(c), principal(c), id)
	if readErr != nil {
		return readErr
	}
	if err == nil {
		return h.done(c, "The password of "+a.Username+" is reset and its sessions have ended.", "/administrators")
	}
	rights := administratorEditInput{Version: a.Version, Role: string(a.Role)}
	if a.Disabled {
		rights.Disabled = "on"
	}
	reset := resetForm(a.ID)
	fail(&reset, err)
	return h.drawAdministrator(c, a, http.StatusUnprocessableEntity, rights.form(a.ID), reset)
}
