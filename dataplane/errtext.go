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

// errNotLetIn is what a client's user is told of an error that is not for people: it may name paths and
// devices of the host.
var errNotLetIn = vpn.Refuse(vpn.Unavailable, vpn.CodeHostFailed, "The VPN server cannot let you in right now. Try again later or ask your administrator.")

// forUser is an error as a client's user may know it.
func forUser(err error) *vpn.Error {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e
	}
	return errNotLetIn
}

// clientText is an error as a client shows it to its user.
func clientText(err error) string { return vpn.ClientText(forUser(err).Code, forUser(err).Msg) }

// errorChain is an error with all its causes, for the log.
func errorChain(err error) string {
	text := err.Error()
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		text += ": " + cause.Error()
	}
	return text
}
