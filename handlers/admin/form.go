package admin

import (
	"sallyport/views/parts"
	"sallyport/vpn"
)

// fail puts a refusal into the form that caused it.
func fail(form *parts.Form, err error) {
	if err == nil {
		return
	}
	form.Fail(refusal(err), vpn.FieldsOf(err))
}
