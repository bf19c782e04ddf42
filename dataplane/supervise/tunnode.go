package supervise

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"sallyport/vpn"
)

const (
	sharedNode = "/dev/net/tun"
	tunMajor   = 10
	tunMinor   = 200
)

// TunNode says by which file a worker can open its tun device. Attaching to an existing device
// needs no capability where the device belongs to the worker's uid, but the node must be open
// to it. udev gives /dev/net/tun mode 0666; without udev the kernel leaves it 0600. Then the
// worker gets a node of its own in dir, which is its directory from MakeDir.
//
// It is empty where /dev/net/tun will do, else the path for OpenVPN's dev-node. The error is a
// *vpn.Error where an administrator must help.
func TunNode(dir string, uid, gid uint32) (string, error) {
	info, err := os.Stat(sharedNode)
	if err == nil && allows(info, uid, gid, 6) {
		return "", nil
	}
	path := filepath.Join(dir, "tun")
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return "", fmt.Errorf("tun node: %w", err)
	}
	if err := unix.Mknod(path, unix.S_IFCHR|0o600, int(unix.Mkdev(tunMajor, tunMinor))); err != nil {
		return "", needsNode(dir).Because(err)
	}
	if err := os.Lchown(path, int(uid), int(gid)); err != nil {
		return "", fmt.Errorf("tun node: %w", err)
	}
	// A file system mounted nodev takes the node and opens it for nobody. /run is one.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		_ = os.Remove(path)
		return "", needsNode(dir).Because(err)
	}
	return path, f.Close()
}

func needsNode(dir string) *vpn.Error {
	return vpn.Refuse(vpn.Unavailable, vpn.CodeTunUnavailable, fmt.Sprintf(
		"The OpenVPN workers cannot open %s, and %s takes no device of their own. Run: chmod 0666 %s (which is what udev does).", sharedNode, dir, sharedNode))
}
