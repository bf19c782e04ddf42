package certificate

import (
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/control/certificate"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type listInput struct {
	CRL   string `form:"crl"`
	Older string `form:"older"`
}

// ImportRevocationListForm shows the form for a list.
func (h *Certificates) ImportRevocationListForm(c echo.Context) error {
	return h.renderImportList(c, listInput{}, nil)
}

func (h *Certificates) renderImportList(c echo.Context, in listInput, refused error) error {
	found, err := h.certificates.RevocationList(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c), vpn.List{Size: 1})
	if err != nil {
		return err
	}
	list := views.RevocationListPath(found.Of.ID, found.Authority.Key)
	if in.CRL = shownText(in.CRL); !onlyList(in.CRL) {
		in.CRL = h.certificates.WithoutPrivateKeys(certificate.ImportSpec{Certificate: in.CRL}).Certificate
	}
	form := parts.Form{
		Files: true, Action: views.RevocationListPath(found.Of.ID, found.Authority.Key, "import"), Submit: "Import client certificate CRL", Cancel: list,
		Fields: []parts.Field{{
			Name: "crl", Label: "Certificate revocation list", Type: "textarea", Rows: 8, Value: in.CRL, Mono: true, Autocomplete: "off", Required: true,
			Placeholder: "-----BEGIN X509 CRL-----", Upload: "crl" + uploadSuffix,
			Help: "The complete list of the authority in PEM, or its file in PEM or DER, for example pki/crl.pem of easy-rsa. It replaces the present list. Connections with certificates on it end at once.",
		}},
	}
	if _, asked := vpn.FieldsOf(refused)["older"]; asked || in.Older != "" {
		form.Fields = append(form.Fields, parts.Field{Name: "older", Label: "Import it although it is older", Type: "checkbox", Value: "yes", Checked: in.Older != ""})
	}
	page.Fail(&form, refused)
	head := parts.Header{
		Crumbs: append(certificateCrumbs[:1:1], parts.Crumb{Label: "Certificate revocation list of " + found.Authority.Name, Href: list}),
		Title:  "Import client certificate CRL", Note: importNote(found),
	}
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, head.Title, "certificates"), Header: head, Form: form}))
}

// onlyList tells whether a text has a list in PEM and no private key. A list can be longer than what is looked through for keys.
func onlyList(text string) bool {
	return strings.Contains(text, "BEGIN X509 CRL") && !strings.Contains(strings.ToUpper(text), "PRIVATE KEY")
}

func importNote(v certificate.RevocationView) string {
	names := make([]string, len(v.Endpoints))
	for i, e := range v.Endpoints {
		names[i] = e.Label()
	}
	note := "The list of the authority " + v.Authority.Name + ", whose signature it must have."
	if len(names) > 0 {
		note += " It is in force at every endpoint that takes certificates of this authority: " + strings.Join(names, ", ") + "."
	}
	return note
}

// ImportRevocationList replaces the list of an authority.
func (h *Certificates) ImportRevocationList(c echo.Context) error {
	var in listInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	up, err := page.UploadOf(c, "crl"+uploadSuffix)
	if err != nil {
		return err
	}
	var check vpn.Check
	switch {
	case up.Files == 0:
	case strings.TrimSpace(in.CRL) != "":
		check.Bad("crl", "There is a text and a file. Empty the box to use the file, or choose no file.")
	case up.Text == "":
		check.Bad("crl", "The file is empty.")
	default:
		in.CRL = up.Text
	}
	if err := check.Err(); err != nil {
		return h.renderImportList(c, in, err)
	}
	out, err := h.certificates.ImportRevocationList(page.Context(c), page.Principal(c), certificateID(c), in.CRL, in.Older != "")
	if page.BelongsInForm(err) {
		return h.renderImportList(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, imported(out), views.RevocationListPath(certificateID(c), out.List.IssuerKey))
}

func imported(out certificate.ImportedList) string {
	text := "The list of " + out.List.Authority + " was imported: " + parts.Count(out.List.Entries, "certificate") + ", " + parts.Number(out.Added) + " new, " + parts.Number(out.Removed) + " no longer on it."
	if out.Ended > 0 {
		text += " " + parts.Count(out.Ended, "connection") + " will be terminated."
	}
	return text
}
