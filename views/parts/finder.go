package parts

// Finder searches among more choices than a select element can list. It is a form of its own above
// the other one: using it discards what was typed below.
type Finder struct {
	Path   string // of the page with the form
	Label  string // "Search certificates"
	Text   string // why the form needs it
	Value  string
	Hidden []Hidden
}
