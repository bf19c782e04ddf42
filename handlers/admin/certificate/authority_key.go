package certificate

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
)

// AuthorityKeyForm shows how the key of an authority is exported and forgotten.
func (h *Certificates) AuthorityKeyForm(c echo.Context) error { return h.renderAuthorityKey(c, nil) }

func (h *Certificates) renderAuthorityKey(c echo.Context, refused error) error {
	cert, err := h.certificates.Certificate(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	path := views.CertificatePath(cert.ID)
	field := authorityKeyField(cert.CommonName)
	field.Label, field.Help = "Exported key", "Paste the key that you exported, or choose its file: it shows that the key is kept elsewhere. The key that is stored here is deleted then, and backups from before still have it."
	form := parts.Form{Files: true, Action: views.CertificatePath(cert.ID, "forget-key"), Submit: "Forget key", Destroys: true, Cancel: path, Fields: []parts.Field{field}}
	page.Fail(&form, refused)
	head := parts.Header{Crumbs: append(certificateCrumbs[:1:1], parts.Crumb{Label: views.NameOr(cert.Name, cert.ID), Href: path}), Title: "Export and forget the key of " + cert.CommonName,
		Note: "First export the key, and keep the file safe. Without the key here, no certificate is issued, and revoking one asks for the key for a moment. The revocation list is signed once more for a year, and has to be signed with the key before that ends."}
	return page.RenderForm(c, refused, views.AuthorityKeyPage(views.AuthorityKey{Chrome: h.pages.Chrome(c, "Export and forget key", "certificates"), Header: head, Export: views.CertificatePath(cert.ID, "export-key"), Form: form}))
}

// ExportAuthorityKey sends the private key of an authority.
func (h *Certificates) ExportAuthorityKey(c echo.Context) error {
	pair, name, err := h.certificates.ExportAuthorityKey(page.Context(c), page.Principal(c), certificateID(c))
	if page.BelongsInForm(err) {
		return h.renderAuthorityKey(c, err)
	}
	if err != nil {
		return err
	}
	return page.Download(c, name+".key", pemKind, bundle(pair.Key.Reveal()))
}

// ForgetAuthorityKey removes the private key of an authority.
func (h *Certificates) ForgetAuthorityKey(c echo.Context) error {
	key := c.FormValue("private_key")
	if err := readKeyFile(c, &key); err != nil {
		return err
	}
	err := h.certificates.ForgetAuthorityKey(page.Context(c), page.Principal(c), certificateID(c), key)
	if page.BelongsInForm(err) {
		return h.renderAuthorityKey(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The private key of the authority is not kept here any more.", views.CertificatePath(certificateID(c)))
}
