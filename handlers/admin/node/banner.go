package node

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	"sallyport/views/layout"
)

// Banner renews the banner of a page.
func (h *Node) Banner(c echo.Context) error {
	if !page.Fragment(c) { // opened in a browser: the page of the node says more
		return c.Redirect(http.StatusSeeOther, "/node")
	}
	banner := h.pages.Banner(c)
	return page.RenderLive(c, banner.Live, layout.BannerUpdate(banner, h.pages.Now()))
}
