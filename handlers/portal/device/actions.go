// Package device holds the actions of the page Devices of the self-service portal: a configuration file with a certificate of its own
// for each device.
package device

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/control/device"
	"sallyport/control/endpoint"
	"sallyport/handlers/portal/page"
	views "sallyport/views/portal"
	"sallyport/vpn"
)

// Pages are the actions of Devices.
type Pages struct {
	service *device.Service
	now     func() time.Time
}

// New makes the actions.
func New(service *device.Service, now func() time.Time) *Pages { return &Pages{service, now} }

// Show lists the devices of the user, with the form for another one.
func (h *Pages) Show(c echo.Context) error { return h.render(c, http.StatusOK, nil) }

func (h *Pages) render(c echo.Context, status int, refused error) error {
	u := page.User(c)
	own, err := h.service.Own(page.Context(c), u)
	if err != nil {
		return err
	}
	v := views.Devices{
		Nav: page.Nav(c, page.DevicesPath), Path: page.DevicesPath, Limit: own.Limit, Live: own.Live, Removed: c.QueryParam("done") == "removed",
		Name: proposedName(c.Request().UserAgent(), u.Name), Chosen: c.QueryParam("endpoint"),
	}
	if refused != nil {
		v.Err = cmp.Or(vpn.FieldsOf(refused)["name"], refused.Error())
		if c.Param("device") == "" {
			v.Name, v.Chosen = c.FormValue("name"), c.FormValue("endpoint")
		}
	}
	for _, e := range own.For {
		v.For = append(v.For, views.DeviceEndpoint{ID: string(e.ID), Name: cmp.Or(e.Name, string(e.ID))})
	}
	for _, d := range own.Devices {
		v.Devices = append(v.Devices, h.shown(d))
	}
	return page.Render(c, status, views.DevicesPage(v))
}

func (h *Pages) shown(d device.OwnDevice) views.Device {
	return views.Device{
		Path: page.DevicesPath + "/" + string(d.ID), Name: d.Name, Endpoint: vpn.PrintableText(d.EndpointName), Made: views.At(h.now(), d.CreatedAt), Ends: views.At(h.now(), d.NotAfter),
		Used: views.At(h.now(), d.UsedAt), State: d.State(h.now()), Why: string(d.RevokedWhy), Notice: d.Notice(h.now()), Renewable: d.Renewable, Outdated: d.Outdated,
	}
}

// Make sends the file of another device. It is the only answer that has the file.
func (h *Pages) Make(c echo.Context) error {
	file, d, err := h.service.Make(page.Context(c), page.User(c), device.Request{Endpoint: vpn.EndpointID(c.FormValue("endpoint")), Name: c.FormValue("name"), CommandLine: forCommandLine(c)})
	return h.send(c, file, d, err)
}

// Renew sends a new file of a device.
func (h *Pages) Renew(c echo.Context) error {
	file, d, err := h.service.Renew(page.Context(c), page.User(c), deviceID(c), forCommandLine(c))
	return h.send(c, file, d, err)
}

func (h *Pages) send(c echo.Context, file endpoint.Configuration, d vpn.Device, err error) error {
	switch {
	case errors.Is(err, vpn.ErrPortalClosed):
		return h.render(c, http.StatusUnprocessableEntity, errNotHere)
	case vpn.KindOf(err) == vpn.Invalid || vpn.KindOf(err) == vpn.Conflict:
		return h.render(c, http.StatusUnprocessableEntity, err)
	case err != nil:
		return err
	}
	if !page.SendProfile(c, file.FileName, file.Text) {
		return nil
	}
	return h.service.NoteFetched(context.WithoutCancel(page.Context(c)), page.User(c), d)
}

var errNotHere = vpn.Refuse(vpn.Conflict, vpn.CodeIncorrectState, "No file for a device can be made for this endpoint. Ask your administrator for the complete file with your certificate.")

// AskRemove asks whether the certificate of a device shall be revoked.
func (h *Pages) AskRemove(c echo.Context) error {
	d, err := h.service.OwnDevice(page.Context(c), page.User(c), deviceID(c))
	if err != nil {
		return err
	}
	return page.Render(c, http.StatusOK, views.DeviceRemovePage(views.DeviceQuestion{Nav: page.Nav(c, page.DevicesPath), Path: c.Request().URL.Path, Back: page.DevicesPath, Name: d.Name}))
}

// Remove revokes the certificate of a device.
func (h *Pages) Remove(c echo.Context) error {
	if _, err := h.service.RemoveOwn(page.Context(c), page.User(c), deviceID(c)); err != nil && vpn.KindOf(err) != vpn.Conflict { // which is done already
		return err
	}
	return c.Redirect(http.StatusSeeOther, page.DevicesPath+"?done=removed")
}

func deviceID(c echo.Context) vpn.DeviceID { return vpn.DeviceID(c.Param("device")) }

func forCommandLine(c echo.Context) bool { return c.FormValue("variant") == "command-line" }

// kinds are what devices are called, by what their browsers say.
var kinds = []struct{ part, name string }{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android phone"}, {"Windows", "Windows computer"}, {"Macintosh", "Mac"}, {"Linux", "Linux computer"}}

// proposedName is a name for the device of the browser.
func proposedName(agent, user string) string {
	if i := strings.LastIndexAny(user, `\`); i >= 0 {
		user = user[i+1:]
	}
	user, _, _ = strings.Cut(user, "@")
	name := "device"
	for _, k := range kinds {
		if strings.Contains(agent, k.part) {
			name = k.name
			break
		}
	}
	if r := []rune(vpn.PrintableText(user)); len(r) > 0 && len(r) <= 20 {
		return string(r) + "’s " + name
	}
	return "My " + name
}
