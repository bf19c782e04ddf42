package host

import (
	"errors"
	"fmt"
	"os"

	"sallyport/vpn"
)

// lacking is a sentence about the host with the cause for the log.
func lacking(cause error, format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	if errors.Is(cause, os.ErrPermission) {
		msg += " The dataplane needs root or CAP_NET_ADMIN for this."
	}
	return vpn.Refuse(vpn.Unavailable, "HostFailed", msg).Because(cause)
}

func conflict(format string, args ...any) error {
	return vpn.Refuse(vpn.Conflict, "HostConflict", fmt.Sprintf(format, args...))
}
