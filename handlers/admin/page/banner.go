package page

import (
	"slices"

	"github.com/labstack/echo/v4"

	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Banner is what the banner of a page says. Where the state of the node cannot be read it says nothing:
// the rest of the page is still correct.
func (p *Pages) Banner(c echo.Context) layout.Banner {
	node, err := p.nodes.Node(Context(c), Principal(c))
	b := layout.Banner{Fault: node.Message, Since: node.Since}
	for _, e := range node.Status.Endpoints {
		if node.Reachable && slices.ContainsFunc(e.Faults, func(f vpn.Fault) bool { return !f.Warning }) {
			b.Endpoints++
		}
	}
	if err != nil {
		b = layout.Banner{}
	}
	for _, held := range p.lookUps.HeldPasses(Context(c)) {
		b.Held = append(b.Held, layout.HeldLookUp{Label: held.Label, Sentence: held.Sentence(), Href: "/identity-providers/directories/" + string(held.Directory), Since: held.Since})
	}
	for _, t := range p.providers.ProviderTroubles(Context(c)) {
		b.Providers = append(b.Providers, layout.ProviderTrouble{Label: t.Label, Sentences: t.Sentences, Href: "/identity-providers/saml/" + string(t.Provider)})
	}
	b.Notices = append(p.endingNotices(c), p.listNotices(c)...)
	reports, more := p.reports.OpenReports(Context(c))
	for _, r := range reports {
		reported := layout.UserReported{Label: r.Name, Sentence: r.Text, Href: "/users", Since: r.At}
		if r.User != "" {
			reported.Href += "/" + string(r.User)
		}
		b.Reports = append(b.Reports, reported)
	}
	b.MoreReports = more
	b.Live = parts.Live{ID: "node-banner", Self: layout.BannerPath, Seen: Digest([]any{b.Fault, b.Since, b.Endpoints, b.Held, b.Providers, b.Notices, b.Reports, b.MoreReports}), Every: RenewSeldom, Also: []string{layout.TroubleCountID}}
	return b
}
