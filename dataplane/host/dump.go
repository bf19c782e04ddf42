package host

import (
	"errors"

	"github.com/vishvananda/netlink"
)

// dumpAttempts is how often a dump of the kernel is read that a change interrupted.
const dumpAttempts = 5

// repeatDump calls a function that reads a list from the kernel again where the list changed while it
// was read, as it does when containers come and go.
func repeatDump[T any](list func() ([]T, error)) (out []T, err error) {
	for range dumpAttempts {
		if out, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	return out, err
}
