package certificate

import (
	"strings"
	"unicode/utf8"

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
	Passphrase  string `form:"passphrase"`
	Chain       string `form:"chain"`

	unread     error // of the files
	keyWasFile bool
}

// uploads are the controls for files with the text boxes that they stand for.
func (in *importInput) uploads() map[string]*string {
	return map[string]*string{"certificate": &in.Certificate, "private_key": &in.PrivateKey, "chain": &in.Chain}
}

// readFiles takes the texts from the chosen files. A box that has a text too, and an empty file, are refused.
func (in *importInput) readFiles(c echo.Context) error {
	var check vpn.Check
	for box, text := range in.uploads() {
		up, err := page.UploadOf(c, box+uploadSuffix)
		if err != nil {
			return err
		}
		switch {
		case up.Files == 0:
		case strings.TrimSpace(*text) != "":
			check.Bad(box, "There is a text and a file. Empty the box to use the file, or choose no file.")
		case strings.TrimSpace(up.Text) == "":
			check.Bad(box, "The file is empty.")
		default:
			*text = up.Text
			in.keyWasFile = in.keyWasFile || box == "private_key"
		}
	}
	in.unread = check.Err()
	return nil
}

// uploadSuffix ends the name of the control for files of a text box.
const uploadSuffix = "_file"

func (in importInput) form() parts.Form {
	server, client := string(vpn.UseServer), string(vpn.UseClient)
	key := in.pemField("private_key", "Private key", "", "PRIVATE KEY",
		"A server certificate needs it, the others do not. With it, an authority issues certificates here, and a client certificate can be put into configuration files. It may be PKCS #1, PKCS #8 or SEC 1. It is stored sealed and never shown again.")
	key.Follow.Required = []string{server}
	chain := in.pemField("chain", "Certificate chain", in.Chain, "CERTIFICATE",
		"Of a server or client certificate: the intermediates and the root above it, in PEM. The other side verifies the certificate with them.")
	chain.Several = true
	chain.Follow.Required, chain.Follow.Shown = []string{server, client}, []string{server, client}
	own := in.pemField("certificate", "Certificate", in.Certificate, "CERTIFICATE", "The certificate itself, in PEM, or all in one: PEM text with the chain and the key in it, or a PKCS #12 file (.p12, .pfx).")
	own.Required = true
	return parts.Form{
		Files: true, Action: "/certificates/import", Submit: "Import certificate", Cancel: "/certificates",
		Sections: []parts.Section{{Title: sectionDetails}, {Title: sectionPEM}, {Title: sectionName}},
		Fields: []parts.Field{
			{Section: sectionDetails, Name: "use", Label: "Use", Type: "radio", Value: in.Use, Required: true, Options: []parts.Option{
				{Value: server, Label: "Server certificate", Help: "Proves the identity of an endpoint to its clients."},
				{Value: string(vpn.UseAuthority), Label: "Certificate authority", Help: "Client certificates come from it."},
				{Value: client, Label: "Client certificate", Help: "Proves the identity of one user or device, or stands for the authority that issued it."},
			}},
			own, key, in.passphraseField(), chain,
			nameField(in.Name),
		},
	}
}

func (in importInput) passphraseField() parts.Field {
	return parts.Field{Section: sectionPEM, Name: "passphrase", Label: "Passphrase", Type: "password", Autocomplete: "off",
		Help: "Of an encrypted private key or a PKCS #12 file. It is used once and not stored."}
}

func (in importInput) pemField(name, label, value, block, help string) parts.Field {
	return parts.Field{Section: sectionPEM, Name: name, Label: label, Type: "textarea", Rows: 6, Value: value, Mono: true, Autocomplete: "off",
		Placeholder: "-----BEGIN " + block + "-----", Help: help, Upload: name + uploadSuffix, Follow: parts.Follow{Choice: "use", Chosen: in.Use}}
}

func (in importInput) spec() certificate.ImportSpec {
	return certificate.ImportSpec{Name: in.Name, Use: vpn.CertificateUse(in.Use), Certificate: in.Certificate, PrivateKey: in.PrivateKey, Chain: in.Chain, Passphrase: vpn.Secret(in.Passphrase), Unread: in.unread}
}

// pasteAgain is the error beside a text box that had a private key in it.
const (
	pasteAgain  = "Paste the private key again: a page never sends one back."
	chooseAgain = "Choose the file of the private key again: a page never sends one back."
)

// renderImport shows the form. After a refusal it keeps what was typed, except private keys.
func (h *Certificates) renderImport(c echo.Context, typed importInput, refused error) error {
	clean := h.certificates.WithoutPrivateKeys(typed.spec())
	in := importInput{Name: clean.Name, Use: typed.Use, Certificate: shownText(clean.Certificate), Chain: shownText(clean.Chain)}
	form := in.form()
	page.Fail(&form, refused)
	for i := range form.Fields {
		switch f := &form.Fields[i]; {
		case f.Name == "private_key" && typed.PrivateKey != "":
			f.Help = parts.YesNo(typed.keyWasFile, chooseAgain, pasteAgain) + " " + f.Help
		case f.Name == "certificate" && typed.Certificate != "" && f.Value == "":
			f.Help = "Choose the file of the certificate again: a page never sends one with a key back. " + f.Help
		case f.Name == "passphrase" && typed.Passphrase != "":
			f.Help = "Enter the passphrase again. " + f.Help
		}
	}
	head := parts.Header{Crumbs: certificateCrumbs, Title: "Import certificate",
		Note: "For certificates that were created elsewhere, for example with easy-rsa. Paste the PEM texts, or choose or drop their files. Everything is checked before it is saved."}
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, "Import certificate", "certificates"), Header: head, Form: form}))
}

// shownText is a text as a page can show it: nothing of a binary file.
func shownText(text string) string {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return ""
	}
	return text
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
	if err := in.readFiles(c); err != nil {
		return err
	}
	cert, err := h.certificates.ImportCertificate(page.Context(c), page.Principal(c), in.spec())
	if page.BelongsInForm(err) {
		return h.renderImport(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Certificate "+views.NameOr(cert.Name, cert.ID)+" imported.", views.CertificatePath(cert.ID), h.nextStep(c, cert)...)
}
