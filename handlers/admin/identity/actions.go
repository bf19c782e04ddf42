// Package identity holds the actions of the console about identity providers.
package identity

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/identity"
	"sallyport/handlers/admin/page"
	"sallyport/vpn"
)

// Directories are the directories that users sign in to.
type Directories struct {
	pages    *page.Pages
	identity *identity.Service
}

// New makes the actions.
func New(pages *page.Pages, service *identity.Service) Directories {
	return Directories{pages, service}
}

func directoryID(c echo.Context) vpn.DirectoryID { return vpn.DirectoryID(c.Param("directory")) }
