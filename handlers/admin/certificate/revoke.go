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

type revokeInput struct {
	Reason     string `form:"reason"`
	PrivateKey string `form:"private_key"`
	Own        string `form:"own"`
}

// authorityKeyField asks for the key of an authority that is not kept here.
func authorityKeyField(name string) parts.Field {
	return parts.Field{Name: "private_key", Label: "Private key of " + name, Type: "textarea", Rows: 6, Mono: true, Autocomplete: "off", Required: true,
		Placeholder: "-----BEGIN PRIVATE KEY-----", Upload: "private_key" + uploadSuffix,
		Help: "The key was exported and is not kept here. It signs the list, is used in memory alone, and is forgotten afterwards."}
}

// readKeyFile takes the key from the chosen file.
func readKeyFile(c echo.Context, text *string) error {
	up, err := page.UploadOf(c, "private_key"+uploadSuffix)
	if err == nil && up.Files > 0 && strings.TrimSpace(*text) == "" {
		*text = up.Text
	}
	return err
}

// RevokeForm asks why a certificate is revoked.
func (h *Certificates) RevokeForm(c echo.Context) error {
	return h.renderRevoke(c, revokeInput{Reason: string(vpn.ReasonUnspecified)}, nil)
}

func (h *Certificates) renderRevoke(c echo.Context, in revokeInput, refused error) error {
	preview, err := h.certificates.RevokePreview(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	path := views.CertificatePath(certificateID(c))
	crumbs := append(certificateCrumbs[:1:1], parts.Crumb{Label: preview.Revocation.CommonName, Href: path})
	title := "Revoke the certificate of " + preview.Revocation.CommonName + "?"
	if preview.Refused != "" {
		return h.renderConfirm(c, refused, "certificates", parts.Confirm{Crumbs: crumbs, Title: title, Blocked: preview.Refused, Action: views.CertificatePath(certificateID(c), "revoke"), Cancel: path, Button: "Revoke certificate"})
	}
	form := parts.Form{Files: preview.AsksKey, Action: views.CertificatePath(certificateID(c), "revoke"), Submit: "Revoke certificate", Destroys: true, Cancel: path}
	reason := parts.Field{Name: "reason", Label: "Reason", Type: "radio", Value: in.Reason, Required: true, Help: "It stands in the list. Only a hold can be taken back."}
	for _, r := range vpn.RevocationReasons {
		reason.Options = append(reason.Options, parts.Option{Value: string(r), Label: r.Words(), Help: string(r)})
	}
	form.Fields = append(form.Fields, reason)
	if preview.AsksKey {
		form.Fields = append(form.Fields, authorityKeyField(preview.Authority.Name))
	}
	if preview.List.Imported {
		form.Fields = append(form.Fields, parts.Field{Name: "own", Label: "Make the list here from now on", Type: "checkbox", Value: "yes", Checked: in.Own != "",
			Help: "The list of " + preview.Authority.Name + " was imported. What is on it stays (" + parts.Count(preview.List.Entries, "certificate") + "), this certificate is added, and no other list can be imported after that."})
	}
	page.Fail(&form, refused)
	head := parts.Header{Crumbs: crumbs, Title: title, Note: revokeNote(preview)}
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, "Revoke certificate", "certificates"), Header: head, Form: form}))
}

func revokeNote(p certificate.RevokePreview) string {
	note := "Every endpoint refuses the certificate from now on, and it is on the certificate revocation list of " + p.Authority.Name + ". " + connectedWith(p.Connected)
	if len(p.Users) > 0 {
		note += " Connected now: " + strings.Join(p.Users, ", ") + "."
	}
	return note
}

