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

// FailStale puts into a form that another administrator saved since it was filled. saved are the same fields with what
// is stored now. What is wrong with a typed value is said before that.
func FailStale(form *parts.Form, err error, saved []parts.Field) {
	fields := form.SavedBefore(saved)
	for name, sentence := range vpn.FieldsOf(err) {
		fields[name] = strings.TrimSpace(sentence + " " + fields[name])
	}
	form.Fail(Refusal(err), fields)
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
