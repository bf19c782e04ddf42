package supervise

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// MakeDir creates a worker's directory with mode 0700, owned by the worker: OpenVPN gives its
// management socket mode 0777, and any process that can connect to it reads passwords. An existing
// directory is used if the worker or root owns it. The worker must be able to search every parent
// directory (o+x); that is checked here, because OpenVPN would only log "permission denied".
func MakeDir(path string, uid, gid uint32) error {
	path = filepath.Clean(path)
	for up := filepath.Dir(path); ; up = filepath.Dir(up) {
		info, err := os.Stat(up)
		if err != nil {
			return fmt.Errorf("worker directory: %w", err)
		}
		if !allows(info, uid, gid, 1) {
			return fmt.Errorf("worker directory %s: uid %d may not search %s (mode %04o); run chmod o+x on it", path, uid, up, info.Mode().Perm())
		}
		if up == "/" {
			break
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil && !os.IsExist(err) {
		return fmt.Errorf("worker directory: %w", err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return fmt.Errorf("worker directory: %w", err)
	}
	owner := info.Sys().(*syscall.Stat_t).Uid
	if !info.IsDir() || owner != 0 && owner != uid {
		return fmt.Errorf("worker directory %s exists and belongs to uid %d", path, owner)
	}
	if err := os.Chown(path, int(uid), int(gid)); err != nil {
		return fmt.Errorf("worker directory: %w", err)
	}
	return os.Chmod(path, 0o700)
}

// allows reports whether the mode grants uid and gid all of the permission bits (4 read, 2 write,
// 1 search).
func allows(info os.FileInfo, uid, gid uint32, bits os.FileMode) bool {
	mode, st := info.Mode().Perm(), info.Sys().(*syscall.Stat_t)
	switch {
	case st.Uid == uid:
		mode >>= 6
	case st.Gid == gid:
		mode >>= 3
	}
	return mode&bits == bits
}
