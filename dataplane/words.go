package dataplane

import (
	"errors"
	"net/netip"

	"sallyport/vpn"
)

// person gives what may be shown of an error: its own sentence where it has one.
func person(err error) string {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e.Error()
	}
	return err.Error()
}

// told gives what a client's user may read of an error: never what only the host's own people
// should, such as paths.
func told(err error) string {
	if e, ok := errors.AsType[*vpn.Error](err); ok {
		return e.Msg
	}
	return "The VPN server cannot let you in right now. Try again later or ask your administrator."
}

// chain gives an error with the causes that it hides from people, for the log.
func chain(err error) string {
	text := err.Error()
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		text += ": " + cause.Error()
	}
	return text
}

func addrPort(l vpn.Listen) netip.AddrPort { return netip.AddrPortFrom(l.Addr, l.Port) }
