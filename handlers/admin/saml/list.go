package saml

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var cells = []page.Cell[vpn.SAMLProvider]{
	{Label: "Name", Text: func(p vpn.SAMLProvider) string { return p.Name }},
	{Label: "Provider ID", Text: func(p vpn.SAMLProvider) string { return string(p.ID) }},
	{Label: "Entity ID", Text: func(p vpn.SAMLProvider) string { return p.Metadata.EntityID }},
	{Label: "Sign-in URL", Text: func(p vpn.SAMLProvider) string { return p.Metadata.SignInURL }},
	{Label: "Valid until", Text: func(p vpn.SAMLProvider) string { return views.Date(p.Metadata.End()) }},
}

// List lists the SAML providers.
func (h *Providers) List(c echo.Context) error {
	l := page.ListOf(c)
	read := func(l vpn.List) (vpn.Page[vpn.SAMLProvider], error) {
		return h.identity.SAMLProviders(page.Context(c), page.Principal(c), l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "saml-providers", l, read, cells)
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	list := page.ListView(c, l, found)
	list.Part = "saml-providers"
	list.Caption, list.Noun, list.Plural, list.Hint = "SAML providers", "SAML provider", "SAML providers", "name, ID, entity ID or sign-in URL"
	list.Columns = []parts.Column{{Key: "name", Label: "Name"}, {Label: "Identity provider"}, {Label: "Valid until"}, {Key: "created_at", Label: "Created"}}
	list.Empty = parts.Empty{
		Title: "No SAML providers yet",
		Text:  "A SAML provider signs users in in their browser: Okta, Entra ID, Keycloak, Google Workspace and others. Create it from the provider's metadata, test it, then choose it for an endpoint.",
	}
	if page.Principal(c).Role.MayChange() {
		list.Empty.Action = parts.Button{Label: "Create SAML provider", Href: createPath, Tone: "primary"}
	}
	counts, err := h.identity.ProviderCounts(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	return page.Render(c, http.StatusOK, views.SAMLProviders(views.SAMLProvidersPage{
		Chrome: h.pages.Chrome(c, "Identity providers", "identity"), Tabs: views.ProviderTabs(true, counts.Directories, counts.SAML),
		List: list, Rows: found.Items, PublicURL: h.core.Settings.PublicURL,
	}))
}
