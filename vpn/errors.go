package vpn

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Kind classifies an error. Web turns it into a status and a page, the socket server into a status code; this package
// does not know HTTP.
type Kind int

// The kinds. Internal is the zero value on purpose: an error without a kind is a fault of the program.
const (
	Internal    Kind = iota
	Invalid          // the caller's input; Fields says which
	NotFound         // the thing named does not exist (or is not for this caller to see)
	Conflict         // the request is well formed but the present state forbids it
	Stale            // another administrator changed it since the caller read it
	Denied           // the caller may not
	Unavailable      // a neighbour (dataplane, directory) does not answer
	Throttled        // too many attempts
)

var kindNames = [...]string{"internal", "invalid", "not found", "conflict", "stale", "denied", "unavailable", "throttled"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return "internal"
	}
	return kindNames[k]
}

// Error is the only error type whose text may reach a person. Msg is one full sentence;
// Fields maps the name of a form field, for example "client_cidr", to the sentence
// beside it. The cause is for the log only.
type Error struct {
	Kind   Kind
	Code   Code
	Msg    string
	Fields map[string]string
	cause  error
}

// Error gives the sentence, then the fields in a stable order. The cause is left out: it may
// hold what a person must not see.
func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Msg
	}
	var b strings.Builder
	b.WriteString(e.Msg)
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		b.WriteString(" [" + name + ": " + e.Fields[name] + "]")
	}
	return b.String()
}

// Unwrap gives the cause to errors.Is and to the log.
func (e *Error) Unwrap() error { return e.cause }

// Because returns a copy of e that carries cause for the log.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Beside returns a copy of e with sentences for fields.
func (e *Error) Beside(fields map[string]string) *Error {
	c := *e
	c.Fields = fields
	return &c
}

// KindOf returns the kind of any error; nil and other errors are Internal, so check for nil first.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// ShownCode is the code that is shown beside the sentence of a refusal, or "". What is wrong with the
// caller's own input is said beside the fields, and who may not is told no more than that.
func ShownCode(err error) Code {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind == Internal || e.Kind == Invalid || e.Kind == Denied || e.Kind == Throttled {
		return ""
	}
	return e.Code
}

// FieldsOf gives the field sentences of err, or nil.
func FieldsOf(err error) map[string]string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fields
	}
	return nil
}

// Refuse makes an error of a kind with a code and a sentence.
func Refuse(kind Kind, code Code, msg string) *Error {
	return &Error{Kind: kind, Code: code, Msg: msg}
}

// NoSuch is the error for an ID that does not exist.
func NoSuch(code Code, what, id string) *Error {
	return &Error{Kind: NotFound, Code: code, Msg: "There is no " + what + " " + id + "."}
}

// Check collects field errors while a request is validated, so that all of them are shown
// at once.
type Check struct {
	fields map[string]string
	whole  *Error // why the request is refused whatever its fields hold; nil: it is not
}

// Bad records a sentence for a field. The first one of a field is kept.
func (c *Check) Bad(field, sentence string) {
	if c.fields == nil {
		c.fields = map[string]string{}
	}
	if _, ok := c.fields[field]; !ok {
		c.fields[field] = sentence
	}
}

// maxSentences bounds what is said about one field.
const maxSentences = 8

// Also records a further sentence for a field, for a control that holds several things.
func (c *Check) Also(field, sentence string) {
	said := c.fields[field]
	switch {
	case said == "":
		c.Bad(field, sentence)
	case !strings.Contains(said, sentence) && strings.Count(said, ". ") < maxSentences-1:
		c.fields[field] = said + " " + sentence
	}
}

// Add records another refusal: its fields, and a Conflict as a refusal of the request as a whole, of which the first
// is kept. Any other error is returned.
func (c *Check) Add(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != Conflict && (e.Kind != Invalid || len(e.Fields) == 0) {
		return err
	}
	for name, sentence := range e.Fields {
		c.Bad(name, sentence)
	}
	if e.Kind == Conflict && c.whole == nil {
		c.whole = e
	}
	return nil
}

// Together makes one refusal of several, so that all of them are shown at once (Check.Add). It gives the first
// error that is no such refusal as it is.
func Together(refusals ...error) error {
	var c Check
	for _, r := range refusals {
		if err := c.Add(r); err != nil {
			return err
		}
	}
	return c.Err()
}

// Has reports whether a field already has a sentence.
func (c *Check) Has(field string) bool { _, ok := c.fields[field]; return ok }

// Err returns nil where nothing is bad, otherwise one error with every field: Invalid, or the refusal of the whole.
func (c *Check) Err() error {
	if c.whole != nil {
		return c.whole.Beside(c.fields)
	}
	if len(c.fields) == 0 {
		return nil
	}
	msg := "Check the marked field."
	if len(c.fields) > 1 {
		msg = "Check the marked fields."
	}
	return &Error{Kind: Invalid, Code: CodeInvalidParameterValue, Msg: msg, Fields: c.fields}
}

// CodeOf gives the code of err, or "".
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
