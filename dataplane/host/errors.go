package host

import (
	"errors"
	"fmt"
	"os"

	"sallyport/vpn"
)

// Unavailable returns a *vpn.Error of kind Unavailable about something that this host lacks or
// refuses. The message is for administrators, the cause for the log.
func Unavailable(cause error, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	if errors.Is(cause, os.ErrPermission) {
		msg += " The dataplane needs root or CAP_NET_ADMIN for this."
	}
	return vpn.Refuse(vpn.Unavailable, vpn.CodeHostFailed, msg).Because(cause)
}

// refuseConflict returns a *vpn.Error of kind Conflict about something that exists on this host.
func refuseConflict(format string, args ...any) error {
	return vpn.Refuse(vpn.Conflict, vpn.CodeHostConflict, fmt.Sprintf(format, args...))
}
