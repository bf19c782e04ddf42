// Package selfservice holds the actions of the console about the self-service portal: what it says of itself, the programs that
// it offers, and who has downloaded what.
package selfservice

import (
	"github.com/labstack/echo/v4"

	"sallyport/control"
	"sallyport/control/branding"
	"sallyport/control/endpoint"
	"sallyport/control/installer"
	"sallyport/handlers/admin/page"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Portal is the self-service portal as administrators see it.
type Portal struct {
	pages      *page.Pages
	core       *control.Core
	branding   *branding.Service
	installers *installer.Service
	endpoints  *endpoint.Service
}

// New makes the actions.
func New(pages *page.Pages, core *control.Core, b *branding.Service, i *installer.Service, e *endpoint.Service) Portal {
	return Portal{pages, core, b, i, e}
}

const (
	section = "portal"
	home    = "/self-service-portal"
	title   = "Self-service portal"
)

var crumbs = []parts.Crumb{{Label: title, Href: home}}

func tabs(downloads bool) []parts.Tab {
	return []parts.Tab{{Label: "Portal", Href: home, Current: !downloads}, {Label: "Downloads", Href: home + "/downloads", Current: downloads}}
}

func platform(c echo.Context) vpn.Platform { return vpn.Platform(c.Param("platform")) }
