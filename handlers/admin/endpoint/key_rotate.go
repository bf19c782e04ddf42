package endpoint

import (
	"errors"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// RotateKeyForm tells what the rotation of the key does, and asks for confirmation.
func (h *Endpoints) RotateKeyForm(c echo.Context) error { return h.renderRotateKey(c, nil) }

func (h *Endpoints) renderRotateKey(c echo.Context, refused error) error {
	view, err := h.endpoints.Endpoint(page.Context(c), page.Principal(c), endpointID(c))
	if err != nil {
		return err
	}
	what, err := h.endpoints.AnnounceKeyRotation(page.Context(c), page.Principal(c), view.ID)
	if err != nil {
		return err
	}
	return page.RenderAnnouncement(c, views.Announcement{
		Chrome: h.pages.Chrome(c, "Rotate key of configuration files", "endpoints"),
		Header: parts.Header{Crumbs: endpointCrumbs(view.Endpoint, ""), Title: "Rotate the key of the configuration files of " + views.NameOr(view.Name, view.ID)},
		Intro:  "All configuration files of an endpoint have one key (tls-crypt). OpenVPN answers no packet that was made without it. Rotate it when a file got into the wrong hands; a single client is shut out by blocking its certificate.",
		What:   what, Action: views.EndpointPath(view.ID, "rotate-key"), Button: "Rotate key", Cancel: views.EndpointPath(view.ID),
		Hidden: []parts.Hidden{{Name: "version", Value: strconv.Itoa(view.Version)}},
	}, refused)
}

// RotateKey rotates the key.
func (h *Endpoints) RotateKey(c echo.Context) error {
	version, err := strconv.Atoi(c.FormValue("version"))
	if err != nil {
		version = 0 // was never saved
	}
	result, err := h.endpoints.RotateKey(page.Context(c), page.Principal(c), endpointID(c), version, page.Consent(c))
	if page.BelongsInForm(err) || errors.Is(err, vpn.ErrUnannounced) {
		return h.renderRotateKey(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The key was rotated."+needFile(result.Did.People), views.EndpointPath(result.Endpoint.ID, "configuration"))
}
