package admin

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type administratorInput struct {
	Username string `form:"username"`
	Role     string `form:"role"`
	Password string `form:"password"`
	Again    string `form:"password_again"`
}

func (in administratorInput) form() parts.Form {
	fields := []parts.Field{
		{Name: "username", Label: "User name", Value: in.Username, Autocomplete: "off", Required: true, Focus: true, Help: "Lower-case letters, digits and . _ @ -"},
		roleField(in.Role),
	}
	return parts.Form{
		Action: "/administrators/new", Submit: "Add administrator", Cancel: "/administrators",
		Fields: append(fields, passwordFields("Password")...),
	}
}

// AdministratorNew shows the form for another account. Read-only is preset: the smaller right is
// the better slip.
func (h *Console) AdministratorNew(c echo.Context) error {
	return h.drawAdministratorNew(c, administratorInput{Role: string(vpn.RoleReadOnly)}, nil)
}

func (h *Console) drawAdministratorNew(c echo.Context, in administratorInput, refused error) error {
	form := in.form()
	fail(&form, refused)
	head := parts.Header{Title: "Add administrator", Crumbs: []parts.Crumb{{Label: "Administrators", Href: "/administrators"}}}
	return renderForm(c, refused, views.Form(views.FormPage{Chrome: h.chrome(c, head.Title, "administrators"), Header: head, Form: form}))
}

// AdministratorAdd creates an account.
func (h *Console) AdministratorAdd(c echo.Context) error {
	var in administratorInput
	if err := bind(c, &in); err != nil {
		return err
	}
	a, err := h.access.AddAdministrator(ctx(c), principal(c), access.AdministratorSpec{
		Username: in.Username, Role: vpn.Role(in.Role), Password: in.Password, Again: in.Again,
	})
	if belongsInForm(err) {
		return h.drawAdministratorNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, "Administrator "+a.Username+" added.", "/administrators")
}
