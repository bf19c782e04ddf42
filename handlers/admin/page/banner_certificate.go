package page

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// urgentDays is how many days before the end of a certificate its notice becomes urgent.
const urgentDays = 7

// endingNotices name the certificates that endpoints use, that end soon and do not renew themselves.
func (p *Pages) endingNotices(c echo.Context) []layout.BannerNotice {
	list, err := p.certificates.Ending(Context(c))
	if err != nil { // the rest of the page is still correct
		return nil
	}
	var out []layout.BannerNotice
	for _, e := range list {
		left := e.NotAfter.Sub(p.now())
		when := "ends " + parts.At(p.now(), e.NotAfter).Relative
		if left < 0 {
			when = "has expired"
		}
		use := "Server certificate "
		if e.Use == vpn.UseAuthority {
			use = "Certificate authority "
		}
		out = append(out, layout.BannerNotice{
			Urgent: left.Hours() < urgentDays*24, Heading: use + views.NameOr(e.Name, e.ID) + " " + when,
			Sentence: "Used by " + endpointNames(e.UsedBy) + ". No client can connect there after its end.", Href: views.CertificatePath(e.ID), Link: "See the certificate",
		})
	}
	return out
}

// maxNamed is how many endpoints a notice names.
const maxNamed = 3

// endpointNames names endpoints in a sentence.
func endpointNames(list []vpn.EndpointRef) string {
	var names []string
	for _, e := range list[:min(len(list), maxNamed)] {
		names = append(names, e.Label())
	}
	if more := len(list) - maxNamed; more > 0 {
		names = append(names, parts.Count(more, "more endpoint"))
	}
	return vpn.JoinWords(names)
}
