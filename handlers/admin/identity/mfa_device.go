package identity

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

func deviceID(c echo.Context) vpn.MFADeviceID { return vpn.MFADeviceID(c.Param("device")) }

// tabs are the parts of a directory's page.
func tabs(id vpn.DirectoryID, current string) []parts.Tab {
	out := []parts.Tab{{Label: "Details", Href: views.DirectoryPath(id)}, {Label: "MFA devices", Href: views.DirectoryPath(id, "mfa")}}
	for i := range out {
		out[i].Current = out[i].Label == current
	}
	return out
}

func below(d vpn.Directory, pages ...parts.Crumb) []parts.Crumb {
	return append(append(crumbs[:1:1], parts.Crumb{Label: views.NameOr(d.Name, d.ID), Href: views.DirectoryPath(d.ID)}), pages...)
}

func devicesCrumb(d vpn.Directory) parts.Crumb {
	return parts.Crumb{Label: "MFA devices", Href: views.DirectoryPath(d.ID, "mfa")}
}

var deviceCells = []page.Cell[vpn.MFADevice]{
	{Label: "User", Text: func(d vpn.MFADevice) string { return d.Username }},
	{Label: "MFA device ID", Text: func(d vpn.MFADevice) string { return string(d.ID) }},
	{Label: "Confirmed", Text: func(d vpn.MFADevice) string { return page.TimeCell(d.ConfirmedAt) }},
	{Label: "Registered", Text: func(d vpn.MFADevice) string { return page.TimeCell(d.CreatedAt) }},
	{Label: "Registered by", Text: func(d vpn.MFADevice) string { return d.CreatedBy }},
}

// Devices lists the MFA devices of a directory's users.
func (h *Directories) Devices(c echo.Context) error {
	l := page.ListOf(c)
	if page.WantsFile(c) {
		return page.Export(c, "mfa-devices", l, func(l vpn.List) (vpn.Page[vpn.MFADevice], error) {
			_, found, err := h.identity.MFADevices(page.Context(c), page.Principal(c), directoryID(c), l)
			return found, err
		}, deviceCells)
	}
	d, found, err := h.identity.MFADevices(page.Context(c), page.Principal(c), directoryID(c), l)
	if err != nil {
		return err
	}
	list := page.ListView(c, l, found)
	list.Part = "mfa-devices"
	list.Caption, list.Noun, list.Hint = "MFA devices", "MFA device", "user name or ID"
	list.Columns = []parts.Column{{Key: "name", Label: "User"}, {Label: "State"}, {Label: "Last code"}, {Key: "created_at", Label: "Registered"}, {Label: "Actions", Quiet: true}}
	list.Empty = parts.Empty{Title: "No MFA devices yet", Text: "Users set up an authenticator app in the self-service portal, or you register it here."}
	if page.Principal(c).Role.MayChange() {
		list.Empty.Action = parts.Button{Label: "Register MFA device", Href: views.DirectoryPath(d.ID, "mfa", "new"), Tone: "primary"}
	}
	return page.Render(c, http.StatusOK, views.MFADevices(views.MFADevicesPage{
		Chrome: h.pages.Chrome(c, "MFA devices of "+views.NameOr(d.Name, d.ID), "identity"), Header: parts.Header{Crumbs: crumbs, Title: views.NameOr(d.Name, d.ID)},
		Tabs: tabs(d.ID, "MFA devices"), Directory: d, List: list, Rows: found.Items,
	}))
}

type deviceInput struct {
	User string `form:"user"`
	Code string `form:"code"`
}

func (h *Directories) renderRegister(c echo.Context, in deviceInput, refused error) error {
	d, err := h.identity.Directory(page.Context(c), page.Principal(c), directoryID(c))
	if err != nil {
		return err
	}
	form := parts.Form{
		Action: views.DirectoryPath(d.ID, "mfa", "new"), Submit: "Show QR code", Cancel: views.DirectoryPath(d.ID, "mfa"),
		Fields: []parts.Field{{Name: "user", Label: "User name", Value: in.User, Required: true, Autocomplete: "off", Focus: true, Help: "As the user signs in. The directory is asked for the user."}},
	}
	page.Fail(&form, refused)
	return page.RenderForm(c, refused, views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Register MFA device", "identity"), Form: form, Header: parts.Header{Crumbs: below(d, devicesCrumb(d)), Title: "Register MFA device"},
	}))
}

