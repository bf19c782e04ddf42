package certificate

import (
	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// DeleteForm asks for confirmation to delete a certificate.
func (h *Certificates) DeleteForm(c echo.Context) error { return h.renderDelete(c, nil) }

func (h *Certificates) renderDelete(c echo.Context, refused error) error {
	cert, err := h.certificates.Certificate(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Crumbs: append(certificateCrumbs[:1:1], parts.Crumb{Label: views.NameOr(cert.Name, cert.ID), Href: views.CertificatePath(cert.ID)}),
		Title:  "Delete certificate " + views.NameOr(cert.Name, cert.ID) + "?",
		Text:   "The certificate is removed from Sallyport. Copies elsewhere stay valid until they expire: deleting a client certificate does not stop its holder from connecting. To do that, block it.",
		Losses: []string{"the " + map[vpn.CertificateUse]string{vpn.UseAuthority: "certificate authority", vpn.UseServer: "server certificate", vpn.UseClient: "client certificate"}[cert.Use] + " " + cert.CommonName},
		Err:    page.Refusal(refused),
		Action: views.CertificatePath(cert.ID, "delete"), Cancel: views.CertificatePath(cert.ID), Button: "Delete",
	}
	if cert.HasKey {
		confirm.Losses = append(confirm.Losses, "its private key, permanently")
	}
	if len(cert.UsedBy) > 0 {
		confirm.Blocked = "This certificate cannot be deleted while an endpoint uses it."
		used := views.FactEndpoints("Used by", cert.UsedBy)
		used.Help = "Choose another certificate there first."
		confirm.Facts = append(confirm.Facts, used)
	}
	if cert.Issued > 0 {
		if confirm.Blocked == "" {
			confirm.Blocked = "This authority cannot be deleted while certificates that it issued are stored here."
		}
		confirm.Facts = append(confirm.Facts, parts.Pair{
			Label: "Issued by it", Value: parts.Count(cert.Issued, "certificate"), Href: views.IssuedPath(cert.ID), Help: "Delete those first.",
		})
	}
	if cert.Devices > 0 {
		confirm.Facts = append(confirm.Facts, parts.Pair{
			Label: "Issued to devices of users", Value: parts.Count(cert.Devices, "certificate"), Href: views.DevicesBy(cert.ID), Help: "They stay on the list of devices.",
		})
	}
	return page.RenderForm(c, refused, views.ConfirmPage(h.pages.Chrome(c, "Delete certificate", "certificates"), confirm))
}

// Delete deletes a certificate.
func (h *Certificates) Delete(c echo.Context) error {
	deleted, err := h.certificates.Certificate(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	err = h.certificates.DeleteCertificate(page.Context(c), page.Principal(c), certificateID(c))
	if page.BelongsInForm(err) {
		return h.renderDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "Certificate "+views.NameOr(deleted.Name, deleted.ID)+" deleted.", "/certificates")
}

// several are the certificates that a request chooses.
func (h *Certificates) several(c echo.Context) (page.Several, []vpn.CertificateID, error) {
	ids := page.Picked[vpn.CertificateID](c)
	rows, err := page.RowsByID(ids, func(id vpn.CertificateID) (string, error) {
		cert, err := h.certificates.Certificate(page.Context(c), page.Principal(c), id)
		return views.NameOr(cert.Name, id) + " (" + views.CertificateUse(cert.Use) + ", " + cert.CommonName + ")", err
	})
	return page.Several{
		Crumbs: certificateCrumbs,
		Title:  "Delete " + parts.Count(len(rows), "certificate") + "?",
		Text:   "They are removed from Sallyport with their private keys, permanently. Copies elsewhere stay valid until they expire. A certificate that an endpoint uses stays, and an authority of which certificates are kept.",
		Rows:   rows,
		Button: "Delete certificates", Section: "certificates", Path: "/certificates/delete", List: "/certificates",
	}, ids, err
}

// DeleteSeveralForm asks for confirmation to delete several certificates.
func (h *Certificates) DeleteSeveralForm(c echo.Context) error {
	return page.AskSeveral(h.pages, c, h.several)
}

// DeleteSeveral deletes several certificates. Each is a change of its own.
func (h *Certificates) DeleteSeveral(c echo.Context) error {
	return page.ActOnSeveral(h.pages, c, h.several, page.OneByOne(func(id vpn.CertificateID) error {
		return h.certificates.DeleteCertificate(page.Context(c), page.Principal(c), id)
	}), func(n int) string { return parts.Count(n, "certificate") + " deleted." })
}
