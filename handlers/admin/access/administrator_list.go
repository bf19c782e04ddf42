package access

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var administratorCells = []page.Cell[vpn.Administrator]{
	{Label: "User name", Text: func(r vpn.Administrator) string { return r.Username }},
	{Label: "Role", Text: func(r vpn.Administrator) string { return views.RoleName(r.Role) }},
	{Label: "State", Text: views.AccountState},
}

func roleFilter() parts.Filter {
	f := parts.Filter{Name: "role", Label: "Role", Options: []parts.Option{{Label: "Every role"}}}
	for _, r := range []vpn.Role{vpn.RoleAdministrator, vpn.RoleReadOnly} {
		f.Options = append(f.Options, parts.Option{Value: string(r), Label: views.RoleName(r)})
	}
	return f
}

// List lists the accounts of the console.
func (h *Administrators) List(c echo.Context) error {
	l := page.ListOf(c)
	filters := page.Narrow(c, &l, roleFilter(), page.StateFilter("active", "disabled"))
	read := func(l vpn.List) (vpn.Page[vpn.Administrator], error) {
		return h.access.Administrators(page.Context(c), page.Principal(c), l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "administrators", l, read, administratorCells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	list := page.ListView(c, l, found)
	list.Part, list.Filters = "administrators", filters
	list.Caption, list.Noun, list.Plural, list.Hint = "Administrators", "administrator", "administrators", "user name"
	list.Columns = []parts.Column{
		{Key: "username", Label: "User name"}, {Key: "role", Label: "Role"}, {Key: "state", Label: "State"},
		{Key: "last_sign_in", Label: "Last sign-in"}, {Key: "created_at", Label: "Created"},
	}
	if page.Principal(c).Role.MayChange() {
		list.Bulk = []parts.BulkAction{{Label: "Disable accounts", Path: "/administrators/disable"}, {Label: "Enable accounts", Path: "/administrators/enable"}}
	}
	return page.Render(c, http.StatusOK, views.Administrators(h.pages.Chrome(c, "Administrators", "administrators"), list, found.Items, vpn.AdministratorID(page.Principal(c).ID)))
}
