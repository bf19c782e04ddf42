package node

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Settings shows the settings of the deployment.
func (h *Node) Settings(c echo.Context) error { return h.renderSettings(c, nil, nil) }

func (h *Node) renderSettings(c echo.Context, typed map[string]string, refused error) error {
	saved, err := h.deployment.Settings(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	chrome := h.pages.Chrome(c, "Settings", "settings")
	v := views.Settings{Facts: []parts.Pair{
		{Label: "Public URL", Value: h.core.Settings.PublicURL, Mono: true, Help: "public_url: base of the pages that users open"},
		{Label: "Address used while no name is set", Value: h.core.Settings.FallbackAddress, Mono: true},
	}}
	v.Form = settingsForm(saved, typed, refused, chrome.MayChange)
	status := http.StatusOK
	switch {
	case refused != nil && vpn.KindOf(refused) == vpn.Stale:
		status = http.StatusConflict
	case refused != nil:
		status = http.StatusUnprocessableEntity
	}
	return page.Render(c, status, views.SettingsPage(chrome, v))
}
