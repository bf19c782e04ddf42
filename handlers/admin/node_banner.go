package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/views/layout"
	"sallyport/views/parts"
)

// NodeBanner renews the banner that every page shows while the node cannot do what the console says.
func (h *Console) NodeBanner(c echo.Context) error {
	if !fragment(c) { // the address was typed: the page of the node says more
		return c.Redirect(http.StatusSeeOther, "/settings")
	}
	banner := h.nodeBanner(c)
	return renderLive(c, banner.Live, layout.NodeBanner(banner, h.now()))
}

// nodeBanner is what the banner says. Where the node cannot be read it says nothing: the page that
// it stands on is still good.
func (h *Console) nodeBanner(c echo.Context) layout.Banner {
	node, err := h.nodes.Node(ctx(c), principal(c))
	b := layout.Banner{Fault: node.Message, Since: node.Since}
	if err != nil {
		b = layout.Banner{}
	}
	b.Live = parts.Live{ID: "node-banner", Self: layout.BannerPath, Seen: digest([]any{b.Fault, b.Since}), Every: renewSeldom}
	return b
}
