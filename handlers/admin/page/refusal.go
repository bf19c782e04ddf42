package page

import (
	"errors"
	"strings"

	"sallyport/views/parts"
	"sallyport/vpn"
)

// Fail puts a refusal into the form that was posted.
func Fail(form *parts.Form, err error) {
	if err == nil {
		return
	}
	form.Fail(Refusal(err), vpn.FieldsOf(err))
	form.Code = string(vpn.ShownCode(err))
}

// FailStale puts into a form that another administrator saved since it was filled, and what to do. saved are the same fields with what
// is stored now. What is wrong with a typed value is said before that.
func FailStale(form *parts.Form, err error, saved []parts.Field) {
	failStale(form, err, form.SavedBefore(saved))
}

// FailStaleText is FailStale for a form with fields of several lines or parts: mine and saved are these fields as one line of text
// each, with what was typed and with what is stored now.
func FailStaleText(form *parts.Form, err error, mine, saved []parts.Field) {
	failStale(form, err, parts.Form{Fields: mine}.SavedBefore(saved))
}

func failStale(form *parts.Form, err error, fields map[string]string) {
	for name, sentence := range vpn.FieldsOf(err) {
		fields[name] = strings.TrimSpace(sentence + " " + fields[name])
	}
	form.Fail(Refusal(err), fields)
	form.Intro = "To keep what you typed, choose " + form.Submit + " again: it then replaces what the other administrator saved."
	if form.Cancel != "" {
		form.Intro += " To keep that, choose Cancel."
	}
}

// BelongsInForm tells whether a refusal is shown in the form that was posted rather than on an error
// page.
func BelongsInForm(err error) bool {
	if err == nil {
		return false
	}
	switch vpn.KindOf(err) {
	case vpn.Invalid, vpn.Conflict, vpn.Stale, vpn.Throttled, vpn.Unavailable:
		return true
	default:
		return false
	}
}

// Refusal is the message of a refusal; "" for an internal error.
func Refusal(err error) string {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e.Msg
	}
	return ""
}
