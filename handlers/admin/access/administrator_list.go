package access

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// List lists the accounts of the console.
func (h *Administrators) List(c echo.Context) error {
	l := page.ListOf(c)
	found, err := h.access.Administrators(page.Context(c), page.Principal(c), l)
	if err != nil {
		return err
	}
	list := page.ListView(c, l, found)
	list.Box = true
	list.Caption, list.Noun, list.Plural, list.Hint = "Administrators", "administrator", "administrators", "user name"
	list.Columns = []parts.Column{
		{Key: "username", Label: "User name"}, {Label: "Role"}, {Label: "State"},
		{Key: "last_sign_in", Label: "Last sign-in"}, {Label: "Created"},
	}
	return page.Render(c, http.StatusOK, views.Administrators(h.pages.Chrome(c, "Administrators", "administrators"), list, found.Items, vpn.AdministratorID(page.Principal(c).ID)))
}
