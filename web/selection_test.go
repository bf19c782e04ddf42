package web_test

import (
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

type selection = goquery.Selection

// document reads a piece of HTML.
func document(t testing.TB, html string) page {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return page{t: t, body: html, doc: doc}
}

// value is what a form's field holds.
func (p page) value(name string) string {
	p.t.Helper()
	field := p.doc.Find(`[name="` + name + `"]`).First()
	switch {
	case field.Is("textarea"):
		return field.Text()
	case field.Is("select"):
		v, _ := field.Find("option[selected]").Attr("value")
		return v
	default:
		v, _ := field.Attr("value")
		return v
	}
}

func (p page) wantValue(name, want string) page {
	p.t.Helper()
	if got := p.value(name); got != want {
		p.t.Errorf("field %q holds %q, want %q", name, got, want)
	}
	return p
}

// labels are the page's visible names of controls, for tests against the guide's words.
func (p page) labels() string {
	return p.text("label, legend, button, a.btn, summary, .dropdown-item, h1, h2, .nav-link, th, dt")
}

// wantRefusedField is wantFieldError for fields that may be optional or a group of choices.
func (p page) wantRefusedField(name, want string) page {
	p.t.Helper()
	field := p.doc.Find(`[name="` + name + `"]`).First()
	id, _ := field.Attr("id")
	marked := field
	if kind, _ := field.Attr("type"); kind == "radio" {
		marked = field.ParentsFiltered("fieldset")
	}
	if got, _ := marked.Attr("aria-invalid"); got != "true" {
		p.t.Errorf("field %q: aria-invalid is %q, want true", name, got)
	}
	if p.doc.Find("#error-summary a[href='#"+id+"']").Length() != 1 {
		p.t.Errorf("the summary does not lead to field %q: %s", name, p.text("#error-summary"))
	}
	return p.wantText("#"+id+"-error", want)
}
