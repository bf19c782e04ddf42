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

// Files are the client configuration files that one-time links open. vpn.ErrConfigurationLink is the error of a link that opens none;
// a link that was used is still offered until its end.
type Files interface {
	OfferLink(ctx context.Context, token vpn.Secret) (endpoint.LinkOffer, error)
	UseLink(ctx context.Context, token vpn.Secret, commandLine bool, source, request string) (endpoint.Configuration, error)
}

// OpenLink shows what a one-time link is for, and how to connect with its file. It uses nothing up: programs that read mail follow links
// too.
func (h *Pages) OpenLink(c echo.Context) error { return h.renderLink(c, http.StatusOK) }

func (h *Pages) renderLink(c echo.Context, status int) error {
	token := c.Param("token")
	offer, err := h.files.OfferLink(page.Context(c), vpn.Secret(token))
	if err != nil {
		return h.linkFailed(c, err)
	}
	steps := linkSteps(c, views.ClientSteps{Password: offer.Password, Needs: offer.Needs, File: offer.FileName, Fetched: !offer.UsedAt.IsZero()})
	v := views.FileLink{
		Name: offer.Endpoint, Client: offer.Client, File: offer.FileName, Ends: views.At(h.now(), offer.EndsAt), Waits: offer.Waits, Download: "/file/" + token, Steps: steps,
		CommandLine: steps.Program.Terminal && offer.Needs.Browser,
	}
	if !offer.UsedAt.IsZero() {
		v.Used = views.At(h.now(), offer.UsedAt)
	}
	return page.RenderPacked(c, status, views.FileLinkPage(v))
}

// linkSteps adds the programs of the visitor's platform to the steps of a link.
func linkSteps(c echo.Context, steps views.ClientSteps) views.ClientSteps {
	platform := platformOf(c)
	steps.Link = true
	steps.Program = programOf(c, vpn.SuitingPrograms(platform, steps.Needs))
	for _, p := range vpn.ClientPrograms(platform) {
		switch {
		case !p.Suits(steps.Needs):
			steps.Unfit = append(steps.Unfit, p)
		case p.ID != steps.Program.ID:
			steps.Others = append(steps.Others, p)
		}
	}
	return steps
}

// UseLink sends the file of a one-time link, once. A browser that asks again gets the page, which says that it was downloaded.
func (h *Pages) UseLink(c echo.Context) error {
	file, err := h.files.UseLink(page.Context(c), vpn.Secret(c.Param("token")), c.FormValue("variant") == "command-line", page.Address(c).String(), page.RequestID(c))
	if vpn.KindOf(err) == vpn.NotFound {
		return h.renderLink(c, http.StatusGone)
	}
	if err != nil {
		return h.linkFailed(c, err)
	}
	page.SendProfile(c, file.FileName, file.Text) // the link is used up also where the connection was cut
	return nil
}

func (h *Pages) linkFailed(c echo.Context, err error) error {
	switch vpn.KindOf(err) {
	case vpn.NotFound:
		return page.Render(c, http.StatusNotFound, views.FileLinkClosed("This link opens nothing", err.Error(), linkSteps(c, views.ClientSteps{Fetched: true, Untold: true})))
	case vpn.Unavailable:
		return page.Render(c, http.StatusServiceUnavailable, views.FileLinkClosed("Not at present", err.Error(), linkSteps(c, views.ClientSteps{Fetched: true, Untold: true})))
	}
	return err
}
