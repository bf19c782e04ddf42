package supervise

import "fmt"

// Each worker runs as a uid of its own that nothing else on the host uses: never nobody, whose
// processes are everybody's (another one got a management greeting, and the passwords after
// it). The range lies where neither distributions (below 60000, Debian's own from 64000) nor
// systemd (dynamic users from 61184, containers from 524288) hand out any, and below 65536, so
// that it exists in a container with a mapped uid range. No account has to be created.
const (
	FirstUID = 60800
	LastUID  = 61055
)

// UID is the uid, and the gid, of the worker that has slot n on this host.
func UID(n int) (uint32, error) {
	if n < 0 || n > LastUID-FirstUID {
		return 0, fmt.Errorf("worker slot %d; there are %d", n, LastUID-FirstUID+1)
	}
	return uint32(FirstUID + n), nil
}
