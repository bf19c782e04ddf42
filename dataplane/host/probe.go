package host

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Probe lists, in sentences for administrators, the prerequisites that this host lacks: privileges, the
// tun driver, OpenVPN. The list is empty where all are met. nft.Probe checks the packet filter.
func Probe() []string {
	var missing []string
	if !hasNetAdmin() {
		missing = append(missing, "The dataplane runs without CAP_NET_ADMIN; start it as root or through its systemd unit.")
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	switch {
	case err == nil:
		_ = unix.Close(fd)
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV):
		missing = append(missing, "This host has no /dev/net/tun; load the driver with \"modprobe tun\", or in a container pass the device in.")
	case errors.Is(err, os.ErrPermission):
		missing = append(missing, "/dev/net/tun may not be opened by the dataplane.")
	default:
		missing = append(missing, "/dev/net/tun cannot be opened: "+err.Error()+".")
	}
	if _, err := os.Stat("/proc/sys/net/ipv4/ip_forward"); err != nil {
		missing = append(missing, "/proc/sys/net does not exist, so forwarding cannot be enabled.")
	} else if unix.Access("/proc/sys/net/ipv4/ip_forward", unix.W_OK) != nil {
		missing = append(missing, "/proc/sys/net is read-only, so forwarding cannot be enabled.")
	}
	if OpenVPN() == "" {
		missing = append(missing, "The command openvpn is not installed; install the package openvpn.")
	}
	return missing
}

// OpenVPN returns the path of the openvpn program, or "". It also searches /usr/sbin and
// /usr/local/sbin where PATH lacks them.
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
