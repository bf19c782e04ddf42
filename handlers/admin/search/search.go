// Package search holds the search of everything.
package search

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"sallyport/control/search"
	"sallyport/handlers/admin/page"
	views "sallyport/views/admin"
	"sallyport/views/help"
	"sallyport/vpn"
)

// Search finds what has a text in its name, ID, tags or addresses, and the help about it.
type Search struct {
	pages  *page.Pages
	search *search.Service
}

// New makes the action.
func New(pages *page.Pages, service *search.Service) Search { return Search{pages, service} }

// View shows what was found.
func (h Search) View(c echo.Context) error {
	text := vpn.SearchText(c.QueryParam("q"))
	found, err := h.search.Search(page.Context(c), page.Principal(c), text)
	if err != nil {
		return err
	}
	v := views.SearchPage{Text: text, Groups: views.SearchGroups(text, found), Help: help.Open().Find(text, vpn.SearchEach)}
	v.Chrome = h.pages.Chrome(c, "Search", "")
	return page.Render(c, http.StatusOK, views.Search(v))
}
