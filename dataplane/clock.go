package dataplane

import (
	"time"

	"golang.org/x/sys/unix"
)

// uptime is the time since the host started, sleep included. Sessions end by it, so that
// somebody who sets the clock neither ends nor prolongs any. It goes on over restarts of this
// process, and a restart of the host ends the run directory that its values are kept in.
func uptime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0 // cannot happen: Linux has had this clock since 2.6.39
	}
	return time.Duration(ts.Nano())
}
