package webtest

import (
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"sallyport/vpn"
)

// WantButton checks that the page asks for confirmation with the button.
func WantButton(t *testing.T, p Page, label string) {
	t.Helper()
	if got := p.Doc.Find("main .confirm-card [type=submit]").Text(); got != label {
		t.Errorf("the page offers %q, want %q", got, label)
	}
}

// WantNoButton checks that the confirm page has no button, because the change would be refused.
func WantNoButton(t *testing.T, p Page) {
	t.Helper()
	if got := p.Doc.Find("main .confirm-card [type=submit]"); got.Length() != 0 {
		t.Errorf("the page offers %q, which would be refused", got.Text())
	}
	CheckMarkup(t, "confirmation", p)
}

// testLink begins the only links that lead from the console away from it: to a test sign-in, on the public pages.
const testLink = PublicURL + "/saml/"

// leadsAway tells whether an address of another site may stand on a page: a person follows it, the browser does not load it.
func leadsAway(s *goquery.Selection, address string) bool {
	if strings.HasPrefix(address, testLink) || strings.HasPrefix(address, "otpauth://") { // an authenticator app, no site
		return true
	}
	rel, _ := s.Attr("rel")
	if !s.Is("a") || rel != "noreferrer" {
		return false
	}
	for _, p := range vpn.Platforms() {
		if slices.ContainsFunc(vpn.ClientPrograms(p), func(c vpn.ClientProgram) bool { return c.Site == address }) {
			return true
		}
	}
	return false
}

// CheckMarkup checks what the content security policy and screen readers need.
func CheckMarkup(t testing.TB, path string, p Page) {
	t.Helper()
	bad := func(format string, s *goquery.Selection) {
		html, _ := goquery.OuterHtml(s)
		t.Errorf("%s: %s: %.200s", path, format, html)
	}
	p.Doc.Find("[style], style").Each(func(_ int, s *goquery.Selection) { bad("an inline style", s) })
	p.Doc.Find("script:not([src])").Each(func(_ int, s *goquery.Selection) { bad("an inline script", s) })
	p.Doc.Find("*").Each(func(_ int, s *goquery.Selection) {
		for _, a := range s.Nodes[0].Attr {
			if strings.HasPrefix(a.Key, "on") {
				bad("an inline handler", s)
			}
			if (a.Key == "href" || a.Key == "src" || a.Key == "action") && (strings.Contains(a.Val, "about:invalid") || strings.Contains(a.Val, "//") && !leadsAway(s, a.Val)) {
				bad("a link that leads nowhere or away", s)
			}
		}
	})
	ids := map[string]bool{}
	p.Doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id, _ := s.Attr("id")
		if ids[id] {
			bad("an id that exists twice", s)
		}
		ids[id] = true
	})
	p.Doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, s *goquery.Selection) {
		id, _ := s.Attr("id")
		_, named := s.Attr("aria-label")
		if !named && p.Doc.Find(`label[for="`+id+`"]`).Length() == 0 && s.ParentsFiltered("label").Length() == 0 {
			bad("a control without a label", s)
		}
	})
	p.Doc.Find("label[for]").Each(func(_ int, s *goquery.Selection) {
		if to, _ := s.Attr("for"); !ids[to] {
			bad("a label for nothing", s)
		}
	})
	p.Doc.Find("form").Each(func(_ int, s *goquery.Selection) {
		if method, _ := s.Attr("method"); method != "post" && s.Is(":not([role=search])") {
			bad("a form that neither posts nor searches", s)
		}
	})
	if n := p.Doc.Find("h1").Length(); n != 1 {
		t.Errorf("%s: %d h1 elements, want 1", path, n)
	}
	if p.Text("title") == "" || p.Doc.Find("main").Length() != 1 || p.Doc.Find("html[lang]").Length() != 1 {
		t.Errorf("%s: title, main or language is missing", path)
	}
}
