package identity

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// DeleteForm asks for confirmation to delete a directory.
func (h *Directories) DeleteForm(c echo.Context) error { return h.renderDelete(c, nil) }

func (h *Directories) renderDelete(c echo.Context, refused error) error {
	d, err := h.identity.Directory(page.Context(c), page.Principal(c), directoryID(c))
	if err != nil {
		return err
	}
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, "Delete directory", "identity"), parts.Confirm{
		Crumbs: append(crumbs[:1:1], parts.Crumb{Label: views.NameOr(d.Name, d.ID), Href: views.DirectoryPath(d.ID)}),
		Title:  "Delete directory " + views.NameOr(d.Name, d.ID) + "?", Text: "The directory itself and its users are not changed.",
		Losses: []string{"the settings of " + string(d.ID) + ", with the stored password of its service account"}, Err: page.Refusal(refused),
		Action: views.DirectoryPath(d.ID, "delete"), Cancel: views.DirectoryPath(d.ID), Button: "Delete",
	}))
}

// Delete deletes a directory.
func (h *Directories) Delete(c echo.Context) error {
	deleted, err := h.identity.Directory(page.Context(c), page.Principal(c), directoryID(c))
	if err != nil {
		return err
	}
	err = h.identity.DeleteDirectory(page.Context(c), page.Principal(c), directoryID(c))
	if page.BelongsInForm(err) {
		return h.renderDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Directory "+views.NameOr(deleted.Name, deleted.ID)+" deleted.", views.DirectoriesPath)
}
