package selfservice

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type brandingInput struct {
	Version    string `form:"version"`
	Title      string `form:"title"`
	Contact    string `form:"contact"`
	Help       string `form:"help"`
	RemoveLogo string `form:"remove_logo"`
}

// View shows the portal: where it is, what it says of itself, and what it offers.
func (h *Portal) View(c echo.Context) error { return h.render(c, nil, nil) }

func (h *Portal) render(c echo.Context, typed *brandingInput, refused error) error {
	ctx, by := page.Context(c), page.Principal(c)
	saved, err := h.branding.Branding(ctx, by)
	if err != nil {
		return err
	}
	installers, megabytes, err := h.installers.Installers(ctx, by)
	if err != nil {
		return err
	}
	endpoints, err := h.endpoints.PortalEndpoints(ctx, by)
	if err != nil {
		return err
	}
	v := views.SelfServicePortal{Chrome: h.pages.Chrome(c, title, section), Tabs: tabs(false), Megabytes: megabytes, Logo: logo(saved)}
	v.Off, v.URL = h.core.Settings.PublicOff, h.core.Settings.PublicURL
	v.Warning = vpn.PublicURLWarning(v.URL)
	for _, e := range endpoints {
		v.Endpoints = append(v.Endpoints, views.PortalEndpoint{ID: e.ID, Name: e.Name, URL: v.URL + e.ID.PortalPath(), Downloads: e.Downloads})
	}
	for _, p := range vpn.Platforms() {
		row := views.PortalProgram{Platform: p}
		for _, i := range installers {
			if i.Platform == p {
				row.Installer = &i
			}
		}
		v.Programs = append(v.Programs, row)
	}
	v.Form = brandingForm(saved, typed, v.Chrome.MayChange)
	page.Fail(&v.Form, refused)
	return render(c, refused, views.SelfServicePortalPage(v))
}

// logo is the path of the logo in the console; empty: there is none.
func logo(b vpn.Branding) string {
	if b.Logo.Digest == "" {
		return ""
	}
	return home + "/logo/" + b.Logo.Digest + ".png"
}

func brandingForm(saved vpn.Branding, typed *brandingInput, mayChange bool) parts.Form {
	in := brandingInput{Version: strconv.Itoa(saved.Version), Title: saved.Title, Contact: saved.Contact, Help: saved.Help}
	if typed != nil {
		in = *typed
		in.Version = strconv.Itoa(saved.Version)
	}
	f := parts.Form{
		Title: "What the portal says of itself", Action: home, Files: true, Hidden: []parts.Hidden{{Name: "version", Value: in.Version}},
		Fields: []parts.Field{
			{Name: "title", Label: "Title", Value: in.Title, MaxLength: vpn.MaxPortalTitle, Placeholder: "Sallyport", Help: "The name on top of every public page, for example that of your company.", Disabled: !mayChange},
			{Name: "logo", Label: "Logo", Type: "file", Help: "A PNG or JPEG picture of at most " + strconv.Itoa(vpn.MaxLogoFile>>10) + " KB. Pages show it 40 pixels high, on a light and a dark ground. It is made smaller and stored as PNG.", Disabled: !mayChange},
			{Name: "contact", Label: "Contact", Value: in.Contact, MaxLength: vpn.MaxPortalContact, Help: "Whom users ask: an address for e-mail, a page that begins with https://, or a telephone number. Every visitor sees it.", Disabled: !mayChange},
			{Name: "help", Label: "Help text", Type: "textarea", Rows: 5, Value: in.Help, Count: vpn.MaxPortalHelp, Help: "Plain text with line breaks, for users who are signed in.", Disabled: !mayChange},
		},
	}
	if mayChange {
		f.Submit = "Save"
	}
	if saved.Logo.Digest != "" {
		remove := parts.Field{Name: "remove_logo", Label: "Remove the logo", Type: "checkbox", Checked: in.RemoveLogo != "", Disabled: !mayChange}
		f.Fields = append(f.Fields[:2], append([]parts.Field{remove}, f.Fields[2:]...)...)
	}
	return f
}

// Save changes what the portal says of itself.
func (h *Portal) Save(c echo.Context) error {
	var in brandingInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	version, _ := strconv.Atoi(in.Version) // text that is no number is a version that was never saved
	edit := vpn.BrandingEdit{Version: version, Title: in.Title, Contact: in.Contact, Help: in.Help, RemoveLogo: in.RemoveLogo != ""}
	up, err := page.UploadOf(c, "logo")
	if err != nil {
		return err
	}
	if up.Files > 0 && up.Text != "" {
		picture, err := vpn.NewLogo([]byte(up.Text))
		if page.BelongsInForm(err) {
			return h.render(c, &in, err)
		}
		if err != nil {
			return err
		}
		edit.Logo = &picture
	}
	err = h.branding.Save(page.Context(c), page.Principal(c), edit)
	if page.BelongsInForm(err) {
		return h.render(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Self-service portal saved.", home)
}

// Logo sends the logo, for the console's own pages.
func (h *Portal) Logo(c echo.Context) error {
	saved, err := h.branding.Branding(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	picture, err := h.branding.Logo(page.Context(c), saved.Logo.Digest)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "image/png", picture)
}
