package page_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"sallyport/handlers/admin/page"
	"sallyport/views/layout"
	"sallyport/views/parts"
	"sallyport/web/webtest"
)

// A renewal of the tutorial or of the banner is answered with 204 until something changed.
func TestRenewals(t *testing.T) {
	t.Parallel()
	s := webtest.NewWithAccounts(t)
	b := s.SignIn(t, webtest.Administrator)
	renew := func(path, id string) webtest.Page {
		href, _ := b.Get(path).Doc.Find("#" + id).Attr("hx-get")
		return b.Send(http.MethodGet, href, nil, http.Header{"Hx-Request": {"true"}})
	}
	for id, path := range map[string]string{"tutorial": "/getting-started", "node-banner": "/", "overview": "/"} {
		if p := renew(path, id); p.Status != http.StatusNoContent {
			t.Errorf("%s: nothing changed, got %d, want 204", id, p.Status)
		}
	}
	href, _ := b.Get("/getting-started").Doc.Find("#tutorial").Attr("hx-get")
	b.Create("/networks/new", url.Values{"name": {"office"}, "cidrs": {"10.0.0.0/16"}})
	p := b.Send(http.MethodGet, href, nil, http.Header{"Hx-Request": {"true"}}).WantStatus(http.StatusOK)
	p.WantText("#tutorial", "has no subnet yet.")
	if p := b.Get(layout.BannerPath); p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/node" {
		t.Errorf("the banner in a browser: got %d to %q, want the way to the settings", p.Status, p.Header.Get("Location"))
	}
}

// The digest of a page changes with a time that it shows, and not with the clock.
func TestDigestLeavesRelativeTimesOut(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	shown := page.Digest(parts.At(at.Add(time.Minute), at))
	if later := page.Digest(parts.At(at.Add(time.Hour), at)); later != shown {
		t.Error("the digest changed with the clock")
	}
	if other := page.Digest(parts.At(at.Add(time.Minute), at.Add(time.Second))); other == shown {
		t.Error("the digest did not change with the time")
	}
}
