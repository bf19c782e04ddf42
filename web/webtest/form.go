package webtest

import (
	"net/url"

	"github.com/PuerkitoBio/goquery"
)

// FormValues are the values that a form is sent with where its user changes nothing, without those of buttons.
func (p Page) FormValues(selector string) url.Values {
	p.T.Helper()
	form := p.Doc.Find(selector)
	if form.Length() != 1 {
		p.T.Fatalf("%d forms match %s", form.Length(), selector)
	}
	v := url.Values{}
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, s *goquery.Selection) {
		name, kind := s.AttrOr("name", ""), s.AttrOr("type", "")
		_, checked := s.Attr("checked")
		switch {
		case s.Is("select"):
			v.Add(name, s.Find("option[selected]").AttrOr("value", ""))
		case s.Is("textarea"):
			v.Add(name, s.Text())
		case (kind == "checkbox" || kind == "radio") && !checked:
		default:
			v.Add(name, s.AttrOr("value", ""))
		}
	})
	return v
}
