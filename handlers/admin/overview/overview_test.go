package overview_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"sallyport/web/webtest"
)

// An empty console offers the quick start, which ends at the first user's file; the card of the tutorial can be dismissed.
func TestOverview(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	p := b.Get("/").WantStatus(http.StatusOK).WantText("h1", "Overview").WantText("main", "Nothing needs your attention").WantText("main", "There is no endpoint yet")
	webtest.CheckMarkup(t, "/", p)
	if got := p.Href("Quick start"); got != "/quick-start" {
		t.Errorf("Quick start leads to %q", got)
	}
	b.Post("/quick-start", url.Values{"name": {"Office"}, "cidr": {"10.7.0.0"}}).WantStatus(http.StatusUnprocessableEntity).WantText("#cidr-error", "prefix length")
	made := b.Post("/quick-start", url.Values{"name": {"Office"}, "cidr": {"10.7.0.0/16"}})
	file := b.Follow(made).WantStatus(http.StatusOK).WantText("h1", "Download client configuration")
	if file.Doc.Find("#client option[selected]").Length() != 1 || file.Doc.Find("#link-client option[selected]").Length() != 1 {
		t.Error("the first user is not chosen")
	}
	if got, want := b.Get("/").WantText("main", "Office").WantText("main", "No client is connected.").Href("Download client configuration"), strings.SplitN(made.Header.Get("Location"), "?", 2)[0]; got != want {
		t.Errorf("without a connection the page leads to %q, want %q", got, want)
	}
	if b.Get("/").Doc.Find("form[action='/getting-started/dismiss']").Length() != 1 {
		t.Fatal("the tutorial has no card")
	}
	b.Follow(b.Post("/getting-started/dismiss", nil)).WantStatus(http.StatusOK)
	if b.Get("/").Doc.Find("form[action='/getting-started/dismiss']").Length() != 0 {
		t.Error("the card was dismissed and is still there")
	}
	reader := s.SignIn(t, webtest.ReadOnly).Get("/").WantStatus(http.StatusOK)
	if reader.Doc.Find("main a[href='/quick-start']").Length() != 0 {
		t.Error("a read-only account is offered the quick start")
	}
}
