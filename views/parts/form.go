package parts

import "github.com/a-h/templ"

// Button is a link or a one-button form. Tone is "", "primary", "danger" or "ghost".
type Button struct {
	ID       string // of a link in a part that renews itself: the keyboard focus returns to it; empty: none
	Label    string
	Href     string
	Tone     string
	Small    bool
	Disabled bool
	Hidden   []Hidden
	Gets     bool   // of a form: its answer is a file, and the page stays
	About    string // what the button is about, for those who do not see its row; empty: the label says it
}

func (b Button) class() string {
	c := "btn"
	switch b.Tone {
	case "primary":
		c += " btn-primary"
	case "danger":
		c += " btn-danger"
	case "ghost":
		c += " btn-link px-1"
	}
	if b.Small {
		c += " btn-sm"
	}
	return c
}

func (b Button) attributes() templ.Attributes {
	a := templ.Attributes{}
	if b.ID != "" {
		a["id"] = b.ID
	}
	if b.About != "" {
		a["aria-label"] = b.Label + ": " + b.About
	}
	return a
}

func (f Form) attributes() templ.Attributes {
	a := templ.Attributes{"data-gets-file": f.Gets}
	if f.Files {
		a["enctype"] = "multipart/form-data"
	}
	return a
}

func (f Form) hasDetails() bool {
	for _, field := range f.Fields {
		if field.Err != "" {
			return true
		}
	}
	return len(f.Orphans) > 0
}
