package certificate

import (
	"cmp"
	"errors"
	"strconv"

	"github.com/labstack/echo/v4"

	"sallyport/control/certificate"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

type renewInput struct {
	ValidDays string `form:"valid_days"`
	NewKey    string `form:"new_key"`
	Old       string `form:"old"`
}

// endOld is the value of the field old that revokes or blocks the certificate of before.
const endOld = "end"

func (in renewInput) spec(c echo.Context) certificate.RenewSpec {
	return certificate.RenewSpec{ValidDays: in.ValidDays, NewKey: in.NewKey != "", EndOld: in.Old == endOld, Consent: page.Consent(c)}
}

func (in renewInput) form(p certificate.RenewPreview) parts.Form {
	path := views.CertificatePath(p.ID)
	form := parts.Form{
		Action: path + "/renew", Submit: "Renew certificate", Cancel: path,
		Fields: []parts.Field{{Name: "valid_days", Label: "Validity in days", Value: cmp.Or(in.ValidDays, strconv.Itoa(p.Days)), Required: true, InputMode: "numeric", Autocomplete: "off", Focus: true,
			Help: "From today. A certificate cannot be valid longer than its authority."}},
	}
	switch {
	case p.Use == vpn.UseAuthority:
		form.Fields[0].Help = "From today."
	case p.NeedsKey:
		form.Fields = append(form.Fields, parts.Field{Type: "fact", Label: "Private key", Value: "A new one is made", Help: "That of the certificate of before is not stored here."})
	default:
		form.Fields = append(form.Fields, parts.Field{Name: "new_key", Label: "Make a new private key", Type: "checkbox", Checked: in.NewKey != "",
			Help: "Otherwise the certificate keeps its key. Choose it where others may have the key."})
	}
	if p.Use == vpn.UseClient {
		later, now := "Block it later on its page.", "Block it now"
		if p.Revokes {
			later, now = "Revoke it later on its page.", "Revoke it now"
		}
		form.Fields = append(form.Fields, parts.Field{Name: "old", Label: "The certificate of before", Type: "radio", Value: cmp.Or(in.Old, "keep"), Required: true, Options: []parts.Option{
			{Value: "keep", Label: "It stays valid until its end", Help: "Its holder has time to take the new file. " + later},
			{Value: endOld, Label: now, Help: connectedWith(p.Connected) + " Its holder needs the new file to connect."},
		}})
	}
	return form
}

// renewNotes say what the renewal of each use does.
var renewNotes = map[vpn.CertificateUse]string{
	vpn.UseServer:    "It keeps its names, its usages and its ID. The endpoints that use it get it; configuration files that were handed out go on working.",
	vpn.UseAuthority: "It keeps its name, its key and its ID: certificates that it issued stay valid, and so do blocks and revocations of them. For another key create a new authority, and have the endpoint trust both for a while.",
	vpn.UseClient:    "Its holder gets a second certificate with the same common name, in a new configuration file.",
}

func (h *Certificates) renewHeader(p certificate.RenewPreview) parts.Header {
	return parts.Header{
		Crumbs: append(certificateCrumbs[:1:1], parts.Crumb{Label: views.NameOr(p.Name, p.ID), Href: views.CertificatePath(p.ID)}),
		Title:  "Renew " + views.NameOr(p.Name, p.ID),
		Note:   "It ends " + parts.At(h.pages.Now(), p.NotAfter).Relative + ", on " + views.Date(p.NotAfter) + ". " + renewNotes[p.Use],
	}
}

func (h *Certificates) renderRenew(c echo.Context, in renewInput, refused error) error {
	p, err := h.certificates.RenewPreview(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	form := in.form(p)
	page.Fail(&form, refused)
	return page.RenderForm(c, refused, views.Form(views.FormPage{Chrome: h.pages.Chrome(c, "Renew certificate", "certificates"), Header: h.renewHeader(p), Form: form}))
}

// RenewForm shows the form that renews a certificate.
func (h *Certificates) RenewForm(c echo.Context) error { return h.renderRenew(c, renewInput{}, nil) }

// Renew renews a certificate. What it does to endpoints is announced before.
func (h *Certificates) Renew(c echo.Context) error {
	var in renewInput
	if err := page.Bind(c, &in); err != nil {
		return err
	}
	if page.GoesBack(c) {
		return h.renderRenew(c, in, nil)
	}
	spec := in.spec(c)
	what, err := h.certificates.AnnounceRenewal(page.Context(c), page.Principal(c), certificateID(c), spec)
	var done certificate.RenewResult
	if err == nil {
		if spec.Consent.Announced == "" && what.Kind() != "" {
			return h.announceRenewal(c, what, nil)
		}
		if err = what.Check(spec.Consent); err != nil {
			return h.announceRenewal(c, what, err)
		}
		done, err = h.certificates.RenewCertificate(page.Context(c), page.Principal(c), certificateID(c), spec)
		if errors.Is(err, vpn.ErrUnannounced) { // in the moment since
			return h.announceRenewal(c, done.Did, err)
		}
	}
	if page.BelongsInForm(err) {
		return h.renderRenew(c, in, err)
	}
	if err != nil {
		return err
	}
	return h.pages.Done(c, renewed(done), views.CertificatePath(done.Certificate.ID))
}

func renewed(r certificate.RenewResult) string {
	text := "Certificate renewed; it ends on " + views.Date(r.Certificate.NotAfter) + "."
	switch {
	case r.Certificate.Use == vpn.UseClient:
		text = "New certificate issued; it ends on " + views.Date(r.Certificate.NotAfter) + ". Put it into a client configuration file of the endpoint."
		if r.Ended > 0 {
			text += " " + parts.Count(r.Ended, "connection") + " with the one of before will be terminated."
		}
	case r.Did.Connections > 0 && len(r.Did.Restart) > 0:
		text += " " + parts.Count(r.Did.Connections, "connection") + " will be reset for a moment."
	}
	return text
}

func (h *Certificates) announceRenewal(c echo.Context, what vpn.Announcement, refused error) error {
	p, err := h.certificates.RenewPreview(page.Context(c), page.Principal(c), certificateID(c))
	if err != nil {
		return err
	}
	intro := "It is used by " + endpointNames(p.UsedBy) + "."
	return page.RenderAnnouncement(c, views.Announcement{
		Chrome: h.pages.Chrome(c, "Renew certificate", "certificates"), Header: h.renewHeader(p), Intro: intro,
		What: what, Action: views.CertificatePath(p.ID, "renew"), Button: "Renew certificate", Cancel: views.CertificatePath(p.ID),
		Back: true, Hidden: page.Typed(c),
	}, refused)
}

func endpointNames(list []vpn.EndpointRef) string {
	text := ""
	for i, e := range list {
		switch {
		case i == 0:
		case i == len(list)-1:
			text += " and "
		default:
			text += ", "
		}
		text += "endpoint " + e.Label()
	}
	return cmp.Or(text, "no endpoint")
}
