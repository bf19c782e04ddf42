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
	b.Live = parts.Live{ID: "node-banner", Self: layout.BannerPath, Seen: Digest([]any{b.Fault, b.Since, b.Endpoints}), Every: RenewSeldom, Also: []string{layout.TroubleCountID}}
	return b
}
