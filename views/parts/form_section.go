package parts

import "slices"

// Section is a part of a form with a heading, for the fields that name it.
type Section struct {
	Title   string
	Help    string // a sentence below the heading
	Summary string // of a folded section: what its fields hold
	Folds   bool   // it is closed until the user opens it, or a field in it is wrong
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
	return slices.ContainsFunc(f.Fields, func(field Field) bool { return field.Type == "tags" })
}

// open tells whether a folding section shows its fields at once.
func (s formSection) open() bool {
	return slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Err != "" })
}
