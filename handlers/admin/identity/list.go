package identity

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var cells = []page.Cell[vpn.Directory]{
	{Label: "Name", Text: func(d vpn.Directory) string { return d.Name }},
	{Label: "Directory ID", Text: func(d vpn.Directory) string { return string(d.ID) }},
	{Label: "Type", Text: func(d vpn.Directory) string { return views.DirectoryType(d.Type) }},
	{Label: "URLs", Text: func(d vpn.Directory) string { return strings.Join(d.URLs, " ") }},
}

// Open shows the kind of identity providers of which there are some: the directories, or the SAML providers where they are the
// only ones.
func (h *Directories) Open(c echo.Context) error {
	counts, err := h.identity.ProviderCounts(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	if counts.Directories == 0 && counts.SAML > 0 {
		return c.Redirect(http.StatusSeeOther, views.SAMLProvidersPath)
	}
	return h.List(c)
}

// List lists the directories.
func (h *Directories) List(c echo.Context) error {
	l := page.ListOf(c)
	read := func(l vpn.List) (vpn.Page[vpn.Directory], error) {
		return h.identity.Directories(page.Context(c), page.Principal(c), l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "identity-providers", l, read, cells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	list := page.ListView(c, l, found)
	list.Part = "directories"
	list.Caption, list.Noun, list.Plural, list.Hint = "Directories", "directory", "directories", "name, ID, URL or base DN"
	list.Columns = []parts.Column{{Key: "name", Label: "Name"}, {Label: "Type"}, {Label: "URLs"}, {Key: "created_at", Label: "Created"}}
	list.Empty = parts.Empty{
		Title: "No directories yet",
		Text:  "A directory proves user names and passwords. Create and try it here, then create an endpoint with user-based authentication.",
	}
	if page.Principal(c).Role.MayChange() {
		list.Empty.Action = parts.Button{Label: "Create directory", Href: "/identity-providers/directories/new", Tone: "primary"}
	}
	counts, err := h.identity.ProviderCounts(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	return page.Render(c, http.StatusOK, views.Directories(h.pages.Chrome(c, "Identity providers", "identity"), views.ProviderTabs(false, counts.Directories, counts.SAML), list, found.Items))
}
