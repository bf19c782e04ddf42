// Package saml holds the actions of the console about SAML identity providers.
package saml

import (
	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/control/identity"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Providers are the SAML identity providers.
type Providers struct {
	pages    *page.Pages
	core     *control.Core
	identity *identity.Service
}

// New makes the actions.
func New(pages *page.Pages, core *control.Core, service *identity.Service) Providers {
	return Providers{pages, core, service}
}

const (
	listPath   = views.SAMLProvidersPath
	createPath = "/identity-providers/saml/new"
)

func providerID(c echo.Context) vpn.SAMLProviderID { return vpn.SAMLProviderID(c.Param("saml")) }

var crumbs = []parts.Crumb{{Label: "Identity providers", Href: views.ProvidersPath}, {Label: "SAML providers", Href: listPath}}

// below are the breadcrumbs of a page below that of a provider.
func below(p vpn.SAMLProvider) []parts.Crumb {
	return append(crumbs[:len(crumbs):len(crumbs)], parts.Crumb{Label: views.NameOr(p.Name, p.ID), Href: views.SAMLProviderPath(p.ID)})
}

// unserved warns where browsers cannot come back from an identity provider, or those of this host alone; nil: they can.
func (h *Providers) unserved() *views.Notice {
	if base := h.core.Settings.PublicURL; base != "" {
		if warning := vpn.PublicURLWarning(base); warning != "" {
			return &views.Notice{Tone: "warning", Title: "Users may not reach the page of the sign-in",
				Text: warning + " Do so before you enter the values at the identity provider: they change with public_url."}
		}
		return nil
	}
	text := h.core.Settings.PublicOff
	if text == "" {
		text = "Set public_listen and public_url in the configuration."
	}
	return &views.Notice{Tone: "warning", Title: "The public pages are not served",
		Text: "Users come back from a SAML provider to the public pages of this VPN, so no user can sign in there. " + text}
}