// Revoke revokes a certificate.
func (h *Certificates) Revoke(c echo.Context) error {
	var in revokeInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if err := readKeyFile(c, &in.PrivateKey); err != nil {
		return err
	}
	n, err := h.certificates.RevokeCertificate(page.Context(c), page.Principal(c), certificateID(c), certificate.RevokeSpec{Reason: vpn.RevocationReason(in.Reason), PrivateKey: in.PrivateKey, Own: in.Own != ""})
	if page.BelongsInForm(err) {
		return h.renderRevoke(c, in, err)
	}
	if err != nil {
		return err
	}
	text := "The certificate is revoked."
	if vpn.RevocationReason(in.Reason) == vpn.ReasonHold {
		text = "The certificate is on hold."
	}
	if n > 0 {
		text += " " + parts.Count(n, "connection") + " will be terminated."
	}
	return h.pages.Done(c, text, views.CertificatePath(certificateID(c)))
}

// ReleaseForm asks for confirmation to take a certificate off hold.
func (h *Certificates) ReleaseForm(c echo.Context) error { return h.renderRelease(c, nil) }

func (h *Certificates) renderRelease(c echo.Context, refused error) error {
	found, err := h.certificates.RevocationList(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c), vpn.List{Size: 1})
	if err != nil {
		return err
	}
	return h.renderKeyForm(c, refused, keyForm{
		of: found, title: "Remove the certificate from hold?", button: "Remove from hold", action: views.RevocationListPath(found.Of.ID, found.Authority.Key, "release", c.Param("serial")),
		note: "The certificate with the serial number " + c.Param("serial") + " is let in again, and is taken off the list of " + found.Authority.Name + ".",
	})
}

// keyForm is a form that asks for the key of an authority, where it is not kept, and for nothing else.
type keyForm struct {
	of                          certificate.RevocationView
	title, note, button, action string
}

func (h *Certificates) renderKeyForm(c echo.Context, refused error, f keyForm) error {
	list := views.RevocationListPath(f.of.Of.ID, f.of.Authority.Key)
	form := parts.Form{Files: true, Action: f.action, Submit: f.button, Cancel: list}
	if !f.of.Authority.Renews() {
		form.Fields = append(form.Fields, authorityKeyField(f.of.Authority.Name))
	}
	page.Fail(&form, refused)
	head := parts.Header{Crumbs: append(certificateCrumbs[:1:1], parts.Crumb{Label: "Certificate revocation list of " + f.of.Authority.Name, Href: list}), Title: f.title, Note: f.note}
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, f.button, "certificates"), Header: head, Form: form}))
}

// Release takes a certificate off hold.
func (h *Certificates) Release(c echo.Context) error {
	key := c.FormValue("private_key")
	if err := readKeyFile(c, &key); err != nil {
		return err
	}
	err := h.certificates.ReleaseHold(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c), c.Param("serial"), key)
	if page.BelongsInForm(err) {
		return h.renderRelease(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The certificate is no longer on hold.", views.RevocationListPath(certificateID(c), authorityKey(c)))
}

// SignRevocationListForm asks for the key of an authority to sign its list.
func (h *Certificates) SignRevocationListForm(c echo.Context) error { return h.renderSign(c, nil) }

func (h *Certificates) renderSign(c echo.Context, refused error) error {
	found, err := h.certificates.RevocationList(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c), vpn.List{Size: 1})
	if err != nil {
		return err
	}
	return h.renderKeyForm(c, refused, keyForm{
		of: found, title: "Sign the list of " + found.Authority.Name, button: "Sign the list", action: views.RevocationListPath(found.Of.ID, found.Authority.Key, "sign"),
		note: "A new list with the present entries and the next number replaces the one that others fetch.",
	})
}

// SignRevocationList signs a list.
func (h *Certificates) SignRevocationList(c echo.Context) error {
	key := c.FormValue("private_key")
	if err := readKeyFile(c, &key); err != nil {
		return err
	}
	err := h.certificates.SignRevocationList(page.Context(c), page.Principal(c), certificateID(c), authorityKey(c), key)
	if page.BelongsInForm(err) {
		return h.renderSign(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The list is signed.", views.RevocationListPath(certificateID(c), authorityKey(c)))
}
