package webtest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// Page is an answer with its HTML document.
type Page struct {
	T      testing.TB
	Status int
	Header http.Header
	Body   string
	Doc    *goquery.Document
}

// Text is the text of the elements that match, on one line.
func (p Page) Text(selector string) string {
	return strings.Join(strings.Fields(p.Doc.Find(selector).Text()), " ")
}

// WantStatus ends the test if the answer has another status.
func (p Page) WantStatus(want int) Page {
	p.T.Helper()
	if p.Status != want {
		p.T.Fatalf("got status %d, want %d: %s", p.Status, want, p.Text("main"))
	}
	return p
}

// WantText checks that the elements that match contain a text.
func (p Page) WantText(selector, want string) Page {
	p.T.Helper()
	if got := p.Text(selector); !strings.Contains(got, want) {
		p.T.Errorf("%s reads %q, want it to contain %q", selector, got, want)
	}
	return p
}

// WantFieldError checks the sentence beside a field and the attributes that a screen reader needs.
func (p Page) WantFieldError(name, want string) Page {
	p.T.Helper()
	input := p.Doc.Find(`[name="` + name + `"]`).First()
	if input.Length() == 0 {
		p.T.Fatalf("there is no field %q", name)
	}
	id, _ := input.Attr("id")
	if got, _ := input.Attr("aria-invalid"); got != "true" {
		p.T.Errorf("field %q: aria-invalid is %q, want true", name, got)
	}
	if by, _ := input.Attr("aria-describedby"); !strings.Contains(by, id+"-error") {
		p.T.Errorf("field %q is described by %q, want its error %q among them", name, by, id+"-error")
	}
	return p.WantText("#"+id+"-error", want).WantText("#error-summary a[href='#"+id+"']", p.Text("label[for='"+id+"']"))
}

// Document reads a piece of HTML.
func Document(t testing.TB, html string) Page {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	return Page{T: t, Body: html, Doc: doc}
}

// Value is what a field of a form holds.
func (p Page) Value(name string) string {
	p.T.Helper()
	fields := p.Doc.Find(`[name="` + name + `"]`)
	field := fields.First()
	switch {
	case field.Is("[type=radio]"):
		v, _ := fields.Filter("[checked]").Attr("value")
		return v
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

// WantValue checks what a field of a form holds.
func (p Page) WantValue(name, want string) Page {
	p.T.Helper()
	if got := p.Value(name); got != want {
		p.T.Errorf("field %q holds %q, want %q", name, got, want)
	}
	return p
}

// Labels are the visible names of the controls of the page.
func (p Page) Labels() string {
	return p.Text("label, legend, button, a.btn, summary, .dropdown-item, h1, h2, .nav-link, th, dt")
}

// WantRefusedField is WantFieldError for fields that may be optional or a group of choices.
func (p Page) WantRefusedField(name, want string) Page {
	p.T.Helper()
	field := p.Doc.Find(`[name="` + name + `"]`).First()
	id, _ := field.Attr("id")
	marked := field
	if kind, _ := field.Attr("type"); kind == "radio" {
		marked = field.ParentsFiltered("fieldset")
	}
	if got, _ := marked.Attr("aria-invalid"); got != "true" {
		p.T.Errorf("field %q: aria-invalid is %q, want true", name, got)
	}
	if p.Doc.Find("#error-summary a[href='#"+id+"']").Length() != 1 {
		p.T.Errorf("the summary does not lead to field %q: %s", name, p.Text("#error-summary"))
	}
	return p.WantText("#"+id+"-error", want)
}

// Href is the address of the first link that reads so.
func (p Page) Href(words string) string {
	p.T.Helper()
	link := p.Doc.Find("a").FilterFunction(func(_ int, a *goquery.Selection) bool { return strings.TrimSpace(a.Text()) == words }).First()
	href, ok := link.Attr("href")
	if !ok {
		p.T.Fatalf("there is no link %q: %s", words, p.Text("a"))
	}
	return href
}

// Options are the values that a select element offers, with their labels.
func (p Page) Options(name string) map[string]string {
	out := map[string]string{}
	p.Doc.Find(`select[name="` + name + `"] option`).Each(func(_ int, o *goquery.Selection) {
		if v, _ := o.Attr("value"); v != "" {
			out[v] = o.Text()
		}
	})
	return out
}
