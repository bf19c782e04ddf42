package saml

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

func (h *Providers) renderNew(c echo.Context, in providerInput, refused error) error {
	form := in.form(nil, refused)
	form.Action, form.Submit, form.Cancel = createPath, "Create SAML provider", listPath
	return page.RenderForm(c, refused, views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Create SAML provider", "identity"), Form: form, Notice: h.unserved(),
		Header: parts.Header{Crumbs: crumbs, Title: "Create SAML provider", Note: "A provider of SAML 2.0 signs users in in their browser. The values that it needs of this VPN are on the next page."},
	}))
}

// New shows the form for a provider.
func (h *Providers) New(c echo.Context) error { return h.renderNew(c, providerInput{}, nil) }

// Create creates a provider.
func (h *Providers) Create(c echo.Context) error {
	var in providerInput
	if err := in.read(c); err != nil {
		return err
	}
	if in.unread != nil {
		return h.renderNew(c, in, in.unread)
	}
	p, err := h.identity.CreateSAMLProvider(page.Context(c), page.Principal(c), in.spec())
	if page.BelongsInForm(err) {
		return h.renderNew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "SAML provider "+views.NameOr(p.Name, p.ID)+" created. Enter the values for the provider there.", views.SAMLProviderPath(p.ID), page.Next{Label: "Then test a sign-in", Href: views.SAMLProviderPath(p.ID) + "#test"})
}

// DeleteForm asks for confirmation to delete a provider.
func (h *Providers) DeleteForm(c echo.Context) error { return h.renderDelete(c, nil) }

func (h *Providers) renderDelete(c echo.Context, refused error) error {
	v, err := h.identity.SAMLProvider(page.Context(c), page.Principal(c), providerID(c))
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Crumbs: below(v.SAMLProvider), Title: "Delete SAML provider " + views.NameOr(v.Name, v.ID) + "?", Text: "The identity provider itself and its users are not changed.",
		Losses: []string{"the settings of " + string(v.ID) + ", with the stored metadata and the key that signs requests", "its entity ID and ACS URL: another provider here has others"}, Err: page.Refusal(refused),
		Action: views.SAMLProviderPath(v.ID, "delete"), Cancel: views.SAMLProviderPath(v.ID), Button: "Delete",
	}
	if used := v.InUse(v.Used); used != nil {
		confirm.Blocked = used.Error()
	}
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, "Delete SAML provider", "identity"), confirm))
}

// Delete deletes a provider.
func (h *Providers) Delete(c echo.Context) error {
	deleted, err := h.identity.SAMLProvider(page.Context(c), page.Principal(c), providerID(c))
	if err != nil {
		return err
	}
	err = h.identity.DeleteSAMLProvider(page.Context(c), page.Principal(c), providerID(c))
	if page.BelongsInForm(err) {
		return h.renderDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "SAML provider "+views.NameOr(deleted.Name, deleted.ID)+" deleted.", listPath)
}
