package admin

import (
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/parts"
	"sallyport/vpn"
)

var useWords = map[vpn.CertificateUse]string{
	vpn.UseAuthority: "Certificate authority",
	vpn.UseServer:    "Server",
	vpn.UseClient:    "Client",
}

func certificatePath(id vpn.CertificateID) string {
	return "/certificates/" + url.PathEscape(string(id))
}

// issuedPath lists the certificates that an authority issued.
func issuedPath(id vpn.CertificateID) string {
	return "/certificates?" + url.Values{"authority": {string(id)}}.Encode()
}

// usersShown is how many endpoints a line of the list names.
const usersShown = 3

// Certificates lists the certificates.
func (h *Console) Certificates(c echo.Context) error {
	l := listOf(c)
	use := vpn.CertificateUse(c.QueryParam("use"))
	if use.Valid() {
		l.Filter = map[string]string{"use": string(use)}
	} else {
		use = ""
	}
	issuer := vpn.CertificateStatus{}
	if id := c.QueryParam("authority"); id != "" { // from the page that asks before an authority is deleted
		var err error
		if issuer, err = h.control.Certificate(ctx(c), actor(c), vpn.CertificateID(id)); err != nil {
			return err
		}
		l.Filter = map[string]string{"authority": id}
		use = ""
	}
	page, err := h.control.Certificates(ctx(c), actor(c), l)
	if err != nil {
		return err
	}
	v := views.CertificateList{List: listView(c, l, page), Use: useFilter(use)}
	v.List.Caption, v.List.Noun, v.List.Plural, v.List.Hint = "Certificates", "certificate", "certificates", "name, common name or ID"
	v.List.Columns = []parts.Column{
		{Key: "name", Label: "Name"}, {Label: "Use"}, {Key: "common_name", Label: "Common name"}, {Label: "Key type"},
		{Key: "not_after", Label: "Expires"}, {Label: "Used by"},
	}
	v.List.Empty = emptyCertificates(use, actor(c).Role.MayChange())
	switch {
	case issuer.ID != "":
		v.List.Extra = url.Values{"authority": {string(issuer.ID)}}
		v.Issuer = &parts.Crumb{Label: nameOr(issuer.Name, string(issuer.ID)), Href: certificatePath(issuer.ID)}
		v.List.Empty = parts.Empty{Title: "It issued no certificate that is kept here"}
	case use != "":
		v.List.Extra = url.Values{"use": {string(use)}}
	}
	for _, cert := range page.Items {
		v.Rows = append(v.Rows, certificateRow(cert, h.now()))
	}
	v.Chrome = h.chrome(c, "Certificates", "certificates")
	return render(c, http.StatusOK, views.Certificates(v))
}

func certificateRow(cert vpn.CertificateStatus, now time.Time) views.CertificateRow {
	row := views.CertificateRow{
		ID: string(cert.ID), Name: nameOr(cert.Name, string(cert.ID)), Href: certificatePath(cert.ID), Use: useWords[cert.Use],
		CommonName: cert.CommonName, KeyType: cert.KeyType, State: expiryState(cert.Certificate, now),
		Expires: parts.At(now, cert.NotAfter), UsedBy: endpointLinks(cert.UsedBy),
	}
	if more := len(row.UsedBy) - usersShown; more > 0 {
		row.UsedBy = append(row.UsedBy[:usersShown:usersShown], parts.Crumb{Label: "and " + parts.Count(more, "more endpoint"), Href: row.Href})
	}
	if cert.Use == vpn.UseAuthority {
		row.Issued = "issued " + parts.Count(cert.Issued, "certificate")
	}
	return row
}

// expiryState is the word for how far a certificate is from its end.
func expiryState(cert vpn.Certificate, now time.Time) string {
	switch {
	case cert.Expired(now):
		return "expired"
	case cert.ExpiresSoon(now):
		return "expires soon"
	default:
		return "valid"
	}
}

func useFilter(use vpn.CertificateUse) views.Filter {
	f := views.Filter{Name: "use", Label: "Use", Value: string(use), Options: []parts.Option{{Label: "Every use"}}}
	for _, u := range []vpn.CertificateUse{vpn.UseAuthority, vpn.UseServer, vpn.UseClient} {
		f.Options = append(f.Options, parts.Option{Value: string(u), Label: useWords[u]})
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
