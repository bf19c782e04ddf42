package parts

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// Section is a part of a form with a heading, for the fields that name it.
type Section struct {
	Title   string
	Help    string // a sentence below the heading
	Summary []Says // of a folded section: what its fields hold; scripts keep it true while the user changes them
	Folds   bool   // it is closed until the user opens it, or a field in it is wrong
}

// Says is a part of a summary: the first of its cases that holds.
type Says []SaysCase

// SaysCase is a text for when all the checkboxes that it names are ticked. {name} in it stands for the value of that
// field, {name|8} for 8 where the field is empty.
type SaysCase struct {
	If   []string `json:"if,omitempty"`
	Text string   `json:"text"`
}

// formSection is a section with its fields.
type formSection struct {
	Section
	Fields []Field
}

// inSections gives the fields section by section; those that name none come first.
func (f Form) inSections() []formSection {
	out := []formSection{{}}
	for _, s := range f.Sections {
		out = append(out, formSection{Section: s})
	}
	for _, field := range f.Fields {
		at := max(0, slices.IndexFunc(out, func(s formSection) bool { return s.Title == field.Section }))
		out[at].Fields = append(out[at].Fields, field)
	}
	return slices.DeleteFunc(out, func(s formSection) bool { return len(s.Fields) == 0 })
}

// hasRows tells whether the form has rows that are added and removed by buttons.
func (f Form) hasRows() bool {
	return slices.ContainsFunc(f.Fields, func(field Field) bool { return field.Type == "tags" || field.Type == "find" })
}

// open tells whether a folding section shows its fields at once.
func (s formSection) open() bool {
	return slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Err != "" })
}

// ticked tells whether a checkbox of the section is ticked.
func (s formSection) ticked(name string) bool {
	return slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Name == name && f.Checked })
}

// says is the text of a part of the summary with what the fields hold now. The script does the same (static/src/app.js).
func (s formSection) says(part Says) string {
	at := slices.IndexFunc(part, func(c SaysCase) bool {
		return !slices.ContainsFunc(c.If, func(name string) bool { return !s.ticked(name) })
	})
	if at < 0 {
		return ""
	}
	return placeholder.ReplaceAllStringFunc(part[at].Text, func(m string) string {
		name, empty, _ := strings.Cut(strings.Trim(m, "{}"), "|")
		for _, f := range s.Fields {
			if f.Name == name && strings.TrimSpace(f.Value) != "" {
				return strings.TrimSpace(f.Value)
			}
		}
		return empty
	})
}

var placeholder = regexp.MustCompile(`{[a-z_0-9]+(\|[^}]*)?}`)

func (p Says) attributes() templ.Attributes {
	text, _ := json.Marshal(p) // of strings it cannot fail
	return templ.Attributes{"data-says": string(text)}
}
