package dataplane

import (
	"errors"

	"sallyport/vpn"
)

// adminMessage is the text of an error for administrators.
func adminMessage(err error) string {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e.Error()
	}
	return err.Error()
}

// userMessage is the text of an error for a client's user: only the sentence of a *vpn.Error, because
// other errors name paths and devices of the host.
func userMessage(err error) string {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e.Msg
	}
	return "The VPN server cannot let you in right now. Try again later or ask your administrator."
}

// userCode is the code of an error for a client's user.
func userCode(err error) vpn.Code {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e.Code
	}
	return vpn.CodeHostFailed
}

// clientText is an error as a client shows it to its user.
func clientText(err error) string { return vpn.ClientText(userCode(err), userMessage(err)) }

// errorChain is an error with all its causes, for the log.
func errorChain(err error) string {
	text := err.Error()
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		text += ": " + cause.Error()
	}
	return text
}
