package selfservice

import (
	"cmp"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"sallyport/control/installer"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type installerInput struct {
	Program  string `form:"program"`
	Link     string `form:"link"`
	Checksum string `form:"checksum"`
	upload   bool
}

// stall is how long a browser may take for half a megabyte of an upload.
const stall = 2 * time.Minute

// InstallerForm shows what the portal offers to the users of a platform, and how to change it.
func (h *Portal) InstallerForm(c echo.Context) error {
	return h.renderInstaller(c, installerInput{}, nil)
}

func (h *Portal) renderInstaller(c echo.Context, in installerInput, refused error) error {
	p := platform(c)
	if !slices.Contains(vpn.Platforms(), p) {
		return echo.ErrNotFound
	}
	list, megabytes, err := h.installers.Installers(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	at := views.InstallerPath(p)
	v := views.InstallerPage{Chrome: h.pages.Chrome(c, "Program for "+p.Label(), section), Header: parts.Header{Crumbs: crumbs, Title: "Program for " + p.Label(),
		Note: "What users of this platform get first, above the page of the program's makers. Sallyport hands the file on and never runs it."}}
	program := in.Program
	for _, i := range list {
		if i.Platform == p {
			v.Installer = &i
			if refused == nil {
				program, in.Link, in.Checksum = string(i.Program), i.Link, ""
				if i.Link != "" {
					in.Checksum = i.SHA256
				}
			}
		}
	}
	v.Upload = parts.Form{Title: "Upload a file", Action: at + "/file", Submit: "Upload", Files: true, Fields: []parts.Field{
		programField("file-program", p, program),
		{ID: "installer-file", Name: "file", Label: "File", Type: "file", Help: "At most " + parts.Number(megabytes) + " MB (installer_megabytes on the page Settings). Its SHA-256 checksum is shown to users.", Required: true},
	}}
	v.Link = parts.Form{Title: "Or set a link", Action: at + "/link", Submit: "Save link", Fields: []parts.Field{
		programField("link-program", p, program),
		{Name: "link", Label: "Address", Value: in.Link, Mono: true, Placeholder: "https://", Help: "Of the file or of a page of yours, for example a software centre.", Required: true},
		{Name: "checksum", Label: "SHA-256", Value: in.Checksum, Mono: true, Help: "Of the file, so that users can compare it."},
	}}
	if in.upload {
		page.Fail(&v.Upload, refused)
	} else {
		page.Fail(&v.Link, refused)
	}
	return render(c, refused, views.InstallerFormPage(v))
}

func programField(id string, p vpn.Platform, chosen string) parts.Field {
	f := parts.Field{ID: id, Name: "program", Label: "Program", Type: "select", Value: chosen, Required: true, Help: "Users see the steps for it."}
	for _, known := range vpn.ClientPrograms(p) {
		f.Options = append(f.Options, parts.Option{Value: string(known.ID), Label: known.Name})
	}
	return f
}

// Upload stores a file while it arrives.
func (h *Portal) Upload(c echo.Context) error {
	in := installerInput{upload: true}
	file, name, err := filePart(c, &in)
	if err != nil {
		return err
	}
	control := http.NewResponseController(c.Response())
	patient := func() { // a slow browser may take as long as it needs in all
		_ = control.SetReadDeadline(time.Now().Add(stall))
		_ = control.SetWriteDeadline(time.Now().Add(2 * stall))
	}
	err = h.installers.Replace(page.Context(c), page.Principal(c), installer.Upload{
		Platform: platform(c), Program: vpn.ClientProgramID(in.Program), FileName: name, Body: file, Progress: patient,
	})
	if page.BelongsInForm(err) {
		_, _ = io.CopyN(io.Discard, c.Request().Body, drained) // a browser that is not heard out shows an error of its own
		return h.renderInstaller(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The file is offered to users of "+platform(c).Label()+".", home)
}

// drained is how much of a refused upload is read and thrown away, in bytes.
const drained = 64 << 20

// filePart reads a form up to its file. The program stands before it.
func filePart(c echo.Context, in *installerInput) (io.Reader, string, error) {
	form, err := c.Request().MultipartReader()
	if err != nil {
		return nil, "", echo.NewHTTPError(http.StatusUnsupportedMediaType)
	}
	for {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return strings.NewReader(""), "", nil
		case err != nil:
			return nil, "", echo.NewHTTPError(http.StatusBadRequest, "The form did not arrive whole.")
		}
		switch part.FormName() {
		case "program":
			if in.Program, err = shortText(part); err != nil {
				return nil, "", err
			}
		case "file":
			return part, part.FileName(), nil
		}
	}
}

func shortText(part *multipart.Part) (string, error) {
	b, err := io.ReadAll(io.LimitReader(part, 100))
	return string(b), err
}

// SetLink offers a link.
func (h *Portal) SetLink(c echo.Context) error {
	var in installerInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	err := h.installers.SetLink(page.Context(c), page.Principal(c), platform(c), vpn.ClientProgramID(in.Program), in.Link, in.Checksum)
	if page.BelongsInForm(err) {
		return h.renderInstaller(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The link is offered to users of "+platform(c).Label()+".", home)
}

// RemoveForm asks whether the offer shall end.
func (h *Portal) RemoveForm(c echo.Context) error {
	p := platform(c)
	list, _, err := h.installers.Installers(page.Context(c), page.Principal(c))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(i vpn.Installer) bool { return i.Platform == p })
	if at < 0 {
		return echo.ErrNotFound
	}
	confirm := parts.Confirm{
		Crumbs: append(crumbs[:1:1], parts.Crumb{Label: "Program for " + p.Label(), Href: views.InstallerPath(p)}),
		Title:  "Remove the program for " + p.Label() + "?",
		Text:   "Users are led to the page of the program's makers instead. Downloads that run go on to their end.",
		Losses: []string{list[at].Name() + ", " + cmp.Or(list[at].Link, list[at].FileName)},
		Action: views.InstallerPath(p) + "/remove", Cancel: views.InstallerPath(p), Button: "Remove",
	}
	return page.Render(c, http.StatusOK, views.ConfirmPage(h.pages.Chrome(c, "Remove program", section), confirm))
}

// Remove ends the offer.
func (h *Portal) Remove(c echo.Context) error {
	if err := h.installers.Remove(page.Context(c), page.Principal(c), platform(c)); err != nil {
		return err
	}
	return h.pages.Done(c, "Users of "+platform(c).Label()+" are led to the page of the program's makers.", home)
}

// render answers with a page that has a form: 409 where another administrator saved meanwhile.
func render(c echo.Context, refused error, component templ.Component) error {
	if refused != nil && vpn.KindOf(refused) == vpn.Stale {
		return page.Render(c, http.StatusConflict, component)
	}
	return page.RenderForm(c, refused, component)
}
