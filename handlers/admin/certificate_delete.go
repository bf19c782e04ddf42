package admin

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// CertificateDeleteForm asks before a certificate is deleted.
func (h *Console) CertificateDeleteForm(c echo.Context) error { return h.drawCertificateDelete(c, nil) }

func (h *Console) drawCertificateDelete(c echo.Context, refused error) error {
	cert, err := h.certificates.Certificate(ctx(c), principal(c), certificateID(c))
	if err != nil {
		return err
	}
	confirm := parts.Confirm{
		Title:  "Delete certificate " + views.NameOr(cert.Name, cert.ID) + "?",
		Text:   "The certificate is removed from Sallyport. Copies elsewhere stay valid until they expire: deleting a client certificate does not stop its holder from connecting.",
		Losses: []string{"the " + map[vpn.CertificateUse]string{vpn.UseAuthority: "certificate authority", vpn.UseServer: "server certificate", vpn.UseClient: "client certificate"}[cert.Use] + " " + cert.CommonName},
		Err:    refusal(refused),
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
	return renderForm(c, refused, views.ConfirmPage(h.chrome(c, "Delete certificate", "certificates"), confirm))
}

// CertificateDelete deletes a certificate.
func (h *Console) CertificateDelete(c echo.Context) error {
	err := h.certificates.DeleteCertificate(ctx(c), principal(c), certificateID(c))
	if belongsInForm(err) {
		return h.drawCertificateDelete(c, err)
	}
	if err != nil {
		return err
	}
	return h.done(c, "Certificate "+string(certificateID(c))+" deleted.", "/certificates")
}
