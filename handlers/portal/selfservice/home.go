package selfservice

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

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
	v := views.PortalHome{Nav: page.Nav(c, page.ConnectPath), Idle: strconv.Itoa(int(vpn.PortalIdle.Minutes())), Ends: views.At(h.now(), u.Session.EndsAt)}
	if v.Steps, err = h.steps(c, u, offers); err != nil {
		return err
	}
	for _, o := range offers {
		shown := h.offered(o)
		shown.CommandLine = v.Steps.Program.Terminal && o.Endpoint.Federated()
		v.Offers = append(v.Offers, shown)
	}
	return page.RenderPacked(c, http.StatusOK, views.PortalHomePage(v))
}

// steps are those of a program with which the user can sign in at every endpoint of theirs.
func (h *Pages) steps(c echo.Context, u portal.User, offers []portal.Offer) (views.ClientSteps, error) {
	var needs vpn.ClientNeeds
	plain := false // a file that is not for one device
	for _, o := range offers {
		needs.Browser = needs.Browser || o.Endpoint.Federated()
		needs.Code = needs.Code || o.File.Code
		plain = plain || !o.Device
	}
	platform := platformOf(c)
	offered, err := h.installers.Offered(page.Context(c), u.Principal, platform)
	if err != nil {
		return views.ClientSteps{}, err
	}
	suiting := vpn.SuitingPrograms(platform, needs)
	if offered != nil { // what the administrators offer comes first
		slices.SortStableFunc(suiting, func(a, b vpn.ClientProgram) int {
			return cmp.Compare(boolInt(a.ID != offered.Program), boolInt(b.ID != offered.Program))
		})
	}
	out := views.ClientSteps{Program: programOf(c, suiting), Needs: needs, Devices: !plain}
	if offered != nil && offered.Program == out.Program.ID {
		out.Install = shownInstaller(*offered)
	}
	for _, p := range vpn.ClientPrograms(platform) {
		switch {
		case !p.Suits(needs):
			out.Unfit = append(out.Unfit, p)
		case p.ID != out.Program.ID:
			out.Others = append(out.Others, p)
		}
	}
	if len(offers) == 1 && plain {
		if out.File = offers[0].File.FileName; out.Program.Terminal && needs.Browser {
			out.File = offers[0].File.LineName
		}
	}
	return out, nil
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (h *Pages) offered(o portal.Offer) views.PortalOffer {
	v := views.PortalOffer{
		Anchor: string(o.Endpoint.ID), Name: cmp.Or(o.Endpoint.Name, string(o.Endpoint.ID)), Description: o.Endpoint.Description, Certificate: o.Endpoint.Mutual() && !o.Device,
	}
	if o.Broken != nil {
		v.Broken = true
		return v
	}
	if v.Waits = o.File.Unusable; o.Device {
		v.Devices = page.DevicesPath + "?endpoint=" + string(o.Endpoint.ID)
		return v
	}
	v.Download, v.File, v.Checksum, v.Since = portal.Path+o.Endpoint.ID.PortalPath()+"/configuration", o.File.FileName, o.Checksum(), views.At(h.now(), o.Since)
	v.Waits, v.Outdated, v.Fetched = o.File.Unusable, o.Outdated, views.At(h.now(), o.Fetched)
	return v
}

// Download sends the configuration file of an endpoint. It is a form, because the download is recorded.
func (h *Pages) Download(c echo.Context) error {
	id := vpn.EndpointID(c.Param("endpoint"))
	file, err := h.service.Fetch(page.Context(c), page.User(c), id, c.FormValue("variant") == "command-line")
	if errors.Is(err, vpn.ErrPortalClosed) {
		return closed(c)
	}
	if err != nil {
		return err
	}
	if !page.SendProfile(c, file.FileName, file.Text) {
		return nil
	}
	return h.service.NoteFetched(context.WithoutCancel(page.Context(c)), page.User(c), file)
}
