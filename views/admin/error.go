package admin

// Failure is what an error page says.
type Failure struct {
	Title   string
	Text    string   // the sentence
	Details []string // further sentences: the fields of a refused request
	Request string   // request ID, to be told to whoever reads the log
}
