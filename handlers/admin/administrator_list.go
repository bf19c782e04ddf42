package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Administrators lists the accounts of the console.
func (h *Console) Administrators(c echo.Context) error {
	l := listOf(c)
	page, err := h.access.Administrators(ctx(c), principal(c), l)
	if err != nil {
		return err
	}
	list := listView(c, l, page)
	list.Box = true
	list.Caption, list.Noun, list.Plural, list.Hint = "Administrators", "administrator", "administrators", "user name"
	list.Columns = []parts.Column{
		{Key: "username", Label: "User name"}, {Label: "Role"}, {Label: "State"},
		{Key: "last_sign_in", Label: "Last sign-in"}, {Label: "Created"},
	}
	return render(c, http.StatusOK, views.Administrators(h.chrome(c, "Administrators", "administrators"), list, page.Items, vpn.AdministratorID(principal(c).ID)))
}
