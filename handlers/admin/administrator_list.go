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
	page, err := h.control.Administrators(ctx(c), actor(c), l)
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
	rows := make([]views.AdministratorRow, len(page.Items))
	for i, a := range page.Items {
		rows[i] = views.AdministratorRow{
			Username: a.Username, Href: administratorPath(a.ID), Role: roleName(a.Role), State: accountState(a),
			Self:       a.ID == actor(c).ID,
			LastSignIn: parts.At(h.now(), a.LastSignIn), Created: parts.At(h.now(), a.CreatedAt),
		}
	}
	return render(c, http.StatusOK, views.Administrators(h.chrome(c, "Administrators", "administrators"), list, rows))
}

func administratorPath(id vpn.AdministratorID) string { return "/administrators/" + string(id) }

func accountState(a vpn.Administrator) string {
	if a.Disabled {
		return "disabled"
	}
	return "active"
}

func roleName(r vpn.Role) string {
	if r == vpn.RoleAdministrator {
		return "Administrator"
	}
	return "Read-only"
}
