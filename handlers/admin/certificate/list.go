package certificate

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// List lists the certificates.
func (h *Certificates) List(c echo.Context) error {
	l := page.ListOf(c)
	filters := page.Narrow(c, &l, useFilter(), page.StateFilter("valid", "expires soon", "expired", "blocked", "revoked"))
	use := vpn.CertificateUse(l.Filter["use"])
	issuer := vpn.CertificateStatus{}
	if id := c.QueryParam("authority"); id != "" { // the confirm page for deleting an authority links here
		var err error
		if issuer, err = h.certificates.Certificate(page.Context(c), page.Principal(c), vpn.CertificateID(id)); err != nil {
			return err
		}
		if l.Filter == nil {
			l.Filter = map[string]string{}
		}
		l.Filter["authority"] = id
		use = ""
	}
	read := func(l vpn.List) (vpn.Page[vpn.CertificateStatus], error) {
		return h.certificates.Certificates(page.Context(c), page.Principal(c), l)
	}
	if page.WantsFile(c) {
		return page.Export(c, "certificates", l, read, certificateCells(h.pages.Now()))
	}
	found, err := read(l)
	if err != nil {
		return err
	}
	v := views.CertificateList{List: page.ListView(c, l, found), Rows: found.Items}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Certificates", "certificate", "certificates", "name, common name or ID"
	v.List.Filters, v.List.Part = filters, "certificates"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Key: "use", Label: "Use"}, {Key: "common_name", Label: "Common name"}, {Key: "key_type", Label: "Key type"},
		{Key: "not_after", Label: "Expires"}, {Label: "Used by"},
	}
	if page.Principal(c).Role.MayChange() {
		v.List.Bulk = []parts.BulkAction{{Label: "Delete certificates", Path: "/certificates/delete"}}
	}
	v.List.Empty = emptyCertificates(use, page.Principal(c).Role.MayChange())
	if issuer.ID != "" {
		v.List.Extra = url.Values{"authority": {string(issuer.ID)}}
		v.Issuer = &issuer.Certificate
		v.List.Empty = emptyAuthority(issuer.Certificate, h.pages.Now(), page.Principal(c).Role.MayChange())
	}
	v.Chrome = h.pages.Chrome(c, "Certificates", "certificates")
	return page.Render(c, http.StatusOK, views.Certificates(v))
}

// certificateCells are the columns of the exported file; a state is that at the given time.
func certificateCells(now time.Time) []page.Cell[vpn.CertificateStatus] {
	return []page.Cell[vpn.CertificateStatus]{
		{Label: "Name", Text: func(r vpn.CertificateStatus) string { return r.Name }},
		{Label: "ID", Text: func(r vpn.CertificateStatus) string { return string(r.ID) }},
		{Label: "Use", Text: func(r vpn.CertificateStatus) string { return views.CertificateUse(r.Use) }},
		{Label: "Common name", Text: func(r vpn.CertificateStatus) string { return r.CommonName }},
		{Label: "Key type", Text: func(r vpn.CertificateStatus) string { return string(r.KeyType) }},
		{Label: "Expires", Text: func(r vpn.CertificateStatus) string { return r.NotAfter.UTC().Format(time.RFC3339) }},
		{Label: "Last used", Text: func(r vpn.CertificateStatus) string { return page.TimeCell(r.Login.At) }},
		{Label: "State", Text: func(r vpn.CertificateStatus) string { return views.CertificateState(r, now) }},
	}
}

func useFilter() parts.Filter {
	f := parts.Filter{Name: "use", Label: "Use", Options: []parts.Option{{Label: "Every use"}}}
	for _, u := range []vpn.CertificateUse{vpn.UseAuthority, vpn.UseServer, vpn.UseClient} {
		f.Options = append(f.Options, parts.Option{Value: string(u), Label: views.CertificateUse(u)})
	}
	return f
}

// emptyAuthority is what to do where an authority has issued nothing that is stored here.
func emptyAuthority(issuer vpn.Certificate, now time.Time, may bool) parts.Empty {
	e := parts.Empty{Title: "No certificate of this authority is stored here", Action: parts.Button{Label: "Show all certificates", Href: "/certificates"}}
	switch {
	case may && issuer.CanIssue(now):
		e.Action = parts.Button{Label: "Issue a certificate with it", Href: "/certificates/issue?authority=" + string(issuer.ID), Tone: "primary"}
	case may:
		e.Text = "Its key is not kept here, so it issues elsewhere. A certificate of it can be imported."
		e.Action = parts.Button{Label: "Import certificate", Href: "/certificates/import"}
	}
	return e
}

func emptyCertificates(use vpn.CertificateUse, may bool) parts.Empty {
	if use != "" {
		e := parts.Empty{Title: "No certificate of this use yet", Action: parts.Button{Label: "Show all certificates", Href: "/certificates"}}
		if may && use == vpn.UseAuthority {
			e.Action = parts.Button{Label: "Create certificate authority", Href: "/certificates/authority/new", Tone: "primary"}
		} else if may {
			e.Action = parts.Button{Label: "Issue certificate", Href: "/certificates/issue?use=" + string(use), Tone: "primary"}
		}
		return e
	}
	e := parts.Empty{
		Title: "No certificates yet",
		Text:  "Create a certificate authority first. It then issues the server certificate and one client certificate for each user; or import your own.",
	}
	if may {
		e.Action = parts.Button{Label: "Create certificate authority", Href: "/certificates/authority/new", Tone: "primary"}
	}
	return e
}
