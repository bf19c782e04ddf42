// Package certificate holds the actions of the console about certificates and their authorities.
package certificate

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/certificate"
	"sallyport/handlers/admin/page"
	"sallyport/handlers/admin/tutorial"
	"sallyport/vpn"
)

// Certificates are the certificates that are kept here.
type Certificates struct {
	pages        *page.Pages
	steps        tutorial.Tutorial
	certificates *certificate.Service
}

// New makes the actions.
func New(pages *page.Pages, steps tutorial.Tutorial, certificates *certificate.Service) Certificates {
	return Certificates{pages, steps, certificates}
}

func certificateID(c echo.Context) vpn.CertificateID {
	return vpn.CertificateID(c.Param("certificate"))
}
