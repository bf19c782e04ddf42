package saml

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control/identity"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// View shows one provider, with the values that the identity provider needs.
func (h *Providers) View(c echo.Context) error {
	v, err := h.identity.SAMLProvider(page.Context(c), page.Principal(c), providerID(c))
	if err != nil {
		return err
	}
	p := v.SAMLProvider
	shown := views.SAMLProviderPage{
		Chrome: h.pages.Chrome(c, views.NameOr(p.Name, p.ID), "identity"), Header: parts.Header{Crumbs: crumbs, Title: views.NameOr(p.Name, p.ID)},
		Provider: p, Look: v.Look, Notice: h.unserved(), Facts: h.facts(v), Changed: p.ValuesSentence(h.core.Settings.PublicURL),
	}
	if shown.Changed != "" {
		shown.Changes = []parts.Change{{Label: "Entity ID", Was: v.FormerEntityID, Is: v.EntityID}, {Label: "ACS URL", Was: v.FormerACSURL, Is: v.ACSURL}}
	}
	if v.EntityID != "" {
		shown.Ours = []parts.Pair{
			{Label: "Entity ID", Value: v.EntityID, Copy: true, Help: "Also: audience, identifier, SP entity ID, client ID."},
			{Label: "ACS URL", Value: v.ACSURL, Copy: true, Help: "Also: reply URL, single sign-on URL, valid redirect URI. Binding HTTP-POST."},
			{Label: "NameID format", Value: "emailAddress, persistent or unspecified", Help: "Up to 255 characters. It names the user here for good."},
			{Label: "Group attribute", Value: p.GroupAttribute, Copy: true, Help: "In this case. Up to 200 groups count."},
			{Label: "Signature", Value: "RSA or ECDSA with SHA-256 or better", Help: "Sign the assertion or the response, or both. Do not encrypt assertions."},
			{Label: "Sign-out", Value: "No single logout", Help: "Sign-out URLs stay empty. Sign-outs at the provider end no session here, and the other way round."},
		}
	}
	return page.Render(c, http.StatusOK, views.SAMLProvider(shown))
}

func (h *Providers) facts(v identity.SAMLView) []parts.Pair {
	now := h.pages.Now()
	p, m := v.SAMLProvider, v.Metadata
	end := parts.Fact("Metadata valid until", "No end")
	if !m.ValidUntil.IsZero() {
		end = parts.Fact("Metadata valid until", views.Date(m.ValidUntil)+", "+parts.At(now, m.ValidUntil).Relative)
	}
	if behind := v.Look.Metadata.ValidUntil; behind.After(m.ValidUntil) && !m.ValidUntil.IsZero() {
		end.Help = "The document behind the metadata URL is valid until " + views.Date(behind) + "."
	}
	source := parts.Fact("Metadata URL", "None: the document was uploaded")
	if p.MetadataURL != "" {
		source = parts.Pair{Label: "Metadata URL", Value: p.MetadataURL, Mono: true, Help: "Compared " + parts.At(now, v.Look.At).Relative + "."}
	}
	signing := parts.YesNo(p.SignRequests, "Signed", "Not signed")
	request := parts.Fact("Requests", signing)
	if m.WantsSigned && !p.SignRequests {
		request.Help = "The identity provider asks for signed requests: modify this provider."
	}
	return []parts.Pair{
		{Label: "Provider ID", Value: string(p.ID), Copy: true},
		{Label: "Entity ID of the IdP", Value: m.EntityID, Copy: true},
		{Label: "Sign-in URL", Value: m.SignInURL, Mono: true, Help: "Binding HTTP-Redirect."},
		source, end, request,
		{Label: "Group attribute", Value: p.GroupAttribute, Mono: true},
		parts.Fact("Name attribute", orUsual(p.NameAttribute, "NameID, or a usual attribute")),
		parts.Fact("E-mail attribute", orUsual(p.MailAttribute, "A usual attribute")),
		views.FactEndpoints("Used by", v.Used),
		parts.FactTime("Created", parts.At(now, p.CreatedAt)),
	}
}

func orUsual(name, usual string) string {
	if name == "" {
		return usual
	}
	return name
}

// Compare compares the stored metadata with the document behind the URL.
func (h *Providers) Compare(c echo.Context) error {
	id := providerID(c)
	look, err := h.identity.CompareMetadata(page.Context(c), page.Principal(c), id)
	if err != nil {
		return err
	}
	text := "The document behind the metadata URL is the stored one."
	if sentence := look.Sentence(); sentence != "" {
		text = "The metadata URL was read. What differs is on this page."
	}
	if look.Failed != "" {
		text = "The metadata URL could not be read."
	}
	return h.pages.Done(c, text, views.SAMLProviderPath(id))
}

// Document sends our metadata document for a provider.
func (h *Providers) Document(c echo.Context) error {
	id := providerID(c)
	if _, err := h.identity.SAMLProvider(page.Context(c), page.Principal(c), id); err != nil {
		return err
	}
	text, err := h.identity.OwnMetadata(page.Context(c), id)
	if err != nil {
		return err
	}
	return page.Download(c, "sallyport-"+string(id)+".xml", "application/samlmetadata+xml", string(text))
}
