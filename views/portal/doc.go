// Package portal holds the public pages as templ components, and the structs that they draw: what end users and
// identity providers open. They are made for a telephone first, need no script, and follow the browser's wish for a
// light or dark page.
package portal

// Failure is the content of an error page.
type Failure struct {
	Title   string
	Text    string   // the sentence
	Code    string   // of the refusal; empty: not shown
	Details []string // further sentences
	Request string   // request ID, which the log has too; empty: not shown
}
