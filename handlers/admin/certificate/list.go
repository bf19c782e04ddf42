package certificate

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// List lists the certificates.
func (h *Certificates) List(c echo.Context) error {
	l := page.ListOf(c)
	use := vpn.CertificateUse(c.QueryParam("use"))
	if use.Valid() {
		l.Filter = map[string]string{"use": string(use)}
	} else {
		use = ""
	}
	issuer := vpn.CertificateStatus{}
	if id := c.QueryParam("authority"); id != "" { // the confirm page for deleting an authority links here
		var err error
		if issuer, err = h.certificates.Certificate(page.Context(c), page.Principal(c), vpn.CertificateID(id)); err != nil {
			return err
		}
		l.Filter = map[string]string{"authority": id}
		use = ""
	}
	found, err := h.certificates.Certificates(page.Context(c), page.Principal(c), l)
	if err != nil {
		return err
	}
	v := views.CertificateList{List: page.ListView(c, l, found), Use: useFilter(use), Rows: found.Items}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Certificates", "certificate", "certificates", "name, common name or ID"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Label: "Use"}, {Key: "common_name", Label: "Common name"}, {Label: "Key type"},
		{Key: "not_after", Label: "Expires"}, {Label: "Used by"},
	}
	v.List.Empty = emptyCertificates(use, page.Principal(c).Role.MayChange())
	switch {
	case issuer.ID != "":
		v.List.Extra = url.Values{"authority": {string(issuer.ID)}}
		v.Issuer = &issuer.Certificate
		v.List.Empty = parts.Empty{Title: "No certificate of this authority is stored here"}
	case use != "":
		v.List.Extra = url.Values{"use": {string(use)}}
	}
	v.Chrome = h.pages.Chrome(c, "Certificates", "certificates")
	return page.Render(c, http.StatusOK, views.Certificates(v))
}

func useFilter(use vpn.CertificateUse) views.Filter {
	f := views.Filter{Name: "use", Label: "Use", Value: string(use), Options: []parts.Option{{Label: "Every use"}}}
	for _, u := range []vpn.CertificateUse{vpn.UseAuthority, vpn.UseServer, vpn.UseClient} {
		f.Options = append(f.Options, parts.Option{Value: string(u), Label: views.CertificateUse(u)})
	}
	return f
}

func emptyCertificates(use vpn.CertificateUse, may bool) parts.Empty {
	if use != "" {
		return parts.Empty{Title: "No certificate of this use yet", Action: parts.Button{Label: "Show all certificates", Href: "/certificates"}}
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
