package identity

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var crumbs = []parts.Crumb{{Label: "Identity providers", Href: views.ProvidersPath}}

func (h *Directories) renderNew(c echo.Context, in directoryInput, refused error) error {
	form := in.form(nil, refused)
	form.Action, form.Submit, form.Cancel = "/identity-providers/directories/new", "Create directory", views.DirectoriesPath
	return page.RenderForm(c, refused, views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Create directory", "identity"), Form: form,
		Header: parts.Header{Crumbs: crumbs, Title: "Create directory", Note: "An Active Directory or another LDAP server that proves user names and passwords."},
	}))
}

// New shows the form for a directory.
func (h *Directories) New(c echo.Context) error {
	return h.renderNew(c, directoryInput{}, nil)
}

// Create creates a directory.
func (h *Directories) Create(c echo.Context) error {
	var in directoryInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	in.bound()
	d, err := h.identity.CreateDirectory(page.Context(c), page.Principal(c), in.spec())
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Directory "+views.NameOr(d.Name, d.ID)+" created.", views.DirectoryPath(d.ID), page.Next{Label: "Test a sign-in", Href: views.DirectoryPath(d.ID) + "#test"})
}

func (h *Directories) renderEdit(c echo.Context, typed *directoryInput, refused error) error {
	d, err := h.identity.Directory(page.Context(c), page.Principal(c), directoryID(c))
	if err != nil {
		return err
	}
	in := inputOf(d)
	saved := in
	if typed != nil {
		in = *typed
	}
	status := http.StatusOK
	stale := refused != nil && vpn.KindOf(refused) == vpn.Stale
	shown := refused
	if stale {
		in.Version, shown = saved.Version, nil // the page now shows what the next save replaces
	}
	form := in.form(&d, shown)
	form.Action, form.Submit, form.Cancel = views.DirectoryPath(d.ID, "edit"), "Modify directory", views.DirectoryPath(d.ID)
	switch {
	case stale:
		status = http.StatusConflict
		page.FailStale(&form, refused, saved.fields(&d))
	case refused != nil:
		status = http.StatusUnprocessableEntity
	}
	return page.Render(c, status, views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Modify directory", "identity"), Form: form,
		Header: parts.Header{Crumbs: append(crumbs[:1:1], parts.Crumb{Label: views.NameOr(d.Name, d.ID), Href: views.DirectoryPath(d.ID)}), Title: "Modify directory"},
	}))
}

// renderAnnouncement shows what the posted modification does to configuration files. refused is why it was not made: nil
// where it was not tried.
func (h *Directories) renderAnnouncement(c echo.Context, in directoryInput, what vpn.Announcement, refused error) error {
	d, err := h.identity.Directory(page.Context(c), page.Principal(c), directoryID(c))
	if err != nil {
		return err
	}
	return page.RenderAnnouncement(c, views.Announcement{
		Chrome:  h.pages.Chrome(c, "Modify directory", "identity"),
		Header:  parts.Header{Crumbs: append(crumbs[:1:1], parts.Crumb{Label: views.NameOr(d.Name, d.ID), Href: views.DirectoryPath(d.ID)}), Title: "Modify directory " + views.NameOr(d.Name, d.ID)},
		Changes: parts.Changes(inputOf(d).fields(&d), in.fields(&d)),
		What:    what, Action: views.DirectoryPath(d.ID, "edit"), Button: "Modify directory", Cancel: views.DirectoryPath(d.ID),
		Back: true, Hidden: page.Typed(c),
	}, refused)
}

// EditForm shows the form that modifies a directory.
func (h *Directories) EditForm(c echo.Context) error { return h.renderEdit(c, nil, nil) }

// Edit modifies a directory.
func (h *Directories) Edit(c echo.Context) error {
	var in directoryInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	in.bound()
	if page.GoesBack(c) {
		return h.renderEdit(c, &in, nil)
	}
	what, err := h.identity.AnnounceEdit(page.Context(c), page.Principal(c), directoryID(c), in.spec())
	var d vpn.Directory
	if err == nil {
		consent := page.Consent(c)
		if what.Kind() != "" && in.Password != "" { // the page of the announcement carries no password
			var check vpn.Check
			check.Bad("bind_password", "Multi-factor authentication is changed on its own: save the password of the service account before it or after it.")
			return h.renderEdit(c, &in, check.Err())
		}
		if consent.Announced == "" && what.Kind() != "" {
			return h.renderAnnouncement(c, in, what, nil)
		}
		if err = what.Check(consent); err != nil {
			return h.renderAnnouncement(c, in, what, err)
		}
		d, err = h.identity.EditDirectory(page.Context(c), page.Principal(c), directoryID(c), in.spec(), consent)
		if errors.Is(err, vpn.ErrUnannounced) { // in the moment since
			if what, again := h.identity.AnnounceEdit(page.Context(c), page.Principal(c), directoryID(c), in.spec()); again == nil {
				return h.renderAnnouncement(c, in, what, err)
			}
		}
	}
	if page.BelongsInForm(err) || vpn.KindOf(err) == vpn.Stale {
		return h.renderEdit(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Directory "+views.NameOr(d.Name, d.ID)+" modified.", views.DirectoryPath(d.ID), page.Next{Label: "Test a sign-in", Href: views.DirectoryPath(d.ID) + "#test"})
}
