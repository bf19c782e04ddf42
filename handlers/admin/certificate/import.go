package certificate

import (
	"github.com/labstack/echo/v4"

	"sallyport/control/certificate"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type importInput struct {
	Name        string `form:"name"`
	Use         string `form:"use"`
	Certificate string `form:"certificate"`
	PrivateKey  string `form:"private_key"`
	Chain       string `form:"chain"`
}

func (in importInput) form() parts.Form {
	return parts.Form{
		Action: "/certificates/import", Submit: "Import certificate", Cancel: "/certificates",
		Fields: []parts.Field{
			{Name: "use", Label: "Use", Type: "select", Value: in.Use, Required: true, Options: []parts.Option{
				{Label: "Choose a use"},
				{Value: string(vpn.UseServer), Label: "Server certificate"},
				{Value: string(vpn.UseAuthority), Label: "Certificate authority that client certificates come from"},
				{Value: string(vpn.UseClient), Label: "Client certificate"},
			}},
			{Name: "name", Label: "Name", Value: in.Name, Autocomplete: "off", Help: "Shown in lists. If empty, the common name is used."},
			pemField("certificate", "Certificate", in.Certificate, true, "CERTIFICATE", "The certificate itself, in PEM."),
			pemField("private_key", "Private key", in.PrivateKey, false, "PRIVATE KEY", "A server certificate needs it, without a passphrase. It is stored sealed and never shown again."),
			pemField("chain", "Certificate chain", in.Chain, false, "CERTIFICATE", "The intermediates and the root above the certificate, in PEM. Clients verify a server certificate with it."),
		},
	}
}

func pemField(name, label, value string, required bool, block, help string) parts.Field {
	return parts.Field{Name: name, Label: label, Type: "textarea", Rows: 6, Value: value, Required: required, Mono: true, Autocomplete: "off",
		Placeholder: "-----BEGIN " + block + "-----", Help: help}
}

func (in importInput) spec() certificate.ImportSpec {
	return certificate.ImportSpec{Name: in.Name, Use: vpn.CertificateUse(in.Use), Certificate: in.Certificate, PrivateKey: in.PrivateKey, Chain: in.Chain}
}

// pasteAgain is the error beside a text box that had a private key in it.
const pasteAgain = "Paste the private key again: a page never sends one back."

// renderImport shows the form. After a refusal it keeps what was typed, except private keys.
func (h *Certificates) renderImport(c echo.Context, typed importInput, refused error) error {
	clean := h.certificates.WithoutPrivateKeys(typed.spec())
	in := importInput{Name: clean.Name, Use: typed.Use, Certificate: clean.Certificate, Chain: clean.Chain}
	form := in.form()
	page.Fail(&form, refused)
	if typed.PrivateKey != "" {
		for i := range form.Fields {
			if f := &form.Fields[i]; f.Name == "private_key" {
				f.Help = pasteAgain + " " + f.Help
			}
		}
	}
	head := parts.Header{Crumbs: certificateCrumbs, Title: "Import certificate",
		Note: "For certificates that were created elsewhere, for example with easy-rsa. Everything is checked before it is saved."}
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, "Import certificate", "certificates"), Header: head, Form: form}))
}

// ImportForm shows the form for an import.
func (h *Certificates) ImportForm(c echo.Context) error {
	return h.renderImport(c, importInput{}, nil)
}

// Import saves a certificate that was created elsewhere.
func (h *Certificates) Import(c echo.Context) error {
	var in importInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	cert, err := h.certificates.ImportCertificate(page.Context(c), page.Principal(c), in.spec())
	if page.BelongsInForm(err) {
		return h.renderImport(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Certificate "+views.NameOr(cert.Name, cert.ID)+" imported.", views.CertificatePath(cert.ID))
}
