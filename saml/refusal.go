package saml

import (
	"fmt"

	"sallyport/vpn"
)

// refuse is the refusal of an answer. The sentence is for an administrator; vpn.Error.ToldToClient has that for the person.
func refuse(code vpn.Code, format string, args ...any) *vpn.Error {
	return vpn.Refuse(vpn.Denied, code, fmt.Sprintf(format, args...))
}

// misshapen is the refusal of an answer that is no SAML answer, or not one of the form that is read.
func misshapen(format string, args ...any) *vpn.Error {
	return refuse(vpn.CodeSAMLAnswerMalformed, "The answer of the identity provider cannot be read: "+format, args...)
}
