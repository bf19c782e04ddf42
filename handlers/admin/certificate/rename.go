package certificate

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// renameInput is the name as typed, with the one that the form was filled with.
type renameInput struct {
	Was  string `form:"was"`
	Name string `form:"name"`
}

func (h *Certificates) renderRename(c echo.Context, typed *renameInput, refused error) error {
	cert, err := h.certificates.Certificate(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	in := renameInput{Was: cert.Name, Name: cert.Name}
	if typed != nil {
		in = *typed
	}
	path := views.CertificatePath(cert.ID)
	field := parts.Field{Name: "name", Label: "Name", Value: in.Name, Autocomplete: "off", Focus: true,
		Help: "What lists call the certificate. Without a name it is the common name. The certificate itself does not change."}
	form := parts.Form{Action: path + "/rename", Submit: "Rename", Cancel: path, Fields: []parts.Field{field}}
	stale := refused != nil && vpn.KindOf(refused) == vpn.Stale
	if stale {
		in.Was = cert.Name // the page now shows what the next save replaces
		field.Value = cert.Name
		page.FailStale(&form, refused, []parts.Field{field})
	} else {
		page.Fail(&form, refused)
	}
	form.Hidden = []parts.Hidden{{Name: "was", Value: in.Was}}
	view := views.Form(views.FormPage{
		Chrome: h.pages.Chrome(c, "Rename certificate", "certificates"), Form: form,
		Header: parts.Header{Crumbs: append(certificateCrumbs[:1:1], parts.Crumb{Label: views.NameOr(cert.Name, cert.ID), Href: path}), Title: "Rename certificate"},
	})
	if stale {
		return page.Render(c, http.StatusConflict, view)
	}
	return page.RenderForm(c, refused, view)
}

// RenameForm shows the form for another name.
func (h *Certificates) RenameForm(c echo.Context) error { return h.renderRename(c, nil, nil) }

// Rename gives a certificate another name.
func (h *Certificates) Rename(c echo.Context) error {
	var in renameInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	cert, err := h.certificates.RenameCertificate(page.Context(c), page.Principal(c), certificateID(c), in.Was, in.Name)
	if page.BelongsInForm(err) {
		return h.renderRename(c, &in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, "The certificate is called "+cert.Name+" now.", views.CertificatePath(cert.ID))
}
