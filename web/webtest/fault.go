package webtest

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// WrongForm is a form in which every control is wrong that can be.
type WrongForm struct {
	Path   string
	Form   url.Values
	Want   map[string]string // words of the sentence beside each control, by its name; "tags" is that of all tags
	Right  []string          // the controls that cannot be wrong
	Whole  string            // words of the summary besides; "": none
	Secret []string          // the text boxes that are sent back empty
}

// WantAllFaults posts a form and checks that one answer names every fault, keeps what was typed and changes nothing. A
// control that the form has and the test does not know fails it.
func (u *Fixture) WantAllFaults(t testing.TB, w WrongForm) Page {
	t.Helper()
	before := u.Digest(t)
	p := u.Admin.Post(w.Path, w.Form).WantStatus(422).WantText("#error-summary", w.Whole)
	for name, words := range w.Want {
		p.WantText("#"+name+"-error", words)
		if p.Doc.Find("#error-summary a[href='#"+name+"']").Length() != 1 {
			t.Errorf("%s: the summary does not lead to %s", w.Path, name)
		}
	}
	p.Doc.Find("form.form-card").Find("input:not([type=hidden], [type=file], [readonly]), select, textarea").Each(func(_ int, s *goquery.Selection) {
		name := s.AttrOr("name", "")
		if strings.HasPrefix(name, "tag_") {
			name = "tags"
		}
		_, wrong := w.Want[name]
		if right := slices.Contains(w.Right, name); name != "" && wrong == right {
			t.Errorf("%s: the test does not say whether %s can be wrong", w.Path, name)
		}
		if kind := s.AttrOr("type", ""); name == "tags" || slices.Contains(w.Secret, name) || s.Is("select") || kind == "password" || kind == "checkbox" || kind == "radio" {
			return
		}
		if typed := w.Form.Get(name); p.Value(name) != typed {
			t.Errorf("%s: %s holds %q, and %q was typed", w.Path, name, p.Value(name), typed)
		}
	})
	CheckMarkup(t, w.Path, p)
	if after := u.Digest(t); after != before {
		t.Errorf("%s: a refused form changed something:\n%s\nwas:\n%s", w.Path, after, before)
	}
	return p
}
