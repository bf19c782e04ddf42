// Package device holds the actions of the console about devices of users, whose certificates the self-service portal issued.
package device

import (
	"cmp"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"sallyport/control/device"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Devices are the devices of users.
type Devices struct {
	pages   *page.Pages
	devices *device.Service
}

// New makes the actions.
func New(pages *page.Pages, devices *device.Service) Devices { return Devices{pages, devices} }

var crumbs = []parts.Crumb{{Label: "Certificates", Href: "/certificates"}}

// List lists the devices, of one endpoint or of all.
func (h *Devices) List(c echo.Context) error {
	l := page.ListOf(c)
	endpoints, err := h.devices.Endpoints(page.Context(c), page.Principal(c), vpn.EndpointID(c.QueryParam("endpoint")))
	if err != nil {
		return err
	}
	filters := page.Narrow(c, &l, endpointFilter(endpoints), page.StateFilter(vpn.DeviceValid, vpn.DeviceExpiresSoon, vpn.DeviceExpired, vpn.DeviceIsRevoked))
	of := url.Values{} // links of other pages lead to the devices of a user or an authority
	for _, name := range []string{"user", "authority"} {
		if value := c.QueryParam(name); value != "" {
			l.Filter[name] = value
			of.Set(name, value)
		}
	}
	found, err := h.devices.Devices(page.Context(c), page.Principal(c), l)
	if err != nil {
		return err
	}
	v := views.DeviceList{Crumbs: crumbs, List: page.ListView(c, l, found)}
	v.List.Filters, v.List.Extra = filters, of
	if len(of) > 0 {
		v.Crumbs = append(crumbs[:1:1], parts.Crumb{Label: "Devices of users", Href: views.DevicesPath()})
	}
	for _, d := range found.Items {
		v.Rows = append(v.Rows, views.DeviceRow{Device: d.Device, EndpointName: d.EndpointName, User: d.User, State: d.State(h.pages.Now())})
	}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint, v.List.Part = "Devices of users", "device", "devices", "device, user or serial number", "devices"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Device"}, {Key: "user", Label: "User"}, {Label: "Endpoint"}, {Label: "State"}, {Key: "created_at", Label: "Made"}, {Key: "not_after", Label: "Ends"},
		{Key: "used_at", Label: "Last used"}, {Label: "Actions", Quiet: true},
	}
	v.List.Empty = parts.Empty{Title: "No user has made a device", Text: "Users make files with a certificate for their devices in the self-service portal of endpoints that ask for a certificate and a sign-in, where the key of the client authority is kept here.",
		Action: parts.Button{Label: "Open the self-service portal", Href: "/self-service-portal"}}
	v.Chrome = h.pages.Chrome(c, "Devices of users", "certificates")
	return page.Render(c, http.StatusOK, views.DevicesPage(v))
}

func endpointFilter(endpoints []vpn.EndpointRef) parts.Filter {
	f := parts.Filter{Name: "endpoint", Label: "Endpoint", Options: []parts.Option{{Label: "Every endpoint"}}}
	for _, e := range endpoints {
		f.Options = append(f.Options, parts.Option{Value: string(e.ID), Label: cmp.Or(e.Name, string(e.ID))})
	}
	return f
}

// RevokeForm asks for confirmation to revoke the certificate of a device.
func (h *Devices) RevokeForm(c echo.Context) error { return h.renderRevoke(c, nil) }

func (h *Devices) renderRevoke(c echo.Context, refused error) error {
	d, err := h.devices.Device(page.Context(c), page.Principal(c), deviceID(c))
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Crumbs: append(crumbs[:1:1], parts.Crumb{Label: "Devices of users", Href: views.DevicesPath()}),
		Title:  "Revoke the certificate of " + d.Name + " of " + d.UserName + "?",
		Text:   "The device connects no more, and connections with its certificate end at once. It cannot be taken back: the user makes another file in the self-service portal.",
		People: "No client is connected with it at this moment.",
		Facts: []parts.Pair{
			{Label: "Device ID", Value: string(d.ID), Mono: true}, {Label: "Serial number", Value: d.Serial, Mono: true}, {Label: "SHA-256 fingerprint", Value: d.Fingerprint, Mono: true},
		},
		Action: views.DevicesPath(string(d.ID), "revoke"), Cancel: views.DevicesPath(), Button: "Revoke certificate", Err: page.Refusal(refused),
	}
	if d.Connected > 0 {
		confirm.People = parts.Count(d.Connected, "connection") + " with it will end."
	}
	if !d.RevokedAt.IsZero() {
		confirm.Blocked = "The certificate of this device is revoked already."
	}
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, confirm.Button, "certificates"), confirm))
}

// Revoke revokes the certificate of a device.
func (h *Devices) Revoke(c echo.Context) error {
	d, err := h.devices.Revoke(page.Context(c), page.Principal(c), deviceID(c))
	if page.BelongsInForm(err) {
		return h.renderRevoke(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The certificate of "+d.Name+" of "+d.UserName+" is revoked.", views.DevicesPath())
}

func deviceID(c echo.Context) vpn.DeviceID { return vpn.DeviceID(c.Param("device")) }
