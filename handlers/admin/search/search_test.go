package search_test

import (
	"net/http"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// An address finds what decides about it, and text of users is text on the page.
func TestSearch(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	b.Get("/search").WantStatus(http.StatusOK).WantText("h1", "Search")
	p := b.Get("/search?q=%3Cscript%3E").WantStatus(http.StatusOK).WantText("main", "Nothing was found for “<script>”")
	if p.Doc.Find("main script").Length() != 0 {
		t.Error("what was typed became markup")
	}
	b.Get("/search?q=" + strings.Repeat("x", 5000)).WantStatus(http.StatusOK)
	found := b.Get("/search?q=split+tunnel").WantStatus(http.StatusOK).WantText("main", "Help")
	if found.Doc.Find("main a[href^='/help/endpoints']").Length() == 0 {
		t.Error("words of the help do not lead to it")
	}
	webtest.CheckMarkup(t, "/search", found)
}

// Each page leads from its heading to a page of the help that exists.
func TestHelpOfPages(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.ReadOnly)
	for _, path := range []string{"/", "/endpoints", "/connections", "/networks", "/users", "/identity-providers", "/certificates", "/administrators", "/account", "/node", "/settings"} {
		href, ok := b.Get(path).WantStatus(http.StatusOK).Doc.Find("main a.help-link").Attr("href")
		if !ok {
			t.Errorf("%s has no way to the help", path)
			continue
		}
		b.Get(href).WantStatus(http.StatusOK)
	}
	webtest.CheckMarkup(t, "/help", b.Get("/help?q=route").WantStatus(http.StatusOK))
	webtest.CheckMarkup(t, "/help/host", b.Get("/help/host").WantStatus(http.StatusOK).WantText("h1", "host"))
	b.Get("/help/README.md").WantStatus(http.StatusNotFound)
	b.Get("/help/..%2f..%2fgo.mod").WantStatus(http.StatusNotFound)
}
