package layout

import "github.com/a-h/templ"

func current(is bool) templ.Attributes {
	if !is {
		return nil
	}
	return templ.Attributes{"aria-current": "page"}
}

func labelledBy(g menuGroup) templ.Attributes {
	if g.label == "" {
		return nil
	}
	return templ.Attributes{"aria-labelledby": g.id()}
}

// theme leaves the attribute out where the user chose no theme: theme.js then sets the preference of
// the browser before the first paint.
func theme(c Chrome) templ.Attributes {
	if c.Theme != "light" && c.Theme != "dark" {
		return nil
	}
	return templ.Attributes{"data-bs-theme": c.Theme}
}