// RegisterForm asks whose device is registered.
func (h *Directories) RegisterForm(c echo.Context) error {
	return h.renderRegister(c, deviceInput{}, nil)
}

// Register begins the registration of a device.
func (h *Directories) Register(c echo.Context) error {
	var in deviceInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	device, err := h.identity.RegisterMFADevice(page.Context(c), page.Principal(c), directoryID(c), in.User)
	if page.BelongsInForm(err) || vpn.KindOf(err) == vpn.Unavailable {
		return h.renderRegister(c, in, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, views.MFADevicePath(device))
}

// Device shows the QR code and the key of a device that waits for its first code.
func (h *Directories) Device(c echo.Context) error { return h.renderDevice(c, nil) }

func (h *Directories) renderDevice(c echo.Context, refused error) error {
	d, device, key, err := h.identity.PendingMFADevice(page.Context(c), page.Principal(c), directoryID(c), deviceID(c))
	if err != nil {
		return err
	}
	form := parts.Form{
		Title: "Confirm", Intro: "The device counts when it has shown a code of this key.", Action: views.MFADevicePath(device), Submit: "Register", Cancel: views.DirectoryPath(d.ID, "mfa"),
		Fields: []parts.Field{{Name: "code", Label: "MFA code", Required: true, Autocomplete: "off", Focus: true, Help: "Six digits, as the authenticator shows them now."}},
	}
	page.Fail(&form, refused)
	return page.RenderForm(c, refused, views.MFADevice(views.MFADevicePage{
		Chrome: h.pages.Chrome(c, "MFA device of "+device.Username, "identity"), Form: form, URI: vpn.KeyURI(key, d.Label(), device.Username),
		Header: parts.Header{Crumbs: below(d, devicesCrumb(d)), Title: "MFA device of " + device.Username},
		Facts: []parts.Pair{
			{Label: "Key", Value: vpn.GroupedKey(key), Mono: true},
			parts.Fact("Account", device.Username),
			parts.Fact("Kind", "Time-based, 6 digits, 30 seconds, SHA-1"),
		},
	}))
}

// Confirm ends the registration of a device with its first code.
func (h *Directories) Confirm(c echo.Context) error {
	var in deviceInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	device, err := h.identity.ConfirmMFADevice(page.Context(c), page.Principal(c), directoryID(c), deviceID(c), in.Code)
	if vpn.KindOf(err) == vpn.Invalid {
		return h.renderDevice(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "MFA device of "+device.Username+" registered.", views.DirectoryPath(device.Directory, "mfa"))
}

// ResetForm asks for confirmation to reset a device.
func (h *Directories) ResetForm(c echo.Context) error {
	d, device, err := h.identity.MFADevice(page.Context(c), page.Principal(c), directoryID(c), deviceID(c))
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Title: "Reset the MFA device of " + device.Username + "?", Text: "The authenticator's codes are refused from now on. VPN sessions go on.",
		Losses: []string{"the key that the authenticator of " + device.Username + " has", "the recovery codes", "the sessions in the self-service portal"},
		Action: views.MFADevicePath(device, "reset"), Cancel: views.DirectoryPath(d.ID, "mfa"), Button: "Reset",
	}
	if d.MFA {
		confirm.Text += " The user cannot sign in to the VPN until another device is registered, or set up in the self-service portal."
	}
	return page.Render(c, http.StatusOK, views.ConfirmPage(h.pages.Chrome(c, "Reset MFA device", "identity"), confirm))
}

// Reset removes a device.
func (h *Directories) Reset(c echo.Context) error {
	d, device, err := h.identity.MFADevice(page.Context(c), page.Principal(c), directoryID(c), deviceID(c))
	if err == nil {
		err = h.identity.ResetMFADevice(page.Context(c), page.Principal(c), d.ID, device.ID)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "MFA device of "+device.Username+" reset.", views.DirectoryPath(d.ID, "mfa"))
}
