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

// TunNode returns the device node by which a worker opens its tun device, for OpenVPN's dev-node; ""
// where /dev/net/tun can be used. Attaching to an existing device needs no capability where the
// worker's uid owns it, but the worker must be able to open the node. udev gives /dev/net/tun mode
// 0666; without udev it has 0600, and the worker gets a node of its own in dir, its directory from
// MakeDir. The error is a *vpn.Error where an administrator must change the host.
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
	// On a file system mounted nodev, such as /run, the node can be created but not opened.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		_ = os.Remove(path)
		return "", needsNode(dir).Because(err)
	}
	return path, f.Close()
}

func needsNode(dir string) *vpn.Error {
	return vpn.Refuse(vpn.Unavailable, vpn.CodeTunUnavailable, fmt.Sprintf(
		"The OpenVPN workers cannot open %s, and %s allows no device node of their own. Run: chmod 0666 %s (which is what udev does).", sharedNode, dir, sharedNode))
}
