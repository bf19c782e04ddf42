package admin

// Failure is the content of an error page.
type Failure struct {
	Title   string
	Text    string   // the sentence
	Code    string   // of the refusal; empty: not shown
	Details []string // further sentences: the fields of a refused request
	Request string   // request ID, which the log has too; empty: not shown
}
