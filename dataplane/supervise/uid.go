package supervise

import "fmt"

// Each worker runs as a uid of its own that no other process of the host has. The user `nobody` would
// not do: other processes run as it, and could connect to the management socket and read passwords.
// Neither distributions (below 60000, Debian's own from 64000) nor systemd (dynamic users from 61184,
// containers from 524288) assign uids of this range, and it is below 65536, so that it exists in a
// container with a mapped uid range. No account has to be created.
const (
	FirstUID = 60800
	LastUID  = 61055
)

// UID returns the uid, which is also the gid, of the worker that has slot n on this host.
func UID(n int) (uint32, error) {
	if n < 0 || n > LastUID-FirstUID {
		return 0, fmt.Errorf("worker slot %d; there are %d", n, LastUID-FirstUID+1)
	}
	return uint32(FirstUID + n), nil
}
