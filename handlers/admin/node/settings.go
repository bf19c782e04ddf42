package node

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// Settings shows the names of the deployment.
func (h *Node) Settings(c echo.Context) error {
	s := h.core.Settings
	return page.Render(c, http.StatusOK, views.SettingsPage(h.pages.Chrome(c, "Settings", "settings"), []parts.Pair{
		{Label: "Public name", Value: s.PublicName, Mono: true, Help: "public_name: the name in client configuration files"},
		{Label: "VPN domain", Value: s.VPNDomain, Mono: true, Help: "vpn_domain: if no public name is set, the name of an endpoint is <endpoint ID>.<domain>"},
		{Label: "Public URL", Value: s.PublicURL, Mono: true, Help: "public_url: base of the pages that users open"},
		{Label: "Address used while no name is set", Value: s.FallbackAddress, Mono: true},
	}))
}
