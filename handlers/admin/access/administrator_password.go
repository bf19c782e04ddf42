package access

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	"sallyport/vpn"
)

type passwordInput struct {
	Current  string `form:"current"`
	Password string `form:"password"`
	Again    string `form:"password_again"`
}

// ResetPassword gives another account a new password.
func (h *Administrators) ResetPassword(c echo.Context) error {
	var in passwordInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	id := administratorID(c)
	err := h.access.ResetPassword(page.Context(c), page.Principal(c), id, in.Password, in.Again)
	if err != nil && (!page.BelongsInForm(err) || vpn.KindOf(err) == vpn.Conflict) { // the own account has no such form
		return err
	}
	a, readErr := h.access.Administrator(page.Context(c), page.Principal(c), id)
	if readErr != nil {
		return readErr
	}
	if err == nil {
		return h.pages.Done(c, "The password of "+a.Username+" is reset and its sessions have ended.", "/administrators")
	}
	rights := administratorEditInput{Version: a.Version, Role: string(a.Role)}
	if a.Disabled {
		rights.Disabled = "on"
	}
	reset := resetForm(a.ID)
	page.Fail(&reset, err)
	return h.renderEdit(c, a, http.StatusUnprocessableEntity, rights.form(a.ID), reset)
}
