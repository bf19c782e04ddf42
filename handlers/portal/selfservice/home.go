package selfservice

import (
	"cmp"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/portal"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Home lists the endpoints of the user with their configuration files.
func (h *Pages) Home(c echo.Context) error {
	u := page.User(c)
	offers, err := h.service.Offers(page.Context(c), u)
	if err != nil {
		return err
	}
	v := views.PortalHome{Nav: page.Nav(c, page.ConnectPath), Idle: strconv.Itoa(int(vpn.PortalIdle.Minutes())), Ends: written(u.Session.EndsAt)}
	v.Steps = steps(c, offers)
	for _, o := range offers {
		shown := offered(o)
		shown.CommandLine = v.Steps.Program.Terminal && o.Endpoint.Federated()
		v.Offers = append(v.Offers, shown)
	}
	return page.Render(c, http.StatusOK, views.PortalHomePage(v))
}

// steps are those of a program with which the user can sign in at every endpoint of theirs.
func steps(c echo.Context, offers []portal.Offer) views.ClientSteps {
	var needs vpn.ClientNeeds
	for _, o := range offers {
		needs.Browser = needs.Browser || o.Endpoint.Federated()
		needs.Code = needs.Code || o.File.Code
	}
	platform := platformOf(c)
	suiting := vpn.SuitingPrograms(platform, needs)
	out := views.ClientSteps{Program: programOf(c, suiting), Needs: needs}
	for _, p := range vpn.ClientPrograms(platform) {
		switch {
		case !p.Suits(needs):
			out.Unfit = append(out.Unfit, p)
		case p.ID != out.Program.ID:
			out.Others = append(out.Others, p)
		}
	}
	if len(offers) == 1 {
		out.File = offers[0].File.FileName
	}
	return out
}

func offered(o portal.Offer) views.PortalOffer {
	v := views.PortalOffer{
		Anchor: string(o.Endpoint.ID), Name: cmp.Or(o.Endpoint.Name, string(o.Endpoint.ID)), Description: o.Endpoint.Description, Certificate: o.Endpoint.Mutual(),
	}
	if o.Broken != nil {
		v.Broken = true
		return v
	}
	v.Download, v.File, v.Checksum, v.Since = portal.Path+o.Endpoint.ID.PortalPath()+"/configuration", o.File.FileName, o.Checksum(), written(o.Since)
	v.Waits, v.Outdated = o.File.Unusable, o.Outdated
	if !o.Fetched.IsZero() {
		v.Fetched = written(o.Fetched)
	}
	return v
}

func written(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// Download sends the configuration file of an endpoint. It is a form, because the download is recorded.
func (h *Pages) Download(c echo.Context) error {
	file, err := h.service.Fetch(page.Context(c), page.User(c), vpn.EndpointID(c.Param("endpoint")), c.FormValue("variant") == "command-line")
	if errors.Is(err, vpn.ErrPortalClosed) {
		return closed(c)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": file.FileName}))
	return c.Blob(http.StatusOK, "application/x-openvpn-profile", []byte(file.Text))
}
