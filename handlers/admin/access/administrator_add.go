package access

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/access"
	"sallyport/handlers/admin/page"
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
		{Name: "username", Label: "User name", Value: in.Username, Autocomplete: "off", Required: true, Focus: true, Help: usernameHelp},
		roleField(in.Role),
	}
	return parts.Form{
		Action: "/administrators/new", Submit: "Add administrator", Cancel: "/administrators",
		Fields: append(fields, passwordFields("Password")...),
	}
}

// New shows the form for another account. Read-only is the default: it is the safer mistake.
func (h *Administrators) New(c echo.Context) error {
	return h.renderNew(c, administratorInput{Role: string(vpn.RoleReadOnly)}, nil)
}

func (h *Administrators) renderNew(c echo.Context, in administratorInput, refused error) error {
	form := in.form()
	page.Fail(&form, refused)
	head := parts.Header{Title: "Add administrator", Crumbs: []parts.Crumb{{Label: "Administrators", Href: "/administrators"}}}
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, head.Title, "administrators"), Header: head, Form: form}))
}

// Add creates an account.
func (h *Administrators) Add(c echo.Context) error {
	var in administratorInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	a, err := h.access.AddAdministrator(page.Context(c), page.Principal(c), access.AdministratorSpec{
		Username: in.Username, Role: vpn.Role(in.Role), Password: in.Password, Again: in.Again,
	})
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Administrator "+a.Username+" added.", "/administrators", page.Next{Label: "Add another administrator", Href: "/administrators/new"})
}
