// Package help holds the actions of the console's help, which is the documentation of the repository.
package help

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/help"
	"sallyport/vpn"
)

const section = "help"

// found is the most sections that a search shows.
const found = 30

// Help shows the documentation.
type Help struct{ pages *page.Pages }

// New makes the actions.
func New(pages *page.Pages) Help { return Help{pages} }

// Index lists the pages, or those sections that a search finds.
func (h Help) Index(c echo.Context) error {
	p, _ := help.Open().Page("")
	v := views.HelpPage{Page: p, Pages: help.Open().Pages(), Search: vpn.SearchText(c.QueryParam("q"))}
	v.Found = help.Open().Find(v.Search, found)
	v.Chrome = h.pages.Chrome(c, "Help", section)
	return page.Render(c, http.StatusOK, views.HelpIndex(v))
}

// View shows one page.
func (h Help) View(c echo.Context) error {
	p, ok := help.Open().Page(c.Param("page"))
	if !ok {
		return echo.ErrNotFound
	}
	v := views.HelpPage{Page: p, Pages: help.Open().Pages(), Chrome: h.pages.Chrome(c, p.Title+" – Help", section)}
	return page.Render(c, http.StatusOK, views.HelpText(v))
}
