package host

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Probe lists, in sentences for an administrator, what this host lacks to carry a tunnel: rights,
// the tun driver, OpenVPN. An empty list is a host that can. (nft.Probe asks about the rest.)
func Probe() []string {
	var lacks []string
	if !hasNetAdmin() {
		lacks = append(lacks, "The dataplane runs without CAP_NET_ADMIN; start it as root or through its systemd unit.")
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	switch {
	case err == nil:
		_ = unix.Close(fd)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV):
		lacks = append(lacks, "This host has no /dev/net/tun; load the driver with \"modprobe tun\", or in a container pass the device in.")
	case errors.Is(err, os.ErrPermission):
		lacks = append(lacks, "/dev/net/tun may not be opened by the dataplane.")
	default:
		lacks = append(lacks, "/dev/net/tun cannot be opened: "+err.Error()+".")
	}
	if _, err := os.Stat("/proc/sys/net/ipv4/ip_forward"); err != nil {
		lacks = append(lacks, "/proc/sys/net is not there, so forwarding cannot be switched on.")
	} else if unix.Access("/proc/sys/net/ipv4/ip_forward", unix.W_OK) != nil {
		lacks = append(lacks, "/proc/sys/net is read-only, so forwarding cannot be switched on.")
	}
	if OpenVPN() == "" {
		lacks = append(lacks, "The command openvpn is not installed; install the package openvpn.")
	}
	return lacks
}

// OpenVPN is the path of the openvpn program, or "". The administrator's directories are looked
// into also where PATH lacks them.
func OpenVPN() string {
	for _, name := range []string{"openvpn", "/usr/sbin/openvpn", "/usr/local/sbin/openvpn"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func hasNetAdmin() bool {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, "CapEff:"); ok {
			caps, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			return err == nil && caps&(1<<unix.CAP_NET_ADMIN) != 0
		}
	}
	return false
}
