package certificate

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/tutorial"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/vpn"
)

// nextStep is what a new certificate is for: an authority issues, a server's is chosen for an endpoint, a client's goes into its
// configuration file. None: no endpoint takes the client yet, and the page says so. While the tutorial leads, its next step comes first.
func (h *Certificates) nextStep(c echo.Context, cert vpn.Certificate) []page.Next {
	switch {
	case cert.Use == vpn.UseServer:
		return h.steps.Next(c, tutorial.Certificates, tutorial.Endpoint, page.Next{Label: "Create a Client VPN endpoint with it", Href: "/endpoints/new"})
	case cert.CanIssue(h.pages.Now()):
		return []page.Next{{Label: "Issue a certificate with it", Href: "/certificates/issue?authority=" + string(cert.ID)}}
	case cert.Use == vpn.UseClient && cert.HasKey:
		status, err := h.certificates.Certificate(page.Context(c), page.Principal(c), cert.ID)
		if err != nil || len(status.AcceptedBy) == 0 {
			return h.steps.Next(c, tutorial.Certificates, tutorial.Endpoint) // otherwise its page tells what it can be used for
		}
		return []page.Next{{Label: "Get its configuration file", Href: views.ConfigurationForPath(status.AcceptedBy[0].ID, cert.ID)}}
	}
	return nil
}
