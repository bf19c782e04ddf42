package parts

// Finder searches among more choices than a selection can offer. It stands before the form, as a
// form of its own: the browser forgets what was typed below when it is used.
type Finder struct {
	Path   string // of the page with the form
	Label  string // "Search certificates"
	Text   string // why it is here
	Value  string
	Hidden []Hidden
}
