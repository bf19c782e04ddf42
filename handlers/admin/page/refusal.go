package page

import (
	"sallyport/views/parts"
	"sallyport/vpn"
)

// Fail puts a refusal into the form that was posted.
func Fail(form *parts.Form, err error) {
	if err == nil {
		return
	}
	form.Fail(Refusal(err), vpn.FieldsOf(err))
}
