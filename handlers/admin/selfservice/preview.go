package selfservice

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	portal "sallyport/views/portal"
	"sallyport/vpn"
)

// Preview shows a page of the portal as users see it, with an endpoint that is made up. Nothing on it acts.
func (h *Portal) Preview(c echo.Context) error {
	saved, err := h.branding.Branding(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	brand := portal.Brand{Title: saved.Title, Contact: saved.Contact, Help: saved.Help, Logo: logo(saved), LogoWidth: saved.Logo.Width, LogoHeight: saved.Logo.Height, Preview: true}
	c.SetRequest(c.Request().WithContext(portal.WithBrand(page.Context(c), brand)))
	const endpoint = "cvpn-endpoint-0123456789abcdef0"
	switch c.QueryParam("page") {
	case "entry":
		return page.Render(c, http.StatusOK, portal.PortalEntry(portal.Entry{Endpoint: endpoint}))
	case "sign-in":
		return page.Render(c, http.StatusOK, portal.PortalSignIn(portal.PortalDoor{Path: home, Endpoint: endpoint}))
	}
	programs := vpn.ClientPrograms(vpn.Windows)
	return page.Render(c, http.StatusOK, portal.PortalHomePage(portal.PortalHome{
		Nav:    portal.Nav{User: "alice", Here: "/portal", Entries: []portal.NavEntry{{Path: "/portal", Label: "Connect", Icon: "connect"}, {Path: "/portal/access", Label: "My access", Icon: "access"}}},
		Offers: []portal.PortalOffer{{Anchor: "offer", Name: "Office VPN", Description: "Networks of the office", Download: home, File: "Office-VPN-" + endpoint + ".ovpn"}},
		Steps:  portal.ClientSteps{Program: programs[0], Others: programs[1:], File: "Office-VPN-" + endpoint + ".ovpn"},
		Idle:   "30", Ends: portal.At(h.pages.Now(), h.pages.Now().Add(vpn.PortalLife)),
	}))
}
