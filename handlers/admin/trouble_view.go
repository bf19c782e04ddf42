package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/views/layout"
)

// Trouble renews the banner that every page shows while the node cannot do what the console says.
func (h *Console) Trouble(c echo.Context) error {
	if !fragment(c) { // somebody typed the address: the page of the node says more
		return c.Redirect(http.StatusSeeOther, "/settings")
	}
	var chrome layout.Chrome
	chrome.Trouble, chrome.Since = h.trouble(c)
	if c.QueryParam("seen") == chrome.TroubleSeen() {
		return c.NoContent(http.StatusNoContent)
	}
	return render(c, http.StatusOK, layout.Trouble(chrome))
}
