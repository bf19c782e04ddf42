package selfservice

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control/endpoint"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Files are the client configuration files that one-time links open. vpn.ErrConfigurationLink is the error of a link that opens none.
type Files interface {
	OfferLink(ctx context.Context, token vpn.Secret) (endpoint.LinkOffer, error)
	UseLink(ctx context.Context, token vpn.Secret, commandLine bool, source, request string) (endpoint.Configuration, error)
}

// OpenLink shows what a one-time link is for. It uses nothing up: programs that read mail follow links too.
func (h *Pages) OpenLink(c echo.Context) error {
	token := c.Param("token")
	offer, err := h.files.OfferLink(page.Context(c), vpn.Secret(token))
	if err != nil {
		return h.linkFailed(c, err)
	}
	here := "/file/" + token
	platform := platformOf(c)
	steps := views.ClientSteps{Page: here, Link: true, Password: offer.Password, Needs: offer.Needs, File: offer.FileName}
	steps.Program = programOf(c, vpn.SuitingPrograms(platform, offer.Needs))
	for _, p := range vpn.ClientPrograms(platform) {
		switch {
		case !p.Suits(offer.Needs):
			steps.Unfit = append(steps.Unfit, p)
		case p.ID != steps.Program.ID:
			steps.Others = append(steps.Others, p)
		}
	}
	return page.RenderPacked(c, http.StatusOK, views.FileLinkPage(views.FileLink{
		Name: offer.Endpoint, Client: offer.Client, File: offer.FileName, Ends: views.At(h.now(), offer.EndsAt), Waits: offer.Waits, Download: here, Steps: steps,
		CommandLine: steps.Program.Terminal && offer.Needs.Browser,
	}))
}

// UseLink sends the file of a one-time link, once.
func (h *Pages) UseLink(c echo.Context) error {
	file, err := h.files.UseLink(page.Context(c), vpn.Secret(c.Param("token")), c.FormValue("variant") == "command-line", page.Address(c).String(), page.RequestID(c))
	if err != nil {
		return h.linkFailed(c, err)
	}
	page.SendProfile(c, file.FileName, file.Text) // the link is used up also where the connection was cut
	return nil
}

func (h *Pages) linkFailed(c echo.Context, err error) error {
	switch vpn.KindOf(err) {
	case vpn.NotFound:
		return page.Render(c, http.StatusNotFound, views.FileLinkClosed("This link opens nothing", err.Error()))
	case vpn.Unavailable:
		return page.Render(c, http.StatusServiceUnavailable, views.FileLinkClosed("Not at present", err.Error()))
	}
	return err
}
