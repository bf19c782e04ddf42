package endpoint

import (
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// consentOf is the administrator's answer to an announcement, as posted.
func consentOf(c echo.Context) vpn.Consent {
	form := c.Request().PostForm
	return vpn.Consent{
		Announced: form.Get(views.AnnouncedField), Word: form.Get(views.ConfirmField),
		Reconnect: form.Get(views.ReconnectField) == views.ReconnectNow,
	}
}

// goesBack tells whether the administrator returns from the announcement to the form.
func goesBack(c echo.Context) bool { return c.Request().PostForm.Get(views.BackField) != "" }

// typedValues are the values of the form that led to the announcement, to be posted again.
func typedValues(c echo.Context) []parts.Hidden {
	form := c.Request().PostForm
	var out []parts.Hidden
	for _, name := range slices.Sorted(maps.Keys(form)) {
		switch name {
		case views.AnnouncedField, views.ConfirmField, views.ReconnectField, views.BackField:
			continue
		}
		for _, value := range form[name] {
			out = append(out, parts.Hidden{Name: name, Value: value})
		}
	}
	return out
}

// renderAnnouncement shows what the posted modification does. refused is why it was not made: nil where it was not
// tried.
func (h *Endpoints) renderAnnouncement(c echo.Context, stored endpoint.View, what vpn.Announcement, refused error) error {
	v := views.Announcement{
		Chrome: h.pages.Chrome(c, "Modify Client VPN endpoint", "endpoints"),
		Header: parts.Header{Crumbs: endpointCrumbs(stored.Endpoint, ""), Title: "Modify Client VPN endpoint " + views.NameOr(stored.Name, stored.ID)},
		What:   what, Action: views.EndpointPath(stored.ID, "edit"), Button: "Modify Client VPN endpoint", Cancel: views.EndpointPath(stored.ID),
		Back: true, Hidden: typedValues(c), Later: !consentOf(c).Reconnect,
	}
	return renderAnnounced(c, v, refused)
}

// renderAnnounced draws the step; refused is why the change was not made.
func renderAnnounced(c echo.Context, v views.Announcement, refused error) error {
	v.Err, v.Word = page.Refusal(refused), vpn.FieldsOf(refused)["confirm"]
	if refused == nil || v.Word != "" {
		return page.RenderForm(c, refused, views.AnnouncementPage(v))
	}
	return page.Render(c, http.StatusConflict, views.AnnouncementPage(v))
}
