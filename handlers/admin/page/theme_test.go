package page_test

import (
	"net/http"
	"net/url"
	"testing"

	"sallyport/web/webtest"
)

func TestTheme(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	if _, ok := b.Get("/").Doc.Find("html").Attr("data-bs-theme"); ok {
		t.Errorf("a theme is set although none was chosen")
	}
	p := b.Post("/theme", url.Values{"theme": {"dark"}, "return": {"/administrators?q=x"}})
	if got, _ := b.Follow(p).Doc.Find("html").Attr("data-bs-theme"); got != "dark" {
		t.Errorf("the theme is %q, want dark", got)
	}
	if got := p.Header.Get("Location"); got != "/administrators?q=x" {
		t.Errorf("the switch leads to %q, want back", got)
	}
	b.Post("/theme", url.Values{"theme": {`x" onload="`}}).WantStatus(http.StatusBadRequest)
	if got := b.Post("/theme", url.Values{"theme": {"light"}, "return": {"//evil.example"}}).Header.Get("Location"); got != "/" {
		t.Errorf("the switch leads to %q, want /", got)
	}
}
