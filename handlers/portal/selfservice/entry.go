// Package selfservice holds the actions of the self-service portal: users of endpoints sign in and fetch their configuration
// files (guide, "Access the self-service portal").
package selfservice

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/branding"
	"sallyport/control/installer"
	"sallyport/control/portal"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Pages are the actions of the self-service portal.
type Pages struct {
	service    *portal.Service
	branding   *branding.Service
	installers *installer.Service
	files      Files
	now        func() time.Time
}

// New makes the actions.
func New(service *portal.Service, b *branding.Service, i *installer.Service, f Files, now func() time.Time) *Pages {
	return &Pages{service, b, i, f, now}
}

// Entry asks for the Client VPN endpoint ID. The browser knows the one that it signed in to.
func (h *Pages) Entry(c echo.Context) error {
	if _, err := h.service.Authenticate(page.Context(c), page.PortalToken(c), page.Visitor(c)); err == nil {
		return c.Redirect(http.StatusSeeOther, portal.Path)
	}
	return page.Render(c, http.StatusOK, views.PortalEntry(views.Entry{
		Endpoint: string(page.Endpoint(c)), Ended: c.QueryParams().Has(EndedParam), SignedOut: c.QueryParams().Has(signedOutParam),
	}))
}

// longestID bounds an endpoint ID as typed.
const longestID = 64

// Find leads to the sign-in of the endpoint whose ID was typed, or its URL.
func (h *Pages) Find(c echo.Context) error {
	typed := strings.TrimSpace(c.QueryParam("endpoint"))
	if i := strings.LastIndex(typed, "/"); i >= 0 {
		typed = typed[i+1:]
	}
	switch {
	case typed == "":
		return page.Render(c, http.StatusUnprocessableEntity, views.PortalEntry(views.Entry{Err: "Enter the Client VPN endpoint ID. It begins with cvpn-endpoint-."}))
	case len(typed) > longestID:
		return page.Render(c, http.StatusNotFound, views.PortalEntry(views.Entry{Err: vpn.ErrPortalClosed.Msg}))
	}
	to := "/endpoints/" + url.PathEscape(typed)
	for _, why := range []string{EndedParam, signedOutParam} {
		if c.QueryParams().Has(why) {
			to += "?" + why
			break
		}
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// closed answers for every endpoint that has no portal, and for IDs that are unknown.
func closed(c echo.Context) error {
	return page.Render(c, http.StatusNotFound, views.PortalEntry(views.Entry{Endpoint: endpointID(c), Err: vpn.ErrPortalClosed.Msg}))
}

// endpointID is the ID in the path, as the page may show it.
func endpointID(c echo.Context) string {
	id := c.Param("endpoint")
	return vpn.PrintableText(id[:min(len(id), longestID)])
}
