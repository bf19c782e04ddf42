package page

import (
	"github.com/labstack/echo/v4"

	views "sallyport/views/admin"
	"sallyport/views/layout"
)

// listNotices are the certificate revocation lists that end soon, or wait to be signed.
func (p *Pages) listNotices(c echo.Context) []layout.BannerNotice {
	var out []layout.BannerNotice
	for _, t := range p.certificates.ListTroubles(Context(c)) {
		notice := layout.BannerNotice{
			Urgent: t.Stage >= 0 && t.Stage <= 1, Heading: "The certificate revocation list of " + t.Authority + " needs attention", Sentence: t.Sentence,
			Href: "/certificates", Link: "See the certificates",
		}
		if t.Certificate != "" {
			notice.Href, notice.Link = views.RevocationListPath(t.Certificate, ""), "See the list"
		}
		out = append(out, notice)
	}
	return out
}
