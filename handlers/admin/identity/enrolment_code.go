package identity

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func (h *Directories) renderEnrolmentCode(c echo.Context, user string, refused error) error {
	d, err := h.identity.Directory(page.Context(c), page.Principal(c), directoryID(c))
	if err != nil {
		return err
	}
	form := parts.Form{
		Intro:  "The user enters the code in the self-service portal, after the password, and sets an authenticator up. A code that the user has from before is of no use from then on.",
		Action: views.DirectoryPath(d.ID, "mfa", "enrolment-code"), Submit: "Create enrolment code", Cancel: views.DirectoryPath(d.ID, "mfa"),
		Fields: []parts.Field{{Name: "user", Label: "User name", Value: user, Required: true, Autocomplete: "off", Focus: true, Help: "As the user signs in. The directory is asked for the user."}},
	}
	page.Fail(&form, refused)
	return page.RenderForm(c, refused, views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Create enrolment code", "identity"), Form: form, Header: parts.Header{Crumbs: below(d, devicesCrumb(d)), Title: "Create enrolment code"},
	}))
}

// EnrolmentCodeForm asks for whom an enrolment code is.
func (h *Directories) EnrolmentCodeForm(c echo.Context) error {
	return h.renderEnrolmentCode(c, c.QueryParam("user"), nil)
}

// CreateEnrolmentCode makes an enrolment code, and shows it: in this answer and never again.
func (h *Directories) CreateEnrolmentCode(c echo.Context) error {
	var in deviceInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	d, err := h.identity.Directory(page.Context(c), page.Principal(c), directoryID(c))
	if err != nil {
		return err
	}
	e, code, err := h.identity.CreateEnrolmentCode(page.Context(c), page.Principal(c), d.ID, in.User)
	if page.BelongsInForm(err) || vpn.KindOf(err) == vpn.Unavailable {
		return h.renderEnrolmentCode(c, in.User, err)
	}
	if err != nil {
		return err
	}
	return page.Render(c, http.StatusOK, views.EnrolmentCode(views.EnrolmentCodePage{
		Chrome: h.pages.Chrome(c, "Enrolment code of "+e.Username, "identity"), Header: parts.Header{Crumbs: below(d, devicesCrumb(d)), Title: "Enrolment code of " + e.Username},
		Code: code.Reveal(), Back: views.DirectoryPath(d.ID, "mfa"),
		Facts: []parts.Pair{parts.Fact("User", e.Username), parts.FactTime("Good until", parts.At(h.pages.Now(), e.EndsAt))},
	}))
}
