package ldap

import "time"

// Step is one step of a sign-in, for the administrator who tries one.
type Step struct {
	Name   string
	Detail []string // what was found, a line each
	Took   time.Duration
	Err    error
}

// Trace collects the steps of one sign-in; a nil Trace collects nothing.
type Trace struct {
	Steps []Step
}

// step begins a step. The function that it gives ends it.
func (t *Trace) step(name string) func(err error, detail ...string) {
	if t == nil {
		return func(error, ...string) {}
	}
	begun := time.Now()
	return func(err error, detail ...string) {
		t.Steps = append(t.Steps, Step{Name: name, Detail: detail, Took: time.Since(begun), Err: err})
	}
}
