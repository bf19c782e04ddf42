package supervise

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// maxProcesses bounds the processes and threads of a worker's uid. A worker needs two: OpenVPN's thread
// and its allocator's. One that was broken into must not fill the host's table of processes.
const maxProcesses = 64

// limitProcesses lowers the limit of this process, which its children inherit: setting the limit of
// another uid needs CAP_SYS_RESOURCE, which the dataplane does not have under systemd. The limit
// counts for each uid, and the kernel exempts the host's root.
func limitProcesses() error {
	if !isHostsRoot() {
		return nil
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &limit); err != nil {
		return fmt.Errorf("limit of processes: %w", err)
	}
	if limit.Max <= maxProcesses {
		return nil
	}
	if err := unix.Setrlimit(unix.RLIMIT_NPROC, &unix.Rlimit{Cur: maxProcesses, Max: maxProcesses}); err != nil {
		return fmt.Errorf("limit of processes: %w", err)
	}
	return nil
}

// limitProcessesOf sets the limit of a worker that has just been started, where limitProcesses does
// not: the root of a container is not exempt from a limit of its own, and may set another uid's unless
// CAP_SYS_RESOURCE was taken from it. Then the container's own limit is the only one.
func limitProcessesOf(pid int) error {
	if isHostsRoot() {
		return nil
	}
	err := unix.Prlimit(pid, unix.RLIMIT_NPROC, &unix.Rlimit{Cur: maxProcesses, Max: maxProcesses}, nil)
	if err != nil && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("limit of processes: %w", err)
	}
	return nil
}

// isHostsRoot tells whether uid 0 of this process is that of the host, and not of a container with
// mapped uids.
func isHostsRoot() bool {
	mapped, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(mapped)), " ") == "0 0 4294967295"
}
