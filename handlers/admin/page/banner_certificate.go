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
			Sentence: "Used by " + parts.Count(len(e.UsedBy), "endpoint") + ". No client can connect there after its end.", Href: views.CertificatePath(e.ID), Link: "See the certificate",
		})
	}
	return out
}
