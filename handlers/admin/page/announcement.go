package page

import (
	"maps"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Consent is the administrator's answer to an announcement, as posted.
func Consent(c echo.Context) vpn.Consent {
	form := c.Request().PostForm
	return vpn.Consent{
		Announced: form.Get(views.AnnouncedField), Word: form.Get(views.ConfirmField),
		Reconnect: form.Get(views.ReconnectField) == views.ReconnectNow,
	}
}

// GoesBack tells whether the administrator returns from an announcement to the form that led to it.
func GoesBack(c echo.Context) bool { return c.Request().PostForm.Get(views.BackField) != "" }

// Typed are the values of the form that led to an announcement, to be posted again.
func Typed(c echo.Context) []parts.Hidden {
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

// RenderAnnouncement answers with the step; refused is why the change was not made, nil where it was not tried.
func RenderAnnouncement(c echo.Context, v views.Announcement, refused error) error {
	v.Err, v.Word, v.Later = Refusal(refused), vpn.FieldsOf(refused)["confirm"], !Consent(c).Reconnect
	if refused == nil || v.Word != "" {
		return RenderForm(c, refused, views.AnnouncementPage(v))
	}
	return Render(c, http.StatusConflict, views.AnnouncementPage(v))
}

// WhenLearned says after a change when connected clients learn of it, after a space; "" where they need not learn of it.
func WhenLearned(did vpn.Announcement, consent vpn.Consent) string {
	switch {
	case !did.Choice() || did.Connections == 0:
		return ""
	case consent.Reconnect:
		return " " + parts.Count(did.Connections, "connection") + " will be made again."
	default:
		return " Clients that are connected learn it with their next connection."
	}
}
