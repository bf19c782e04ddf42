package endpoint

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// renderAnnouncement shows what the posted modification does. refused is why it was not made: nil where it was not
// tried.
func (h *Endpoints) renderAnnouncement(c echo.Context, stored endpoint.View, edit vpn.EndpointEdit, what vpn.Announcement, refused error) error {
	choices, err := h.endpoints.EndpointChoices(page.Context(c), page.Principal(c), "", page.CertificateIDs(string(stored.Certificate), string(edit.Certificate))...)
	if err != nil {
		return err
	}
	offered := endpointChoices{Choices: choices, stored: &stored}
	return page.RenderAnnouncement(c, views.Announcement{
		Chrome:  h.pages.Chrome(c, "Modify Client VPN endpoint", "endpoints"),
		Header:  parts.Header{Crumbs: endpointCrumbs(stored.Endpoint, ""), Title: "Modify Client VPN endpoint " + views.NameOr(stored.Name, stored.ID)},
		Changes: parts.Changes(inputOf(stored.Endpoint).fields(offered), inputOfEdit(edit).fields(offered)),
		What:    what, Action: views.EndpointPath(stored.ID, "edit"), Button: "Modify Client VPN endpoint", Cancel: views.EndpointPath(stored.ID),
		Back: true, Hidden: page.Typed(c),
	}, refused)
}
