package endpoint

import (
	"errors"
	"net/netip"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// missingStep is the page that says what adding the missing routes does.
var missingStep = routeStep{title: "Add missing routes", button: "Add missing routes", path: []string{"routes", "missing"}}

// oneDestination is the destination that a request is about; the zero prefix: all of them.
func oneDestination(typed string) (netip.Prefix, error) {
	if typed == "" {
		return netip.Prefix{}, nil
	}
	p, err := vpn.ParseCIDR(typed)
	if err != nil {
		var c vpn.Check
		c.Bad("destination", err.Error())
		return p, c.Err()
	}
	return p, nil
}

// MissingForm says which routes are missing, and what adding them does.
func (h *Routes) MissingForm(c echo.Context) error {
	destination, err := oneDestination(c.QueryParam("destination"))
	if err != nil {
		return err
	}
	what, err := h.endpoints.AnnounceMissingRoutes(page.Context(c), page.Principal(c), endpointID(c), destination)
	if page.BelongsInForm(err) {
		return h.announce(c, missingStep, what, err)
	}
	if err != nil {
		return err
	}
	if len(what.Routes) == 0 {
		return h.noneMissing(c)
	}
	return h.announce(c, missingStep, what, nil)
}

func (h *Routes) noneMissing(c echo.Context) error {
	return h.pages.Done(c, "No route is missing: every target network leads there.", views.EndpointPath(endpointID(c), "routes"))
}

// AddMissing gives every target network the routes that others of the endpoint have.
func (h *Routes) AddMissing(c echo.Context) error {
	var in struct {
		Destination string `form:"destination"`
	}
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	destination, err := oneDestination(in.Destination)
	if err != nil {
		return err
	}
	id, consent := endpointID(c), page.Consent(c)
	what, err := h.endpoints.AnnounceMissingRoutes(page.Context(c), page.Principal(c), id, destination)
	var done endpoint.AddedRoutes
	if err == nil && len(what.Routes) > 0 {
		if err := what.Did.Check(consent); err != nil {
			if consent.Announced == "" || consent.Announced == views.AnnouncedAtOnce { // by a button that cannot ask
				err = nil
			}
			return h.announce(c, missingStep, what, err)
		}
		done, err = h.endpoints.AddMissingRoutes(page.Context(c), page.Principal(c), id, destination, consent)
		if errors.Is(err, vpn.ErrUnannounced) { // in the moment since
			return h.announce(c, missingStep, done, err)
		}
	}
	switch {
	case page.BelongsInForm(err):
		return h.announce(c, missingStep, what, err)
	case err != nil:
		return err
	case len(done.Routes) == 0:
		return h.noneMissing(c)
	}
	return h.pages.Done(c, parts.Are(len(done.Routes), "route")+" being added: every target network leads to the same destinations."+page.WhenLearned(done.Did, consent), views.EndpointPath(id, "routes"))
}
