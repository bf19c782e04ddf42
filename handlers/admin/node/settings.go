package node

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control"
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
		publicFact(h.core.Settings),
		{Label: "Address used while no name is set", Value: h.core.Settings.FallbackAddress, Mono: true, Help: "Configuration files name it while there is neither a public name nor a VPN domain. Users outside may not reach it."},
	}}
	for _, s := range h.core.Settings.Start {
		v.Start = append(v.Start, startFact(s))
	}
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

// publicFact is where the public pages are, or why they are not served.
func publicFact(s control.Settings) parts.Pair {
	const label = "Public pages"
	if s.PublicOff != "" {
		return parts.Pair{Label: label, Value: "Not served", Help: s.PublicOff}
	}
	return parts.Pair{Label: label, Value: s.PublicURL, Mono: true, Help: "What VPN clients, their users and identity providers open (public_url, public_listen). The console does not answer to this host name, unless it is that of a loopback address."}
}

// startFact is a setting of the configuration with its source.
func startFact(s vpn.StartSetting) parts.Pair {
	p := parts.Pair{Label: s.Key, Value: s.Value, Mono: true, Help: s.Help + " Its default."}
	if s.Secret {
		p.Value = "kept secret"
	}
	if s.Source != "" {
		p.Help = s.Help + " Set by " + s.Source + "."
	}
	return p
}
