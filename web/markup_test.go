package web_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// checkMarkup holds a page to what the content security policy and a screen reader need.
func checkMarkup(t testing.TB, path string, p page) {
	t.Helper()
	bad := func(format string, s *goquery.Selection) {
		html, _ := goquery.OuterHtml(s)
		t.Errorf("%s: %s: %.200s", path, format, html)
	}
	p.doc.Find("[style], style").Each(func(_ int, s *goquery.Selection) { bad("an inline style", s) })
	p.doc.Find("script:not([src])").Each(func(_ int, s *goquery.Selection) { bad("an inline script", s) })
	p.doc.Find("*").Each(func(_ int, s *goquery.Selection) {
		for _, a := range s.Nodes[0].Attr {
			if strings.HasPrefix(a.Key, "on") {
				bad("an inline handler", s)
			}
			if (a.Key == "href" || a.Key == "src" || a.Key == "action") && (strings.Contains(a.Val, "about:invalid") || strings.Contains(a.Val, "//")) {
				bad("a link that leads nowhere or away", s)
			}
		}
	})
	ids := map[string]bool{}
	p.doc.Find("[id]").Each(func(_ int, s *goquery.Selection) {
		id, _ := s.Attr("id")
		if ids[id] {
			bad("an id that exists twice", s)
		}
		ids[id] = true
	})
	p.doc.Find("input:not([type=hidden]), select, textarea").Each(func(_ int, s *goquery.Selection) {
		id, _ := s.Attr("id")
		_, named := s.Attr("aria-label")
		if !named && p.doc.Find(`label[for="`+id+`"]`).Length() == 0 && s.ParentsFiltered("label").Length() == 0 {
			bad("a control without a label", s)
		}
	})
	p.doc.Find("label[for]").Each(func(_ int, s *goquery.Selection) {
		if to, _ := s.Attr("for"); !ids[to] {
			bad("a label for nothing", s)
		}
	})
	p.doc.Find("form").Each(func(_ int, s *goquery.Selection) {
		if method, _ := s.Attr("method"); method != "post" && s.Is(":not([role=search])") {
			bad("a form that neither posts nor searches", s)
		}
	})
	if n := p.doc.Find("h1").Length(); n != 1 {
		t.Errorf("%s: %d h1 elements, want 1", path, n)
	}
	if p.text("title") == "" || p.doc.Find("main").Length() != 1 || p.doc.Find("html[lang]").Length() != 1 {
		t.Errorf("%s: title, main or language is missing", path)
	}
}

// inline is what no template may have: the policy would block it.
var inline = regexp.MustCompile(`(?i)\sstyle=|<style|\son[a-z]+=|<script>|templ\.SafeURL\("|templ\.Raw|javascript:`)

func TestTemplatesHaveNothingInline(t *testing.T) {
	t.Parallel()
	found := 0
	err := filepath.WalkDir("../views", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".templ" {
			return err
		}
		found++
		text, err := os.ReadFile(path)
		for i, line := range strings.Split(string(text), "\n") {
			if m := inline.FindString(line); m != "" {
				t.Errorf("%s:%d has %q", path, i+1, strings.TrimSpace(m))
			}
		}
		return err
	})
	if err != nil || found < 5 {
		t.Fatalf("read %d templates, error %v; want at least 5", found, err)
	}
}
